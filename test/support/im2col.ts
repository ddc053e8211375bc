import { gatherPatches, scatterAddPatches } from '../../src/backend/ts/conv/patches.js';
import { type Image, readGeometry } from '../../src/backend/ts/kit/geometry.js';
import type { Conv2dOptions } from '../../src/ops/conv/conv.js';
import { planConv } from '../../src/ops/conv/convPlan.js';
import { tensor } from '../../src/ops/creation.js';
import { matmul } from '../../src/ops/matmul.js';
import { slice } from '../../src/ops/slice.js';
import { permute, reshape } from '../../src/ops/view.js';
import type { Tensor } from '../../src/tensor/tensor.js';

function patchesOf(x: Tensor, image: Image, group: number): Tensor {
  const depth = (image.taps * image.inChannels) / image.groups;
  const patches = new Float32Array(image.outPixels * depth);
  const pixels = permute(x, [0, 2, 3, 1]).dataSync();
  gatherPatches(patches, Float32Array.from(pixels), image, group, 0, image.outPixels);
  return tensor(patches, { shape: [image.outPixels, depth] });
}

/**
 * The three passes of a convolution as most libraries write them first: patches of the image in float32, and one
 * matrix product of the backend's for each group.
 * @param x [N, C, H, W]
 * @param w [K, C/groups, R, S]
 * @param dy [N, K, P, Q]
 * @returns y, dx and dw
 */
export function im2colConvolution(
  x: Tensor,
  w: Tensor,
  dy: Tensor,
  options: Conv2dOptions,
): readonly [y: Tensor, dx: Tensor, dw: Tensor] {
  const image = readGeometry(planConv('conv2d', x.shape, w.shape, options).geometry);
  const { groups, inChannels, outChannels, kernelHeight, kernelWidth, outPixels } = image;
  const filters = outChannels / groups;
  const depth = (image.taps * inChannels) / groups;
  const rows = reshape(permute(dy, [0, 2, 3, 1]), [outPixels, outChannels]);
  const weights = reshape(permute(w, [0, 2, 3, 1]), [outChannels, depth]);
  const y = new Float32Array(outPixels * outChannels);
  const dx = new Float32Array(image.inPixels * inChannels);
  const dw: number[] = [];
  for (let group = 0; group < groups; group++) {
    const patches = patchesOf(x, image, group);
    const range = [group * filters, (group + 1) * filters] as const;
    const weight = slice(weights, range);
    const gradient = slice(rows, null, range);
    for (const [i, value] of matmul(patches, permute(weight, [1, 0]))
      .dataSync()
      .entries()) {
      y[Math.floor(i / filters) * outChannels + range[0] + (i % filters)] = value;
    }
    const patchGradients = Float32Array.from(matmul(gradient, weight).dataSync());
    scatterAddPatches(dx, patchGradients, image, group, 0, outPixels);
    for (const value of matmul(permute(gradient, [1, 0]), patches).dataSync()) dw.push(value);
  }
  const channelsFirst = (data: Float32Array, n: number, height: number, width: number): Tensor => {
    const shape = [n, height, width, data.length / (n * height * width)];
    return permute(tensor(data, { shape }), [0, 3, 1, 2]);
  };
  return [
    channelsFirst(y, image.batch, image.outHeight, image.outWidth),
    channelsFirst(dx, image.batch, image.inHeight, image.inWidth),
    channelsFirst(Float32Array.from(dw), outChannels, kernelHeight, kernelWidth),
  ];
}

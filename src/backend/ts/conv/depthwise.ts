import type { FloatArray } from '../../kernels/index.js';
import { forEachWindow, type Image } from '../kit/geometry.js';

// Depthwise convolution: each channel with a kernel of its own. Too little work per element for a matrix
// product, so all three passes are sums of elementwise products of channel rows. Weights are [taps, channels].

/** One input and one output channel in each group. */
export function isDepthwise(image: Image): boolean {
  return image.groups === image.inChannels && image.groups === image.outChannels;
}

/** out += the convolution of x. */
export function addDepthwise(out: FloatArray, x: FloatArray, w: FloatArray, image: Image): void {
  const channels = image.groups;
  forEachWindow(image, ({ output, count, taps, inputs }) => {
    for (let t = 0; t < count; t++) {
      const i = (inputs[t] as number) * channels;
      addProducts(out, output * channels, x, i, w, (taps[t] as number) * channels, channels);
    }
  });
}

/** dx += the gradient of the input. */
export function addDepthwiseInputGrad(
  dx: FloatArray,
  dy: FloatArray,
  w: FloatArray,
  image: Image,
): void {
  const channels = image.groups;
  forEachWindow(image, ({ output, count, taps, inputs }) => {
    for (let t = 0; t < count; t++) {
      const i = (inputs[t] as number) * channels;
      addProducts(dx, i, dy, output * channels, w, (taps[t] as number) * channels, channels);
    }
  });
}

/** dw += the gradient of the weight. */
export function addDepthwiseWeightGrad(
  dw: FloatArray,
  dy: FloatArray,
  x: FloatArray,
  image: Image,
): void {
  const channels = image.groups;
  forEachWindow(image, ({ output, count, taps, inputs }) => {
    for (let t = 0; t < count; t++) {
      const i = (inputs[t] as number) * channels;
      addProducts(dw, (taps[t] as number) * channels, dy, output * channels, x, i, channels);
    }
  });
}

/** out += a·b, elementwise. */
function addProducts(
  out: FloatArray,
  o: number,
  a: FloatArray,
  ia: number,
  b: FloatArray,
  ib: number,
  n: number,
): void {
  for (let k = 0; k < n; k++) {
    out[o + k] = (out[o + k] as number) + (a[ia + k] as number) * (b[ib + k] as number);
  }
}

import type { ConvAlgorithm, PreparedConv } from '../../kernels/backend.js';
import type { FloatArray, Geometry, Kernels } from '../../kernels/index.js';
import { type Matrix, transposed } from '../gemm/matrix.js';
import { multiplyAdd } from '../gemm/multiply.js';
import { type Image, readGeometry } from '../kit/geometry.js';
import { Scratch } from '../kit/scratch.js';
import { transpose } from '../memory/memory.js';
import {
  addDepthwise,
  addDepthwiseInputGrad,
  addDepthwiseWeightGrad,
  isDepthwise,
} from './depthwise.js';
import { gatherPatches, scatterAddPatches } from './patches.js';

// Convolution as a matrix product of patches [pixels, taps·channels] and weights [filters, taps·channels],
// one group and one block of output pixels at a time.

/** Elements of a block of patches: about half of a second-level cache, unless rows are very long. */
const PATCH_ELEMENTS = 2 ** 17;
/** Rows of a block, at least, so that packing the weights for it pays. */
const MIN_PATCH_ROWS = 128;

const patchBlock = new Scratch();
const weightsByTap = new Scratch();

export const conv2d: Kernels['conv2d'] = (out, x, w, bias, geometry) => {
  const image = readGeometry(geometry);
  const weights = weightsByTap.like(w, weightsOf(image));
  tapsFirst(weights, w, image);
  forward(out, x, weights, bias, image);
};

export const packConv2d: Kernels['packConv2d'] = (packed, w, geometry, _format) => {
  tapsFirst(packed, w, readGeometry(geometry));
};

export const conv2dPacked: Kernels['conv2dPacked'] = (
  out,
  x,
  packed,
  bias,
  add,
  geometry,
  _format,
  relu,
) => {
  const image = readGeometry(geometry);
  forward(out, x, packed, bias, image);
  const n = image.outPixels * image.outChannels;
  if (add !== null) for (let i = 0; i < n; i++) out[i] = (out[i] as number) + (add[i] as number);
  if (relu === 0) return;
  for (let i = 0; i < n; i++) if ((out[i] as number) < 0) out[i] = 0;
};

/** conv2d with weights in the order of {@link tapsFirst}. */
function forward(
  out: FloatArray,
  x: FloatArray,
  weights: FloatArray,
  bias: FloatArray | null,
  image: Image,
): void {
  fillRows(out, image.outPixels, image.outChannels, bias);
  if (isDepthwise(image)) {
    addDepthwise(out, x, weights, image);
    return;
  }
  const { filters, depth } = sizesOf(image);
  forEachBlock(image, (group, pixel, rows) => {
    const patches = patchesOf(x, image, group, pixel, rows);
    const product = pixelRows(out, image.outChannels, filters, group, pixel);
    multiplyAdd(
      product,
      patches,
      transposed(filterRows(weights, image, group)),
      rows,
      filters,
      depth,
    );
  });
}

export const conv2dInputGrad: Kernels['conv2dInputGrad'] = (dx, dy, w, bias, geometry) => {
  const image = readGeometry(geometry);
  fillRows(dx, image.inPixels, image.inChannels, bias);
  const weights = weightsByTap.like(w, weightsOf(image));
  tapsFirst(weights, w, image);
  if (isDepthwise(image)) {
    addDepthwiseInputGrad(dx, dy, weights, image);
    return;
  }
  const { channels, filters, depth } = sizesOf(image);
  forEachBlock(image, (group, pixel, rows) => {
    const gradient = pixelRows(dy, image.outChannels, filters, group, pixel);
    const filterMatrix = filterRows(weights, image, group);
    if (isPointwise(image)) {
      const target = pixelRows(dx, image.inChannels, channels, group, pixel);
      multiplyAdd(target, gradient, filterMatrix, rows, depth, filters);
      return;
    }
    const patches = patchBlock.like(dx, rows * depth).fill(0, 0, rows * depth);
    multiplyAdd(rowsOf(patches, depth), gradient, filterMatrix, rows, depth, filters);
    scatterAddPatches(dx, patches, image, group, pixel, rows);
  });
};

export const conv2dWeightGrad: Kernels['conv2dWeightGrad'] = (dw, dy, x, geometry) => {
  const image = readGeometry(geometry);
  const { channels, filters, depth } = sizesOf(image);
  // Sums over all pixels of a batch are long, so they are kept in float64.
  const sums = weightsByTap
    .float64(image.outChannels * depth)
    .fill(0, 0, image.outChannels * depth);
  if (isDepthwise(image)) {
    addDepthwiseWeightGrad(sums, dy, x, image);
    transpose(dw, sums, 1, image.taps, image.outChannels);
    return;
  }
  forEachBlock(image, (group, pixel, rows) => {
    const gradient = pixelRows(dy, image.outChannels, filters, group, pixel);
    const patches = patchesOf(x, image, group, pixel, rows);
    multiplyAdd(
      filterRows(sums, image, group),
      transposed(gradient),
      patches,
      filters,
      depth,
      rows,
    );
  });
  transpose(dw, sums, image.outChannels, image.taps, channels);
};

/** How the kernels here compute all passes of a convolution. */
export function convAlgorithm(geometry: Geometry): ConvAlgorithm {
  return isDepthwise(readGeometry(geometry)) ? 'depthwise' : 'im2col';
}

/** The one order of prepared weights here, {@link tapsFirst}. */
export function prepareConv(geometry: Geometry): PreparedConv {
  return { elements: weightsOf(readGeometry(geometry)), format: 0 };
}

/** Channels and filters of one group, and the length of a filter. */
function sizesOf(image: Image): { channels: number; filters: number; depth: number } {
  const channels = image.inChannels / image.groups;
  return { channels, filters: image.outChannels / image.groups, depth: image.taps * channels };
}

/** A 1x1 convolution whose patches are the input itself. */
function isPointwise(image: Image): boolean {
  return (
    image.taps === 1 &&
    image.strideHeight === 1 &&
    image.strideWidth === 1 &&
    image.padTop === 0 &&
    image.padLeft === 0 &&
    image.outHeight === image.inHeight &&
    image.outWidth === image.inWidth
  );
}

/** Visits blocks of output pixels, for each group; all pixels at once where patches need no memory. */
function forEachBlock(
  image: Image,
  visit: (group: number, pixel: number, rows: number) => void,
): void {
  const { depth } = sizesOf(image);
  const fitting = Math.max(MIN_PATCH_ROWS, Math.floor(PATCH_ELEMENTS / depth));
  const blockRows = isPointwise(image) ? image.outPixels : fitting;
  for (let group = 0; group < image.groups; group++) {
    for (let pixel = 0; pixel < image.outPixels; pixel += blockRows) {
      visit(group, pixel, Math.min(blockRows, image.outPixels - pixel));
    }
  }
}

/** The patches of a block of output pixels: gathered, or the input in place. */
function patchesOf(
  x: FloatArray,
  image: Image,
  group: number,
  pixel: number,
  rows: number,
): Matrix {
  const { channels, depth } = sizesOf(image);
  if (isPointwise(image)) return pixelRows(x, image.inChannels, channels, group, pixel);
  const patches = patchBlock.like(x, rows * depth);
  gatherPatches(patches, x, image, group, pixel, rows);
  return rowsOf(patches, depth);
}

function rowsOf(data: FloatArray, columns: number): Matrix {
  return { data, offset: 0, rowStride: columns, columnStride: 1 };
}

/** One group's channels of an image, a row for each pixel, from `pixel` on. */
function pixelRows(
  data: FloatArray,
  channels: number,
  groupChannels: number,
  group: number,
  pixel: number,
): Matrix {
  const offset = pixel * channels + group * groupChannels;
  return { data, offset, rowStride: channels, columnStride: 1 };
}

/** One group's filters, a row for each, of weights that {@link tapsFirst} arranged. */
function filterRows(weights: FloatArray, image: Image, group: number): Matrix {
  const { filters, depth } = sizesOf(image);
  return { data: weights, offset: group * filters * depth, rowStride: depth, columnStride: 1 };
}

function weightsOf(image: Image): number {
  return image.outChannels * sizesOf(image).depth;
}

/** Weights [K, C/groups, taps] as [K, taps, C/groups], like patches; depthwise as [taps, K]. */
function tapsFirst(to: FloatArray, w: FloatArray, image: Image): void {
  const { channels } = sizesOf(image);
  if (isDepthwise(image)) transpose(to, w, 1, image.outChannels, image.taps);
  else transpose(to, w, image.outChannels, channels, image.taps);
}

/** Sets each row to the bias, or to zero. */
function fillRows(out: FloatArray, rows: number, columns: number, bias: FloatArray | null): void {
  if (bias === null) {
    out.fill(0, 0, rows * columns);
    return;
  }
  for (let row = 0, o = 0; row < rows; row++) {
    for (let c = 0; c < columns; c++, o++) out[o] = bias[c] as number;
  }
}

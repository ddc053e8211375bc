import type { FloatArray } from '../../kernels/index.js';
import type { Image } from '../kit/geometry.js';

// The matrix of patches (im2col): row i is the window of output pixel i, [taps, channels] of one group,
// with zeros for padding.

/** Where the pixels of a range of output pixels begin in the input, walked in memory order. */
class OutputWalk {
  n: number;
  p: number;
  q: number;
  readonly #image: Image;

  constructor(image: Image, pixel: number) {
    this.#image = image;
    const plane = image.outHeight * image.outWidth;
    this.n = Math.floor(pixel / plane);
    this.p = Math.floor((pixel % plane) / image.outWidth);
    this.q = pixel % image.outWidth;
  }

  next(): void {
    if (++this.q < this.#image.outWidth) return;
    this.q = 0;
    if (++this.p < this.#image.outHeight) return;
    this.p = 0;
    this.n++;
  }
}

/** Fills patches with the windows of `rows` output pixels from `pixel` on. */
export function gatherPatches(
  patches: FloatArray,
  x: FloatArray,
  image: Image,
  group: number,
  pixel: number,
  rows: number,
): void {
  const { inHeight, inWidth, inChannels, kernelHeight, kernelWidth } = image;
  const { dilationHeight, dilationWidth } = image;
  const channels = inChannels / image.groups;
  const walk = new OutputWalk(image, pixel);
  let o = 0;
  for (let row = 0; row < rows; row++, walk.next()) {
    const top = walk.p * image.strideHeight - image.padTop;
    const left = walk.q * image.strideWidth - image.padLeft;
    for (let r = 0, h = top; r < kernelHeight; r++, h += dilationHeight) {
      const line = (walk.n * inHeight + h) * inWidth;
      const lineInside = h >= 0 && h < inHeight;
      for (let s = 0, w = left; s < kernelWidth; s++, w += dilationWidth, o += channels) {
        if (lineInside && w >= 0 && w < inWidth) {
          const i = (line + w) * inChannels + group * channels;
          for (let c = 0; c < channels; c++) patches[o + c] = x[i + c] as number;
        } else {
          for (let c = 0; c < channels; c++) patches[o + c] = 0;
        }
      }
    }
  }
}

/** Adds patches to the input pixels that they came from: the adjoint of {@link gatherPatches}. */
export function scatterAddPatches(
  dx: FloatArray,
  patches: FloatArray,
  image: Image,
  group: number,
  pixel: number,
  rows: number,
): void {
  const { inHeight, inWidth, inChannels, kernelHeight, kernelWidth } = image;
  const { dilationHeight, dilationWidth } = image;
  const channels = inChannels / image.groups;
  const walk = new OutputWalk(image, pixel);
  let o = 0;
  for (let row = 0; row < rows; row++, walk.next()) {
    const top = walk.p * image.strideHeight - image.padTop;
    const left = walk.q * image.strideWidth - image.padLeft;
    for (let r = 0, h = top; r < kernelHeight; r++, h += dilationHeight) {
      const line = (walk.n * inHeight + h) * inWidth;
      const lineInside = h >= 0 && h < inHeight;
      for (let s = 0, w = left; s < kernelWidth; s++, w += dilationWidth, o += channels) {
        if (!lineInside || w < 0 || w >= inWidth) continue;
        const i = (line + w) * inChannels + group * channels;
        for (let c = 0; c < channels; c++) {
          dx[i + c] = (dx[i + c] as number) + (patches[o + c] as number);
        }
      }
    }
  }
}

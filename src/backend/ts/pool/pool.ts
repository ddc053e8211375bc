import type { FloatArray, IndexArray, Kernels } from '../../kernels/index.js';
import { checkIndices } from '../kit/faults.js';
import { forEachWindow, type Image, readGeometry, type Window } from '../kit/geometry.js';
import { Scratch } from '../kit/scratch.js';

const windowSums = new Scratch();

export const maxPool2d: Kernels['maxPool2d'] = (out, index, x, geometry) => {
  const image = readGeometry(geometry);
  const channels = image.inChannels;
  const inPlane = image.inHeight * image.inWidth;
  const outPlane = image.outHeight * image.outWidth;
  forEachWindow(image, ({ output, count, inputs }) => {
    const o = output * channels;
    const firstPixel = Math.floor(output / outPlane) * inPlane;
    if (count === 0) {
      out.fill(-Infinity, o, o + channels);
      index.fill(-1, o, o + channels);
      return;
    }
    const first = inputs[0] as number;
    copyPixel(out, o, x, first * channels, channels);
    index.fill(first - firstPixel, o, o + channels);
    for (let t = 1; t < count; t++) {
      const pixel = inputs[t] as number;
      keepLargest(out, index, o, x, pixel * channels, pixel - firstPixel, channels);
    }
  });
};

function copyPixel(out: FloatArray, o: number, x: FloatArray, i: number, channels: number): void {
  for (let c = 0; c < channels; c++) out[o + c] = x[i + c] as number;
}

function keepLargest(
  out: FloatArray,
  index: IndexArray,
  o: number,
  x: FloatArray,
  i: number,
  position: number,
  channels: number,
): void {
  for (let c = 0; c < channels; c++) {
    const v = x[i + c] as number;
    const best = out[o + c] as number;
    // The first of equals stays; of NaNs, the last, as in PyTorch.
    if (v > best || Number.isNaN(v)) {
      out[o + c] = v;
      index[o + c] = position;
    }
  }
}

export const maxPool2dGrad: Kernels['maxPool2dGrad'] = (dx, dy, index, geometry) => {
  const image = readGeometry(geometry);
  const channels = image.inChannels;
  const inPlane = image.inHeight * image.inWidth * channels;
  const outPlane = image.outHeight * image.outWidth * channels;
  dx.fill(0, 0, image.batch * inPlane);
  for (let n = 0, o = 0; n < image.batch; n++) {
    for (const end = o + outPlane; o < end; ) {
      for (let c = 0; c < channels; c++, o++) {
        const position = index[o] as number;
        if (position < 0) continue;
        const i = n * inPlane + position * channels + c;
        dx[i] = (dx[i] as number) + (dy[o] as number);
      }
    }
  }
};

export const maxPool2dGather: Kernels['maxPool2dGather'] = (out, x, index, geometry) => {
  const image = readGeometry(geometry);
  const channels = image.inChannels;
  const inPlane = image.inHeight * image.inWidth * channels;
  const outPlane = image.outHeight * image.outWidth * channels;
  for (let n = 0, o = 0; n < image.batch; n++) {
    for (const end = o + outPlane; o < end; ) {
      for (let c = 0; c < channels; c++, o++) {
        const position = index[o] as number;
        out[o] = position < 0 ? 0 : (x[n * inPlane + position * channels + c] as number);
      }
    }
  }
};

export const maxUnpool2d: Kernels['maxUnpool2d'] = (
  out,
  x,
  index,
  batch,
  pixels,
  channels,
  count,
) => {
  checkIndices('maxUnpool2d', index, batch * count * channels, pixels);
  out.fill(0, 0, batch * pixels * channels);
  let k = 0;
  for (let n = 0; n < batch; n++) {
    const plane = n * pixels * channels;
    for (let j = 0; j < count; j++) {
      for (let c = 0; c < channels; c++, k++) {
        out[plane + (index[k] as number) * channels + c] = x[k] as number;
      }
    }
  }
};

export const avgPool2d: Kernels['avgPool2d'] = (
  out,
  x,
  geometry,
  padBottom,
  padRight,
  countPadding,
  divisorOverride,
) => {
  const image = readGeometry(geometry);
  const channels = image.inChannels;
  const sums = windowSums.float64(channels);
  forEachWindow(image, (window) => {
    sums.fill(0, 0, channels);
    for (let t = 0; t < window.count; t++) {
      addPixel(sums, x, (window.inputs[t] as number) * channels, channels);
    }
    const divisor = divisorOf(window, image, padBottom, padRight, countPadding, divisorOverride);
    const o = window.output * channels;
    for (let c = 0; c < channels; c++) out[o + c] = (sums[c] as number) / divisor;
  });
};

function addPixel(sums: Float64Array, x: FloatArray, i: number, channels: number): void {
  for (let c = 0; c < channels; c++) sums[c] = (sums[c] as number) + (x[i + c] as number);
}

export const avgPool2dGrad: Kernels['avgPool2dGrad'] = (
  dx,
  dy,
  geometry,
  padBottom,
  padRight,
  countPadding,
  divisorOverride,
) => {
  const image = readGeometry(geometry);
  const channels = image.inChannels;
  dx.fill(0, 0, image.inPixels * channels);
  forEachWindow(image, (window) => {
    const divisor = divisorOf(window, image, padBottom, padRight, countPadding, divisorOverride);
    const o = window.output * channels;
    for (let t = 0; t < window.count; t++) {
      addShare(dx, (window.inputs[t] as number) * channels, dy, o, divisor, channels);
    }
  });
};

function addShare(
  dx: FloatArray,
  i: number,
  dy: FloatArray,
  o: number,
  divisor: number,
  channels: number,
): void {
  for (let c = 0; c < channels; c++) {
    dx[i + c] = (dx[i + c] as number) + (dy[o + c] as number) / divisor;
  }
}

/** What the sum over a window is divided by; 1 for a window without elements, whose mean is 0. */
function divisorOf(
  window: Window,
  image: Image,
  padBottom: number,
  padRight: number,
  countPadding: number,
  divisorOverride: number,
): number {
  if (divisorOverride !== 0) return divisorOverride;
  if (countPadding === 0) return Math.max(1, window.count);
  const q = window.output % image.outWidth;
  const p = Math.floor(window.output / image.outWidth) % image.outHeight;
  const top = p * image.strideHeight - image.padTop;
  const left = q * image.strideWidth - image.padLeft;
  const { kernelHeight, kernelWidth, dilationHeight, dilationWidth } = image;
  const rows = tapsBefore(image.inHeight + padBottom, top, kernelHeight, dilationHeight);
  const columns = tapsBefore(image.inWidth + padRight, left, kernelWidth, dilationWidth);
  return Math.max(1, rows * columns);
}

/** How many of `taps` positions, `dilation` apart from `start` on, lie before `end`. */
function tapsBefore(end: number, start: number, taps: number, dilation: number): number {
  return Math.min(taps, Math.max(0, Math.ceil((end - start) / dilation)));
}

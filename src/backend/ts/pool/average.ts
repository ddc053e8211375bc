import {
  type Averaging,
  type FloatArray,
  type Kernels,
  readAveraging,
} from '../../kernels/index.js';
import { forEachWindow, type Image, readGeometry, type Window } from '../kit/geometry.js';
import { Scratch } from '../kit/scratch.js';

const windowSums = new Scratch();

export const avgPool2d: Kernels['avgPool2d'] = (out, x, geometry, averaging) => {
  const image = readGeometry(geometry);
  const counted = readAveraging(averaging);
  const channels = image.inChannels;
  const sums = windowSums.float64(channels);
  forEachWindow(image, (window) => {
    sums.fill(0, 0, channels);
    for (let t = 0; t < window.count; t++) {
      addPixel(sums, x, (window.inputs[t] as number) * channels, channels);
    }
    const divisor = divisorOf(window, image, counted);
    const o = window.output * channels;
    for (let c = 0; c < channels; c++) out[o + c] = (sums[c] as number) / divisor;
  });
};

function addPixel(sums: Float64Array, x: FloatArray, i: number, channels: number): void {
  for (let c = 0; c < channels; c++) sums[c] = (sums[c] as number) + (x[i + c] as number);
}

export const avgPool2dGrad: Kernels['avgPool2dGrad'] = (dx, dy, geometry, averaging) => {
  const image = readGeometry(geometry);
  const counted = readAveraging(averaging);
  const channels = image.inChannels;
  dx.fill(0, 0, image.inPixels * channels);
  forEachWindow(image, (window) => {
    const divisor = divisorOf(window, image, counted);
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
  { padBottom, padRight, countPadding, divisor }: Averaging,
): number {
  if (divisor !== 0) return divisor;
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

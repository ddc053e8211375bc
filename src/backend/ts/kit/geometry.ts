import type { Geometry } from '../../kernels/index.js';

/** The integers of a {@link Geometry} by their names, and what follows from them. */
export interface Image {
  readonly batch: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly inChannels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly outChannels: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly padTop: number;
  readonly padLeft: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  readonly groups: number;
  /** Pixels of all inputs of the batch. */
  readonly inPixels: number;
  /** Pixels of all outputs of the batch. */
  readonly outPixels: number;
  /** Kernel positions, R·S. */
  readonly taps: number;
}

export function readGeometry(geometry: Geometry): Image {
  const integers = {
    batch: geometry[0] as number,
    inHeight: geometry[1] as number,
    inWidth: geometry[2] as number,
    inChannels: geometry[3] as number,
    outHeight: geometry[4] as number,
    outWidth: geometry[5] as number,
    outChannels: geometry[6] as number,
    kernelHeight: geometry[7] as number,
    kernelWidth: geometry[8] as number,
    strideHeight: geometry[9] as number,
    strideWidth: geometry[10] as number,
    padTop: geometry[11] as number,
    padLeft: geometry[12] as number,
    dilationHeight: geometry[13] as number,
    dilationWidth: geometry[14] as number,
    groups: geometry[15] as number,
  };
  const { batch, inHeight, inWidth, outHeight, outWidth, kernelHeight, kernelWidth } = integers;
  return {
    ...integers,
    inPixels: batch * inHeight * inWidth,
    outPixels: batch * outHeight * outWidth,
    taps: kernelHeight * kernelWidth,
  };
}

/** The part of one output pixel's window that lies inside the input. Reused from visit to visit. */
export interface Window {
  /** The output pixel, (n·P + p)·Q + q. */
  output: number;
  /** How many taps lie inside the input. */
  count: number;
  /** Their kernel positions, r·S + s, in row-major order. */
  readonly taps: Int32Array;
  /** Their input pixels, (n·H + h)·W + w. */
  readonly inputs: Int32Array;
}

/** Visits the window of every output pixel in memory order. */
export function forEachWindow(image: Image, visit: (window: Window) => void): void {
  const window: Window = {
    output: 0,
    count: 0,
    taps: new Int32Array(image.taps),
    inputs: new Int32Array(image.taps),
  };
  for (let n = 0; n < image.batch; n++) {
    for (let p = 0; p < image.outHeight; p++) {
      for (let q = 0; q < image.outWidth; q++) {
        placeWindow(window, image, n, p, q);
        visit(window);
        window.output++;
      }
    }
  }
}

function placeWindow(window: Window, image: Image, n: number, p: number, q: number): void {
  const { inHeight, inWidth, kernelHeight, kernelWidth, dilationHeight, dilationWidth } = image;
  const { taps, inputs } = window;
  const top = p * image.strideHeight - image.padTop;
  const left = q * image.strideWidth - image.padLeft;
  let count = 0;
  for (let r = 0, h = top; r < kernelHeight; r++, h += dilationHeight) {
    if (h < 0 || h >= inHeight) continue;
    const line = (n * inHeight + h) * inWidth;
    for (let s = 0, w = left; s < kernelWidth; s++, w += dilationWidth) {
      if (w < 0 || w >= inWidth) continue;
      taps[count] = r * kernelWidth + s;
      inputs[count] = line + w;
      count++;
    }
  }
  window.count = count;
}

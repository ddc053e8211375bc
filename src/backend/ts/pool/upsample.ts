import { isFloat32Array } from 'node:util/types';
import {
  type FloatArray,
  type Kernels,
  readUpsampling,
  UpsampleMode,
  type Upsampling,
} from '../../kernels/index.js';

// Each position along an axis of the result is a mix of positions of the source that lie side by side: lines of pixels
// are mixed down the image first, then the pixels of that line across. The gradient is the same with the mixes turned
// round: each pixel of the input knows which outputs it had a share in.

/** Source positions from `first` on, and the weight of each. */
interface Mix {
  first: number;
  readonly weights: number[];
}

/** One axis of the image: output positions are `scale` input positions apart. */
interface Axis {
  readonly inSize: number;
  readonly outSize: number;
  readonly scale: number;
}

function clamp(at: number, low: number, high: number): number {
  return Math.min(Math.max(at, low), high);
}

/** Keys, "Cubic convolution interpolation for digital image processing", 1981; a as in PyTorch. */
function cubic(d: number): number {
  const a = -0.75;
  return d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : a * (((d - 5) * d + 8) * d - 4);
}

/** Weights for the positions from `lowest` on, which may lie beyond the edges. */
function tapsAt(
  position: number,
  { inSize, scale }: Axis,
  mode: UpsampleMode,
): [lowest: number, weights: readonly number[]] {
  if (mode === UpsampleMode.nearest || mode === UpsampleMode.nearestExact) {
    // In float32, as PyTorch does, so that both round to the same pixel.
    const middle = Math.fround(position + (mode === UpsampleMode.nearest ? 0 : 0.5));
    return [Math.floor(Math.fround(middle * Math.fround(scale))), [1]];
  }
  const isCorners = mode === UpsampleMode.linearCorners || mode === UpsampleMode.cubicCorners;
  const at = isCorners ? position * scale : (position + 0.5) * scale - 0.5;
  const isLinear = mode === UpsampleMode.linear || mode === UpsampleMode.linearCorners;
  const low = Math.min(Math.floor(isLinear ? Math.max(at, 0) : at), inSize - 1);
  const share = clamp(at - low, 0, 1);
  if (isLinear) return [low, [1 - share, share]];
  return [low - 1, [cubic(1 + share), cubic(share), cubic(1 - share), cubic(2 - share)]];
}

/** The mixes of the outputs along an axis. What taps take from beyond the edge is the edge's. */
function mixesOf(axis: Axis, mode: UpsampleMode): Mix[] {
  return Array.from({ length: axis.outSize }, (_, position) => {
    const [lowest, taps] = tapsAt(position, axis, mode);
    const inside = (at: number): number => clamp(at, 0, axis.inSize - 1);
    const first = inside(lowest);
    const weights: number[] = [];
    for (const [t, weight] of taps.entries()) {
      const at = inside(lowest + t) - first;
      weights[at] = (weights[at] ?? 0) + weight;
    }
    return { first, weights };
  });
}

/** The outputs that each input has a share in. Mixes rise along an axis, so these lie side by side. */
function turned(mixes: readonly Mix[], inSize: number): Mix[] {
  const inputs = Array.from({ length: inSize }, (): Mix => ({ first: 0, weights: [] }));
  for (const [output, { first, weights }] of mixes.entries()) {
    for (const [k, weight] of weights.entries()) {
      const input = inputs[first + k] as Mix;
      if (input.weights.length === 0) input.first = output;
      input.weights.push(weight);
    }
  }
  return inputs;
}

/** Images in memory, [batch, height, width, channels]. */
interface Images {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** out: [batch, rows, columns, channels] of x. */
function resample(
  out: FloatArray,
  x: FloatArray,
  { batch, height, width, channels }: Images,
  rows: readonly Mix[],
  columns: readonly Mix[],
): void {
  const line = width * channels;
  const mixed = isFloat32Array(x) ? new Float32Array(line) : new Float64Array(line);
  let at = 0;
  for (let n = 0; n < batch; n++) {
    for (const { first, weights } of rows) {
      const top = (n * height + first) * line;
      const isMix = weights.length !== 1 || weights[0] !== 1;
      if (isMix) mixRuns(mixed, 0, x, top, line, weights);
      const source = isMix ? mixed : x;
      const start = isMix ? 0 : top;
      for (const column of columns) {
        mixRuns(out, at, source, start + column.first * channels, channels, column.weights);
        at += channels;
      }
    }
  }
}

/** Mixes runs of n elements of x that lie one after the other, from `from` on. */
function mixRuns(
  out: FloatArray,
  at: number,
  x: FloatArray,
  from: number,
  n: number,
  weights: readonly number[],
): void {
  const count = weights.length;
  const first = weights[0] ?? 0;
  const second = weights[1] ?? 0;
  if (count === 1 && first === 1 && n > 32) {
    out.set(x.subarray(from, from + n), at);
  } else if (count === 1) {
    for (let i = 0; i < n; i++) out[at + i] = (x[from + i] as number) * first;
  } else if (count === 2) {
    for (let i = 0; i < n; i++) {
      out[at + i] = (x[from + i] as number) * first + (x[from + n + i] as number) * second;
    }
  } else {
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let r = 0; r < count; r++) {
        sum += (x[from + r * n + i] as number) * (weights[r] as number);
      }
      out[at + i] = sum;
    }
  }
}

/** The mixes of the result's rows and columns. */
function axesOf(upsampling: Upsampling, mode: UpsampleMode): [rows: Mix[], columns: Mix[]] {
  const { inHeight, inWidth, outHeight, outWidth, scaleHeight, scaleWidth } = upsampling;
  return [
    mixesOf({ inSize: inHeight, outSize: outHeight, scale: scaleHeight }, mode),
    mixesOf({ inSize: inWidth, outSize: outWidth, scale: scaleWidth }, mode),
  ];
}

export const upsample2d: Kernels['upsample2d'] = (out, x, packed, mode) => {
  const upsampling = readUpsampling(packed);
  const { batch, channels, inHeight, inWidth } = upsampling;
  const [rows, columns] = axesOf(upsampling, mode);
  resample(out, x, { batch, height: inHeight, width: inWidth, channels }, rows, columns);
};

export const upsample2dGrad: Kernels['upsample2dGrad'] = (dx, dy, packed, mode) => {
  const upsampling = readUpsampling(packed);
  const { batch, channels, inHeight, inWidth, outHeight, outWidth } = upsampling;
  const [rows, columns] = axesOf(upsampling, mode);
  const [down, across] = [turned(rows, inHeight), turned(columns, inWidth)];
  resample(dx, dy, { batch, height: outHeight, width: outWidth, channels }, down, across);
};

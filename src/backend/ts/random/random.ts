import { isFloat64Array } from 'node:util/types';
import { multiplyHigh, PHILOX_LANES, philox } from '../../../numeric/philox.js';
import type { FloatArray, Kernels } from '../../kernels/index.js';

const UNIT_24 = 2 ** -24;
const TWO_PI = 2 * Math.PI;

/** Words drawn at a time: a multiple of the lanes of a block, few enough for the first-level cache. */
const CHUNK = 1024;
const words = new Uint32Array(CHUNK);

/** Draws words for the elements [start, min(start + CHUNK, n)) and gives their number. */
function draw(start: number, n: number, low: number, high: number, counter: number): number {
  const count = Math.min(CHUNK, n - start);
  philox(words, Math.ceil(count / PHILOX_LANES), low, high, counter + start / PHILOX_LANES);
  return count;
}

export const randomUniform: Kernels['randomUniform'] = (
  out,
  n,
  seedLow,
  seedHigh,
  counter,
  low,
  high,
) => {
  // Rounding to the kind of `out` may reach `high`, which the interval leaves out: then the largest value
  // below it stands in.
  const last = largestBelow(high, out);
  const range = high - low;
  for (let start = 0; start < n; start += CHUNK) {
    const count = draw(start, n, seedLow, seedHigh, counter);
    for (let i = 0; i < count; i++) {
      const value = low + range * (((words[i] as number) >>> 8) * UNIT_24);
      out[start + i] = value < last ? value : last;
    }
  }
};

/** The largest number below `limit` among those of the kind of `model`. */
function largestBelow(limit: number, model: FloatArray): number {
  if (isFloat64Array(model)) return nextBelow64(limit);
  const rounded = Math.fround(limit);
  return rounded < limit ? rounded : nextBelow32(rounded);
}

// The bit pattern of a float, read as an integer, grows with the float's magnitude.

function nextBelow32(x: number): number {
  if (x === 0) return -(2 ** -149);
  const value = new Float32Array([x]);
  const bits = new Int32Array(value.buffer);
  bits[0] = (bits[0] as number) + (x > 0 ? -1 : 1);
  return value[0] as number;
}

function nextBelow64(x: number): number {
  if (x === 0) return -Number.MIN_VALUE;
  const value = new Float64Array([x]);
  const bits = new BigInt64Array(value.buffer);
  bits[0] = (bits[0] as bigint) + (x > 0 ? -1n : 1n);
  return value[0] as number;
}

export const randomNormal: Kernels['randomNormal'] = (
  out,
  n,
  seedLow,
  seedHigh,
  counter,
  mean,
  std,
) => {
  for (let start = 0; start < n; start += CHUNK) {
    const count = draw(start, n, seedLow, seedHigh, counter);
    for (let i = 0; i < count; i += 2) {
      const u = (((words[i] as number) >>> 8) + 1) * UNIT_24;
      const angle = TWO_PI * (((words[i + 1] as number) >>> 8) * UNIT_24);
      const radius = Math.sqrt(-2 * Math.log(u));
      out[start + i] = mean + std * (radius * Math.cos(angle));
      if (i + 1 < count) out[start + i + 1] = mean + std * (radius * Math.sin(angle));
    }
  }
};

export const randomInteger: Kernels['randomInteger'] = (
  out,
  n,
  seedLow,
  seedHigh,
  counter,
  low,
  high,
) => {
  const range = high - low;
  for (let start = 0; start < n; start += CHUNK) {
    const count = draw(start, n, seedLow, seedHigh, counter);
    for (let i = 0; i < count; i++) {
      const word = words[i] as number;
      out[start + i] = low + (range === 2 ** 32 ? word : multiplyHigh(word, range) >>> 0);
    }
  }
};

export const dropout: Kernels['dropout'] = (
  out,
  mask,
  x,
  n,
  inner,
  seedLow,
  seedHigh,
  counter,
  p,
) => {
  const groups = Math.ceil(n / inner);
  const keepShare = 1 - p;
  for (let start = 0; start < groups; start += CHUNK) {
    const count = draw(start, groups, seedLow, seedHigh, counter);
    for (let i = 0; i < count; i++) {
      const kept = ((words[i] as number) >>> 8) * UNIT_24 >= p;
      mask[start + i] = kept ? 1 : 0;
      const end = Math.min(n, (start + i + 1) * inner);
      for (let k = (start + i) * inner; k < end; k++) {
        out[k] = kept ? (x[k] as number) / keepShare : 0;
      }
    }
  }
};

export const maskScale: Kernels['maskScale'] = (out, x, mask, n, inner, scale) => {
  for (let group = 0, k = 0; k < n; group++) {
    const kept = mask[group] !== 0;
    for (const end = Math.min(n, k + inner); k < end; k++) {
      out[k] = kept ? (x[k] as number) * scale : 0;
    }
  }
};

import type { FloatArray, Kernels } from '../../kernels/index.js';

export const softmax: Kernels['softmax'] = (out, x, outer, axis, inner, log) => {
  const line = log === 0 ? softmaxLine : logSoftmaxLine;
  for (let o = 0; o < outer; o++) {
    const start = o * axis * inner;
    for (let i = 0; i < inner; i++) line(out, x, start + i, inner, axis);
  }
};

export const softmaxGrad: Kernels['softmaxGrad'] = (dx, g, y, outer, axis, inner, log) => {
  const line = log === 0 ? softmaxGradLine : logSoftmaxGradLine;
  for (let o = 0; o < outer; o++) {
    const start = o * axis * inner;
    for (let i = 0; i < inner; i++) line(dx, g, y, start + i, inner, axis);
  }
};

function largest(x: FloatArray, start: number, step: number, n: number): number {
  let max = -Infinity;
  for (let k = 0, i = start; k < n; k++, i += step) max = Math.max(max, x[i] as number);
  return max;
}

function softmaxLine(out: FloatArray, x: FloatArray, start: number, step: number, n: number): void {
  const max = largest(x, start, step, n);
  let total = 0;
  for (let k = 0, i = start; k < n; k++, i += step) {
    const e = Math.exp((x[i] as number) - max);
    out[i] = e;
    total += e;
  }
  const scale = 1 / total;
  for (let k = 0, i = start; k < n; k++, i += step) out[i] = (out[i] as number) * scale;
}

/** Log-softmax of n elements that lie `step` apart. */
export function logSoftmaxLine(
  out: FloatArray,
  x: FloatArray,
  start: number,
  step: number,
  n: number,
): void {
  const max = largest(x, start, step, n);
  let total = 0;
  for (let k = 0, i = start; k < n; k++, i += step) total += Math.exp((x[i] as number) - max);
  const logTotal = Math.log(total);
  for (let k = 0, i = start; k < n; k++, i += step) out[i] = (x[i] as number) - max - logTotal;
}

function softmaxGradLine(
  dx: FloatArray,
  g: FloatArray,
  y: FloatArray,
  start: number,
  step: number,
  n: number,
): void {
  let dot = 0;
  for (let k = 0, i = start; k < n; k++, i += step) dot += (g[i] as number) * (y[i] as number);
  for (let k = 0, i = start; k < n; k++, i += step) {
    dx[i] = (y[i] as number) * ((g[i] as number) - dot);
  }
}

function logSoftmaxGradLine(
  dx: FloatArray,
  g: FloatArray,
  y: FloatArray,
  start: number,
  step: number,
  n: number,
): void {
  let total = 0;
  for (let k = 0, i = start; k < n; k++, i += step) total += g[i] as number;
  for (let k = 0, i = start; k < n; k++, i += step) {
    dx[i] = (g[i] as number) - Math.exp(y[i] as number) * total;
  }
}

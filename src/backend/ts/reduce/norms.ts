import type { FloatArray } from '../../kernels/index.js';

/** How much one gradient adds to Σ |g|^normType; its largest magnitude for infinity. */
export function sumOf(g: FloatArray, n: number, normType: number): number {
  let sum = 0;
  if (normType === 2) for (let k = 0; k < n; k++) sum += (g[k] as number) ** 2;
  else if (normType === 1) for (let k = 0; k < n; k++) sum += Math.abs(g[k] as number);
  else if (normType === Number.POSITIVE_INFINITY)
    for (let k = 0; k < n; k++) sum = Math.max(sum, Math.abs(g[k] as number));
  else for (let k = 0; k < n; k++) sum += Math.abs(g[k] as number) ** normType;
  return sum;
}

export function rootOf(sum: number, normType: number): number {
  if (normType === 2) return Math.sqrt(sum);
  return normType === 1 || normType === Number.POSITIVE_INFINITY ? sum : sum ** (1 / normType);
}

/** The normType-norm of the first n elements. */
export function normOf(x: FloatArray, n: number, normType: number): number {
  return rootOf(sumOf(x, n, normType), normType);
}

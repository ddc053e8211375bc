import type { FloatArray, Kernels } from '../../kernels/index.js';

/** How much one gradient adds to Σ |g|^normType; its largest magnitude for infinity. */
function sumOf(g: FloatArray, n: number, normType: number): number {
  let sum = 0;
  if (normType === 2) for (let k = 0; k < n; k++) sum += (g[k] as number) ** 2;
  else if (normType === 1) for (let k = 0; k < n; k++) sum += Math.abs(g[k] as number);
  else if (normType === Number.POSITIVE_INFINITY)
    for (let k = 0; k < n; k++) sum = Math.max(sum, Math.abs(g[k] as number));
  else for (let k = 0; k < n; k++) sum += Math.abs(g[k] as number) ** normType;
  return sum;
}

function rootOf(sum: number, normType: number): number {
  if (normType === 2) return Math.sqrt(sum);
  return normType === 1 || normType === Number.POSITIVE_INFINITY ? sum : sum ** (1 / normType);
}

/** The normType-norm of the first n elements. */
export function normOf(x: FloatArray, n: number, normType: number): number {
  return rootOf(sumOf(x, n, normType), normType);
}

export const gradNorms: Kernels['gradNorms'] = (total, norms, grads, sizes, normType) => {
  const isLargest = normType === Number.POSITIVE_INFINITY;
  let all = 0;
  for (const [i, g] of grads.entries()) {
    const own = sumOf(g, sizes[i] as number, normType);
    norms[i] = rootOf(own, normType);
    all = isLargest ? Math.max(all, own) : all + own;
  }
  total[0] = rootOf(all, normType);
};

export const clipGradNorm: Kernels['clipGradNorm'] = (grads, total, sizes, maxNorm) => {
  const factor = maxNorm / ((total[0] as number) + 1e-6);
  if (factor >= 1) return;
  for (const [i, g] of grads.entries()) {
    const n = sizes[i] as number;
    for (let k = 0; k < n; k++) g[k] = (g[k] as number) * factor;
  }
};

export const clipGradValue: Kernels['clipGradValue'] = (grads, sizes, clipValue) => {
  for (const [i, g] of grads.entries()) {
    const n = sizes[i] as number;
    for (let k = 0; k < n; k++) {
      g[k] = Math.min(clipValue, Math.max(-clipValue, g[k] as number));
    }
  }
};

import type { Kernels } from '../../kernels/index.js';
import { rootOf, sumOf } from '../reduce/norms.js';

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

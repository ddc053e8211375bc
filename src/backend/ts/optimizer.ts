import type { FloatArray, Kernels } from '../kernels.js';

export const sgdStep: Kernels['sgdStep'] = (
  params,
  grads,
  momenta,
  first,
  sizes,
  lr,
  momentum,
  dampening,
  nesterov,
  weightDecay,
  maximize,
) => {
  const sign = maximize === 0 ? 1 : -1;
  for (const [i, p] of params.entries()) {
    const g = grads[i] as FloatArray;
    const n = sizes[i] as number;
    const m = momenta[i];
    if (m === undefined) {
      descend(p, g, n, lr, sign, weightDecay);
    } else {
      const [keep, add] = first[i] === 0 ? [momentum, 1 - dampening] : [0, 1];
      if (first[i] !== 0) m.fill(0, 0, n);
      descendWithMomentum(p, g, m, n, lr, sign, weightDecay, keep, add, momentum, nesterov !== 0);
    }
  }
};

function descend(
  p: FloatArray,
  g: FloatArray,
  n: number,
  lr: number,
  sign: number,
  weightDecay: number,
): void {
  for (let k = 0; k < n; k++) {
    const value = p[k] as number;
    p[k] = value - lr * (sign * (g[k] as number) + weightDecay * value);
  }
}

/** m = keep·m + add·d, and a step along it. */
function descendWithMomentum(
  p: FloatArray,
  g: FloatArray,
  m: FloatArray,
  n: number,
  lr: number,
  sign: number,
  weightDecay: number,
  keep: number,
  add: number,
  momentum: number,
  nesterov: boolean,
): void {
  for (let k = 0; k < n; k++) {
    const value = p[k] as number;
    const d = sign * (g[k] as number) + weightDecay * value;
    const velocity = keep * (m[k] as number) + add * d;
    m[k] = velocity;
    p[k] = value - lr * (nesterov ? d + momentum * velocity : velocity);
  }
}

export const adamStep: Kernels['adamStep'] = (
  params,
  grads,
  means,
  variances,
  maxima,
  biasCorrection1,
  biasCorrection2,
  sizes,
  lr,
  beta1,
  beta2,
  eps,
  weightDecay,
  decoupled,
  maximize,
) => {
  const sign = maximize === 0 ? 1 : -1;
  const decay = decoupled === 0 ? 1 : 1 - lr * weightDecay;
  const penalty = decoupled === 0 ? weightDecay : 0;
  for (const [i, p] of params.entries()) {
    const g = grads[i] as FloatArray;
    const mean = means[i] as FloatArray;
    const variance = variances[i] as FloatArray;
    const n = sizes[i] as number;
    updateMoments(mean, variance, p, g, n, sign, penalty, beta1, beta2);
    const maximum = maxima[i];
    if (maximum !== undefined) keepLarger(maximum, variance, n);
    const stepSize = lr / (biasCorrection1[i] as number);
    const scale = 1 / Math.sqrt(biasCorrection2[i] as number);
    adaptiveStep(p, mean, maximum ?? variance, n, stepSize, scale, eps, decay);
  }
};

function updateMoments(
  mean: FloatArray,
  variance: FloatArray,
  p: FloatArray,
  g: FloatArray,
  n: number,
  sign: number,
  penalty: number,
  beta1: number,
  beta2: number,
): void {
  for (let k = 0; k < n; k++) {
    const d = sign * (g[k] as number) + penalty * (p[k] as number);
    mean[k] = beta1 * (mean[k] as number) + (1 - beta1) * d;
    variance[k] = beta2 * (variance[k] as number) + (1 - beta2) * d * d;
  }
}

function keepLarger(maximum: FloatArray, variance: FloatArray, n: number): void {
  for (let k = 0; k < n; k++) maximum[k] = Math.max(maximum[k] as number, variance[k] as number);
}

/** p = decay·p − stepSize·mean / (√variance·scale + eps). */
function adaptiveStep(
  p: FloatArray,
  mean: FloatArray,
  variance: FloatArray,
  n: number,
  stepSize: number,
  scale: number,
  eps: number,
  decay: number,
): void {
  for (let k = 0; k < n; k++) {
    const step = (mean[k] as number) / (Math.sqrt(variance[k] as number) * scale + eps);
    p[k] = decay * (p[k] as number) - stepSize * step;
  }
}

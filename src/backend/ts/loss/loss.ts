import { sigmoid } from '../../../numeric/special.js';
import type { FloatArray, Kernels } from '../../kernels/index.js';
import { checkIndex } from '../kit/faults.js';
import { logSoftmaxLine } from './softmax.js';

export const crossEntropy: Kernels['crossEntropy'] = (
  loss,
  rowWeight,
  logProb,
  x,
  target,
  weight,
  rows,
  classes,
  ignoreIndex,
  smoothing,
) => {
  for (let row = 0; row < rows; row++) {
    const start = row * classes;
    logSoftmaxLine(logProb, x, start, 1, classes);
    const t = target[row] as number;
    if (t === ignoreIndex) {
      loss[row] = 0;
      rowWeight[row] = 0;
      continue;
    }
    checkIndex('crossEntropy', t, classes);
    const factor = weightOf(weight, t);
    let value = -(1 - smoothing) * factor * (logProb[start + t] as number);
    if (smoothing > 0) {
      let total = 0;
      for (let c = 0; c < classes; c++) {
        total += weightOf(weight, c) * (logProb[start + c] as number);
      }
      value -= (smoothing / classes) * total;
    }
    loss[row] = value;
    rowWeight[row] = factor;
  }
};

export const crossEntropyGrad: Kernels['crossEntropyGrad'] = (
  dx,
  g,
  logProb,
  target,
  weight,
  rows,
  classes,
  ignoreIndex,
  smoothing,
) => {
  let totalWeight = classes;
  if (weight !== null) {
    totalWeight = 0;
    for (let c = 0; c < classes; c++) totalWeight += weight[c] as number;
  }
  const share = smoothing / classes;
  for (let row = 0; row < rows; row++) {
    const start = row * classes;
    const t = target[row] as number;
    if (t === ignoreIndex) {
      dx.fill(0, start, start + classes);
      continue;
    }
    checkIndex('crossEntropyGrad', t, classes);
    const scale = g[row] as number;
    const onTarget = (1 - smoothing) * weightOf(weight, t);
    const mass = onTarget + share * totalWeight;
    for (let c = 0; c < classes; c++) {
      const wanted = share * weightOf(weight, c) + (c === t ? onTarget : 0);
      dx[start + c] = scale * (mass * Math.exp(logProb[start + c] as number) - wanted);
    }
  }
};

function weightOf(weight: FloatArray | null, c: number): number {
  return weight === null ? 1 : (weight[c] as number);
}

export const bceWithLogits: Kernels['bceWithLogits'] = (loss, x, target, posWeight, n, inner) => {
  for (let i = 0; i < n; i++) {
    const logit = x[i] as number;
    const t = target[i] as number;
    const positive = 1 + (weightOf(posWeight, i % inner) - 1) * t;
    const softplus = Math.log1p(Math.exp(-Math.abs(logit))) + Math.max(-logit, 0);
    loss[i] = (1 - t) * logit + positive * softplus;
  }
};

export const bceWithLogitsGrad: Kernels['bceWithLogitsGrad'] = (
  dx,
  g,
  x,
  target,
  posWeight,
  n,
  inner,
) => {
  for (let i = 0; i < n; i++) {
    const t = target[i] as number;
    const positive = 1 + (weightOf(posWeight, i % inner) - 1) * t;
    dx[i] = (g[i] as number) * (1 - t - positive * sigmoid(-(x[i] as number)));
  }
};

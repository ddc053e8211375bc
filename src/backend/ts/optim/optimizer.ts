import { type FloatArray, type Kernels, RULE_SHAPES, UpdateRule } from '../../kernels/index.js';
import { forRows } from '../indexing/rows.js';

/** What all rules have, first among the scalars: the gradient's sign, L2 and L1 penalties, decoupled decay. */
type Common = readonly [sign: number, l2: number, l1: number, shrink: number];

/**
 * A step of one tensor.
 * @param s states
 * @param f numbers of this tensor
 * @param c scalars of the rule
 */
type Update = (
  p: FloatArray,
  g: FloatArray,
  n: number,
  s: readonly FloatArray[],
  f: Float64Array,
  c: Float64Array,
  common: Common,
) => void;

/** The gradient with its penalties. */
function penalized(g: number, x: number, [sign, l2, l1]: Common): number {
  return sign * g + l2 * x + l1 * Math.sign(x);
}

/** Two running means: of the gradient, and of its square. */
function updateMoments(m: FloatArray, v: FloatArray, k: number, d: number, c: Float64Array): void {
  const [beta1 = 0, beta2 = 0] = c;
  m[k] = beta1 * (m[k] as number) + (1 - beta1) * d;
  v[k] = beta2 * (v[k] as number) + (1 - beta2) * d * d;
}

const sgd: Update = (p, g, n, _s, _f, [lr = 0], common) => {
  for (let k = 0; k < n; k++) {
    const x = p[k] as number;
    p[k] = common[3] * x - lr * penalized(g[k] as number, x, common);
  }
};

const momentum: Update = (p, g, n, s, [keep = 0, add = 0], [lr = 0, ahead], common) => {
  const m = s[0] as FloatArray;
  for (let k = 0; k < n; k++) {
    const x = p[k] as number;
    const d = penalized(g[k] as number, x, common);
    const velocity = keep * (m[k] as number) + add * d;
    m[k] = velocity;
    p[k] = common[3] * x - lr * (ahead === undefined ? velocity : d + ahead * velocity);
  }
};

const adagrad: Update = (p, g, n, s, [lr = 0], [eps = 0], common) => {
  const sum = s[0] as FloatArray;
  for (let k = 0; k < n; k++) {
    const x = p[k] as number;
    const d = penalized(g[k] as number, x, common);
    const total = (sum[k] as number) + d * d;
    sum[k] = total;
    p[k] = common[3] * x - (lr * d) / (Math.sqrt(total) + eps);
  }
};

const adadelta: Update = (p, g, n, s, _f, [lr = 0, rho = 0, eps = 0], common) => {
  const [squares, changes] = s as [FloatArray, FloatArray];
  for (let k = 0; k < n; k++) {
    const x = p[k] as number;
    const d = penalized(g[k] as number, x, common);
    const square = rho * (squares[k] as number) + (1 - rho) * d * d;
    const past = changes[k] as number;
    const change = (Math.sqrt(past + eps) / Math.sqrt(square + eps)) * d;
    squares[k] = square;
    changes[k] = rho * past + (1 - rho) * change * change;
    p[k] = common[3] * x - lr * change;
  }
};

const rmsprop =
  (centered: boolean): Update =>
  (p, g, n, s, _f, [lr = 0, alpha = 0, eps = 0, momentum], common) => {
    const squares = s[0] as FloatArray;
    const means = s[1] as FloatArray;
    const velocities = s[centered ? 2 : 1] as FloatArray;
    for (let k = 0; k < n; k++) {
      const x = p[k] as number;
      const d = penalized(g[k] as number, x, common);
      let variance = alpha * (squares[k] as number) + (1 - alpha) * d * d;
      squares[k] = variance;
      if (centered) {
        const mean = alpha * (means[k] as number) + (1 - alpha) * d;
        means[k] = mean;
        variance -= mean * mean;
      }
      let step = d / (Math.sqrt(variance) + eps);
      if (momentum !== undefined) {
        step += momentum * (velocities[k] as number);
        velocities[k] = step;
      }
      p[k] = common[3] * x - lr * step;
    }
  };

const adam: Update = (p, g, n, s, [stepSize = 0, scale = 0, eps = 0], c, common) => {
  const [m, v] = s as [FloatArray, FloatArray];
  const largest = s[2];
  for (let k = 0; k < n; k++) {
    const x = p[k] as number;
    updateMoments(m, v, k, penalized(g[k] as number, x, common), c);
    let variance = v[k] as number;
    if (largest !== undefined) {
      variance = Math.max(largest[k] as number, variance);
      largest[k] = variance;
    }
    const step = (stepSize * (m[k] as number)) / (scale * Math.sqrt(variance) + eps);
    p[k] = common[3] * x - step;
  }
};

const nadam: Update = (p, g, n, s, [meanStep = 0, gradientStep = 0, scale = 0], c, common) => {
  const [m, v] = s as [FloatArray, FloatArray];
  const eps = c[2] as number;
  for (let k = 0; k < n; k++) {
    const x = p[k] as number;
    const d = penalized(g[k] as number, x, common);
    updateMoments(m, v, k, d, c);
    const step = meanStep * (m[k] as number) + gradientStep * d;
    p[k] = common[3] * x - step / (scale * Math.sqrt(v[k] as number) + eps);
  }
};

const adamax: Update = (p, g, n, s, [stepSize = 0], [beta1 = 0, beta2 = 0, eps = 0], common) => {
  const [m, largest] = s as [FloatArray, FloatArray];
  for (let k = 0; k < n; k++) {
    const x = p[k] as number;
    const d = penalized(g[k] as number, x, common);
    const mean = beta1 * (m[k] as number) + (1 - beta1) * d;
    const norm = Math.max(beta2 * (largest[k] as number), Math.abs(d) + eps);
    m[k] = mean;
    largest[k] = norm;
    p[k] = common[3] * x - (stepSize * mean) / norm;
  }
};

const lion: Update = (p, g, n, s, _f, [lr = 0, beta1 = 0, beta2 = 0], common) => {
  const m = s[0] as FloatArray;
  for (let k = 0; k < n; k++) {
    const x = p[k] as number;
    const mean = m[k] as number;
    const apart = penalized(g[k] as number, x, common) - mean;
    p[k] = common[3] * x - lr * Math.sign(mean + (1 - beta1) * apart);
    m[k] = mean + (1 - beta2) * apart;
  }
};

const average: Update = (p, g, n, _s, _f, [fresh = 0]) => {
  for (let k = 0; k < n; k++) {
    const x = p[k] as number;
    p[k] = x + fresh * ((g[k] as number) - x);
  }
};

const updates: Record<UpdateRule, Update> = {
  [UpdateRule.sgd]: sgd,
  [UpdateRule.momentum]: momentum,
  [UpdateRule.nesterov]: momentum,
  [UpdateRule.adagrad]: adagrad,
  [UpdateRule.adadelta]: adadelta,
  [UpdateRule.rmsprop]: rmsprop(false),
  [UpdateRule.rmspropMomentum]: rmsprop(false),
  [UpdateRule.rmspropCentered]: rmsprop(true),
  [UpdateRule.rmspropCenteredMomentum]: rmsprop(true),
  [UpdateRule.adam]: adam,
  [UpdateRule.amsgrad]: adam,
  [UpdateRule.nadam]: nadam,
  [UpdateRule.adamax]: adamax,
  [UpdateRule.lion]: lion,
  [UpdateRule.average]: average,
};

const COMMON = 4;

export const optimizerStep: Kernels['optimizerStep'] = (
  params,
  states,
  grads,
  factors,
  scalars,
  sizes,
  rule,
) => {
  const { states: stateCount, factors: factorCount, scalars: own } = RULE_SHAPES[rule];
  const update = updates[rule];
  const [sign = 1, l2 = 0, l1 = 0, shrink = 1] = scalars;
  const common: Common = [sign, l2, l1, shrink];
  const c = scalars.subarray(COMMON, COMMON + own);
  const count = sizes.length;
  for (let i = 0; i < count; i++) {
    const s: FloatArray[] = [];
    for (let k = 0; k < stateCount; k++) s.push(states[k * count + i] as FloatArray);
    const f = factors.subarray(i * factorCount, (i + 1) * factorCount);
    update(params[i] as FloatArray, grads[i] as FloatArray, sizes[i] as number, s, f, c, common);
  }
};

export const optimizerStepRows: Kernels['optimizerStepRows'] = (
  param,
  states,
  values,
  rows,
  factors,
  scalars,
  count,
  inner,
  limit,
  rule,
) => {
  const size = Int32Array.of(inner);
  forRows(rows, count, limit, (row, place) => {
    const rowOf = (x: FloatArray): FloatArray => x.subarray(row * inner, (row + 1) * inner);
    const gradient = values.subarray(place * inner, (place + 1) * inner);
    optimizerStep([rowOf(param)], states.map(rowOf), [gradient], factors, scalars, size, rule);
  });
};

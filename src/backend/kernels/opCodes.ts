// Which function a kernel with an `op` argument computes. native/base/ops.h and native/optim/rule_shapes.h have the same
// names in the same order; a test compares how many there are. New ones go to the end of both.

/** Elementwise functions of one argument; `p` and `q` are the parameters named beside each. */
export const UnaryOp = {
  neg: 0,
  abs: 1,
  sign: 2,
  square: 3,
  sqrt: 4,
  rsqrt: 5,
  reciprocal: 6,
  exp: 7,
  expm1: 8,
  log: 9,
  log1p: 10,
  sin: 11,
  cos: 12,
  tan: 13,
  tanh: 14,
  sigmoid: 15,
  relu: 16,
  /** x > 0 ? x : p·x */
  leakyRelu: 17,
  /** x > 0 ? x : p·(eˣ − 1) */
  elu: 18,
  /** x·Φ(x), exact (erf) */
  gelu: 19,
  /** x/2·(1 + tanh(√(2/π)(x + 0.044715x³))) */
  geluTanh: 20,
  silu: 21,
  /** log(1 + e^(p·x)) / p, and x where p·x > q */
  softplus: 22,
  /** min(max(x, p), q); NaN stays NaN */
  clamp: 23,
  floor: 24,
  ceil: 25,
  /** to the nearest integer, ties to even */
  round: 26,
  erf: 27,
  /** x·p + q */
  affine: 28,
} as const;
export type UnaryOp = (typeof UnaryOp)[keyof typeof UnaryOp];

/** Derivatives of {@link UnaryOp}, as `g · f'(s)`, `s` being the input x or the output y as named. */
export const UnaryGradOp = {
  /** s = y: g·(1 − y²) */
  tanh: 0,
  /** s = y: g·y·(1 − y) */
  sigmoid: 1,
  /** s = y: y > 0 ? g : 0 */
  relu: 2,
  /** s = x: x > 0 ? g : p·g */
  leakyRelu: 3,
  /** s = x: x > 0 ? g : p·eˣ·g */
  elu: 4,
  /** s = x */
  gelu: 5,
  /** s = x */
  geluTanh: 6,
  /** s = x */
  silu: 7,
  /** s = x: p·x > q ? g : g·sigmoid(p·x) */
  softplus: 8,
  /** s = x: p ≤ x ≤ q ? g : 0 */
  clamp: 9,
  /** s = x: p < x < q ? g : 0 (hardtanh) */
  hardtanh: 10,
} as const;
export type UnaryGradOp = (typeof UnaryGradOp)[keyof typeof UnaryGradOp];

/** Elementwise functions of two arguments, result in the arguments' dtype. */
export const BinaryOp = {
  add: 0,
  sub: 1,
  mul: 2,
  div: 3,
  /** the larger; NaN if either is */
  maximum: 4,
  /** the smaller; NaN if either is */
  minimum: 5,
  pow: 6,
  /** b − a */
  rsub: 7,
  /** b / a */
  rdiv: 8,
  /** b ** a */
  rpow: 9,
  /** floored remainder: the result has the sign of b (Python's %) */
  remainder: 10,
  atan2: 11,
  /** a < b ? 0 : a == b ? 0.5 : 1, the share of a in the gradient of maximum(a, b); 1 for NaN */
  greaterHalf: 12,
} as const;
export type BinaryOp = (typeof BinaryOp)[keyof typeof BinaryOp];

/** Comparisons; the result is a mask of 0 and 1. */
export const CompareOp = { eq: 0, ne: 1, lt: 2, le: 3, gt: 4, ge: 5 } as const;
export type CompareOp = (typeof CompareOp)[keyof typeof CompareOp];

export const ReduceOp = {
  sum: 0,
  mean: 1,
  max: 2,
  min: 3,
  prod: 4,
  sumSquares: 5,
  sumAbs: 6,
} as const;
export type ReduceOp = (typeof ReduceOp)[keyof typeof ReduceOp];

export const ArgOp = { max: 0, min: 1 } as const;
export type ArgOp = (typeof ArgOp)[keyof typeof ArgOp];

/** How an output position along an axis finds its input positions: one, or a mix of two or four; see `upsample2d`. */
export const UpsampleMode = {
  nearest: 0,
  nearestExact: 1,
  linear: 2,
  linearCorners: 3,
  cubic: 4,
  cubicCorners: 5,
} as const;
export type UpsampleMode = (typeof UpsampleMode)[keyof typeof UpsampleMode];

/**
 * The update rules of optimisers. Beside each: its states; its factors, numbers for each tensor; and the scalars
 * that follow `sign, l2, l1, shrink`, which all rules take. d is the gradient with its penalties,
 * d = sign·g + l2·p + l1·sgn(p), and p has been multiplied by shrink already.
 */
export const UpdateRule = {
  /** ; ; lr. p −= lr·d */
  sgd: 0,
  /** m; keep, add; lr. m = keep·m + add·d, p −= lr·m */
  momentum: 1,
  /** m; keep, add; lr, momentum. m = keep·m + add·d, p −= lr·(d + momentum·m) */
  nesterov: 2,
  /** sum; lr; eps. sum += d², p −= lr·d / (√sum + eps) */
  adagrad: 3,
  /** v, u; ; lr, rho, eps. v = mean of d², Δ = √(u + eps) / √(v + eps)·d, u = mean of Δ², p −= lr·Δ */
  adadelta: 4,
  /** v; ; lr, alpha, eps. v = mean of d², p −= lr·d / (√v + eps) */
  rmsprop: 5,
  /** v, b; ; lr, alpha, eps, momentum. b = momentum·b + d / (√v + eps), p −= lr·b */
  rmspropMomentum: 6,
  /** v, m; ; lr, alpha, eps. v − m² takes the place of v, with m the mean of d */
  rmspropCentered: 7,
  /** v, m, b; ; lr, alpha, eps, momentum */
  rmspropCenteredMomentum: 8,
  /** m, v; stepSize, scale, eps; beta1, beta2. Means of d and d², p −= stepSize·m / (scale·√v + eps) */
  adam: 9,
  /** m, v, the largest v so far, which scales the step; stepSize, scale, eps; beta1, beta2 */
  amsgrad: 10,
  /** m, v; meanStep, gradientStep, scale; beta1, beta2, eps. p −= (meanStep·m + gradientStep·d) / (scale·√v + eps) */
  nadam: 11,
  /** m, u; stepSize; beta1, beta2, eps. u = max(beta2·u, |d| + eps), p −= stepSize·m / u */
  adamax: 12,
  /** m; ; lr, beta1, beta2. p −= lr·sgn(beta1·m + (1 − beta1)·d), then m = beta2·m + (1 − beta2)·d */
  lion: 13,
  /** ; ; fresh. p += fresh·(g − p): a running mean */
  average: 14,
} as const;
export type UpdateRule = (typeof UpdateRule)[keyof typeof UpdateRule];

/** What a rule takes: states and factors for each tensor, and scalars of its own after the common ones. */
export interface RuleShape {
  readonly states: number;
  readonly factors: number;
  readonly scalars: number;
}

const shape = (states: number, factors: number, scalars: number): RuleShape => ({
  states,
  factors,
  scalars,
});

export const RULE_SHAPES: Readonly<Record<UpdateRule, RuleShape>> = {
  [UpdateRule.sgd]: shape(0, 0, 1),
  [UpdateRule.momentum]: shape(1, 2, 1),
  [UpdateRule.nesterov]: shape(1, 2, 2),
  [UpdateRule.adagrad]: shape(1, 1, 1),
  [UpdateRule.adadelta]: shape(2, 0, 3),
  [UpdateRule.rmsprop]: shape(1, 0, 3),
  [UpdateRule.rmspropMomentum]: shape(2, 0, 4),
  [UpdateRule.rmspropCentered]: shape(2, 0, 3),
  [UpdateRule.rmspropCenteredMomentum]: shape(3, 0, 4),
  [UpdateRule.adam]: shape(2, 3, 2),
  [UpdateRule.amsgrad]: shape(3, 3, 2),
  [UpdateRule.nadam]: shape(2, 3, 3),
  [UpdateRule.adamax]: shape(2, 1, 3),
  [UpdateRule.lion]: shape(1, 0, 3),
  [UpdateRule.average]: shape(0, 0, 1),
};

/** All tables of codes. */
export const OP_CODES = {
  UnaryOp,
  UnaryGradOp,
  BinaryOp,
  CompareOp,
  ReduceOp,
  ArgOp,
  UpsampleMode,
  UpdateRule,
} as const;

/** Of the tables whose kernels take int32 too, the codes that it has. */
export const INT32_CODES = {
  UnaryOp: [
    ...[UnaryOp.neg, UnaryOp.abs, UnaryOp.sign, UnaryOp.square],
    ...[UnaryOp.relu, UnaryOp.clamp],
  ],
  BinaryOp: Object.values(BinaryOp).filter((op) => op !== BinaryOp.atan2),
  ReduceOp: [ReduceOp.sum, ReduceOp.max, ReduceOp.min, ReduceOp.prod],
} as const;

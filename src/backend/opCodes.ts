/** Which function a kernel with an `op` argument computes; both backends number them alike. */

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
  /** a > b ? 1 : a == b ? 0.5 : 0, the share of a in the gradient of maximum(a, b) */
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

/** How an output position p finds its input positions: floor(p·scale), or a mix of two, see Kernels.upsample2d. */
export const UpsampleMode = { nearest: 0, bilinear: 1, bilinearCorners: 2 } as const;
export type UpsampleMode = (typeof UpsampleMode)[keyof typeof UpsampleMode];

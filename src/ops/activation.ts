import { UnaryGradOp, UnaryOp } from '../backend/kernels/index.js';
import { ArgumentError } from '../errors.js';
import { checkOptions, inWords, type OptionNames } from '../options.js';
import type { Tensor } from '../tensor/tensor.js';
import { BOUNDS, type Bounds, checkBounds, clamp } from './clamp.js';
import { add, erf, exp, mul, neg, square, sub } from './elementwise.js';
import { defineActivation, defineSimple, whereAbove } from './kit/activation.js';
import { composite } from './kit/composite.js';

// All that this file exports is public: a new activation is one function here.

/** max(x, 0); gradient 0 at 0. */
export const relu = defineSimple('relu', UnaryOp.relu, {
  saves: 'output',
  code: UnaryGradOp.relu,
});

/** Hyperbolic tangent. */
export const tanh = defineSimple('tanh', UnaryOp.tanh, {
  saves: 'output',
  code: UnaryGradOp.tanh,
  composed: (g, y) => mul(g, sub(1, square(y))),
});

/** 1/(1 + e⁻ˣ) */
export const sigmoid = defineSimple('sigmoid', UnaryOp.sigmoid, {
  saves: 'output',
  code: UnaryGradOp.sigmoid,
  composed: (g, y) => mul(g, mul(y, sub(1, y))),
});

/** x·sigmoid(x), also called swish. */
export const silu = defineSimple('silu', UnaryOp.silu, {
  saves: 'input',
  code: UnaryGradOp.silu,
  composed: (g, x) => {
    const s = sigmoid(x);
    return mul(g, mul(s, add(mul(x, sub(1, s)), 1)));
  },
});

export interface LeakyReluOptions {
  /** Factor of x below 0. Default: 0.01. */
  slope?: number;
}

const LEAKY_RELU: OptionNames<LeakyReluOptions> = { slope: true };

const leakyReluOf = defineActivation<{ readonly slope: number }>('leakyRelu', UnaryOp.leakyRelu, {
  saves: 'input',
  code: UnaryGradOp.leakyRelu,
  numbers: ({ slope }) => [slope, 0],
});

/** x > 0 ? x : slope·x (Maas et al. 2013). */
export function leakyRelu(x: Tensor, options: LeakyReluOptions = {}): Tensor {
  checkOptions('leakyRelu', options, LEAKY_RELU);
  const { slope = 0.01 } = options;
  return leakyReluOf(x, { slope });
}

export interface EluOptions {
  /** What −elu(−∞) is. Default: 1. */
  alpha?: number;
}

const ELU: OptionNames<EluOptions> = { alpha: true };

const eluOf = defineActivation<{ readonly alpha: number }>('elu', UnaryOp.elu, {
  saves: 'input',
  code: UnaryGradOp.elu,
  numbers: ({ alpha }) => [alpha, 0],
  // 1 for x > 0, α·eˣ below: written with min(x, 0), whose own gradient vanishes above 0.
  composed: (g, x, { alpha }) => {
    const below = mul(exp(clamp(x, { high: 0 })), alpha);
    const above = whereAbove(g, x);
    return add(above, mul(sub(g, above), below));
  },
});

/** x > 0 ? x : α(eˣ − 1) (Clevert et al. 2016). */
export function elu(x: Tensor, options: EluOptions = {}): Tensor {
  checkOptions('elu', options, ELU);
  const { alpha = 1 } = options;
  return eluOf(x, { alpha });
}

export interface GeluOptions {
  /** 'tanh' for the approximation by tanh. Default: 'none', exact. */
  approximate?: 'none' | 'tanh';
}

const GELU: OptionNames<GeluOptions> = { approximate: true };

const geluExact = defineActivation<GeluOptions>('gelu', UnaryOp.gelu, {
  saves: 'input',
  code: UnaryGradOp.gelu,
  composed: (g, x) => {
    const cdf = mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
    const density = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return mul(g, add(cdf, mul(x, density)));
  },
});
const geluByTanh = defineActivation<GeluOptions>('gelu', UnaryOp.geluTanh, {
  saves: 'input',
  code: UnaryGradOp.geluTanh,
  composed: (g, x) => {
    const scale = Math.sqrt(2 / Math.PI);
    const inner = mul(add(x, mul(mul(square(x), x), 0.044715)), scale);
    const t = tanh(inner);
    const slope = mul(add(mul(square(x), 3 * 0.044715), 1), scale);
    const bent = mul(mul(x, sub(1, square(t))), slope);
    return mul(g, mul(add(add(t, 1), bent), 0.5));
  },
});

/** x·Φ(x) (Hendrycks and Gimpel 2016). */
export function gelu(x: Tensor, options: GeluOptions = {}): Tensor {
  checkOptions('gelu', options, GELU);
  const { approximate = 'none' } = options;
  if (approximate !== 'none' && approximate !== 'tanh') {
    throw new ArgumentError(
      `gelu: approximate is ${inWords(approximate)}, expected 'none' or 'tanh'`,
    );
  }
  return approximate === 'tanh' ? geluByTanh(x, { approximate }) : geluExact(x, { approximate });
}

export interface SoftplusOptions {
  /** Sharpness of the bend, above 0. Default: 1. */
  beta?: number;
  /** x itself is returned where β·x is larger. Default: 20. */
  threshold?: number;
}

const SOFTPLUS: OptionNames<SoftplusOptions> = { beta: true, threshold: true };

const softplusOf = defineActivation<Required<SoftplusOptions>>('softplus', UnaryOp.softplus, {
  saves: 'input',
  code: UnaryGradOp.softplus,
  numbers: ({ beta, threshold }) => [beta, threshold],
  composed: (g, x, { beta, threshold }) => {
    const linear = whereAbove(g, sub(x, threshold / beta));
    return add(linear, mul(sub(g, linear), sigmoid(mul(x, beta))));
  },
});

/** log(1 + e^(β·x))/β, and x itself where β·x > threshold. */
export function softplus(x: Tensor, options: SoftplusOptions = {}): Tensor {
  checkOptions('softplus', options, SOFTPLUS);
  const { beta = 1, threshold = 20 } = options;
  if (!(beta > 0)) throw new ArgumentError(`softplus: beta is ${beta}, expected a number > 0`);
  return softplusOf(x, { beta, threshold });
}

export interface HardtanhOptions {
  /** Default: −1. */
  low?: number;
  /** Default: 1. */
  high?: number;
}

const hardtanhOf = defineActivation<Bounds>('hardtanh', UnaryOp.clamp, {
  saves: 'input',
  code: UnaryGradOp.hardtanh,
  numbers: ({ low, high }) => [low, high],
});
/** min(max(x, low), high); no gradient at and beyond the bounds. */
export function hardtanh(x: Tensor, options: HardtanhOptions = {}): Tensor {
  checkOptions('hardtanh', options, BOUNDS);
  const { low = -1, high = 1 } = options;
  return hardtanhOf(x, checkBounds('hardtanh', low, high));
}

/** x·tanh(softplus(x)) (Misra 2019). */
export function mish(x: Tensor): Tensor {
  return composite(() => mul(x, tanh(softplus(x))));
}

/** log(sigmoid(x)), stable: −softplus(−x). */
export function logSigmoid(x: Tensor): Tensor {
  return composite(() => neg(softplus(neg(x))));
}

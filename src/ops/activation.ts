import { UnaryGradOp, UnaryOp } from '../backend/kernels/index.js';
import { kernels } from '../backend/select.js';
import { ArgumentError } from '../errors.js';
import { checkOptions, type OptionNames } from '../options.js';
import type { Nothing } from '../tape/node.js';
import { record } from '../tape/record.js';
import { isRecording } from '../tensor/scope.js';
import { empty, inLayout, releaseTemporary, type Tensor } from '../tensor/tensor.js';
import { add, erf, exp, mul, neg, square, sub } from './elementwise.js';
import { composite } from './kit/composite.js';
import { checkFloat, checkTensor, defineOp, floats, ints } from './kit/define.js';

/** g · f'(s) of an activation f; see {@link UnaryGradOp}. */
interface Slope {
  readonly code: UnaryGradOp;
  readonly p: number;
  readonly q: number;
}

/** g · f'(s) in one kernel, not recorded. */
function gradKernel(g: Tensor, s: Tensor, { code, p, q }: Slope): Tensor {
  const saved = inLayout(s, g.layout);
  const out = empty(g.shape, g.dtype, g.layout);
  kernels().unaryGrad(floats(out), floats(g), floats(saved), g.size, code, p, q);
  releaseTemporary(saved, s);
  return out;
}

const piecewiseGradOp = defineOp<{ s: Tensor }, Slope>('piecewiseGrad', (g, { saved, attrs }) => [
  piecewiseGrad(g, saved.s, attrs),
]);

/** g · f'(s) of a piecewise linear f: linear in g, and without a derivative in s. */
function piecewiseGrad(g: Tensor, s: Tensor, slope: Slope): Tensor {
  return record(piecewiseGradOp, gradKernel(g, s, slope), [g], { s }, slope);
}

/** g where s > 0, and 0 elsewhere. */
function whereAbove(g: Tensor, s: Tensor): Tensor {
  return piecewiseGrad(g, s, { code: UnaryGradOp.relu, p: 0, q: 0 });
}

/** What an activation's gradient is computed from, and how. */
interface Rule<A> {
  readonly saves: 'input' | 'output';
  readonly code: UnaryGradOp;
  /** The kernels' numbers, from the attributes. Default: none. */
  readonly numbers?: (attrs: A) => readonly [p: number, q: number];
  /** The gradient as ops, for gradients of gradients; absent for piecewise linear functions. */
  readonly composed?: (g: Tensor, s: Tensor, attrs: A) => Tensor;
}

function defineActivation<A extends object>(
  name: string,
  code: UnaryOp,
  { saves, code: gradCode, numbers = () => [0, 0], composed }: Rule<A>,
): (x: Tensor, attrs: A) => Tensor {
  const op = defineOp<{ s: Tensor }, A>(name, (g, { saved: { s }, attrs }) => {
    const [p, q] = numbers(attrs);
    const slope = { code: gradCode, p, q };
    if (composed === undefined) return [piecewiseGrad(g, s, slope)];
    return [isRecording() ? composed(g, s, attrs) : gradKernel(g, s, slope)];
  });
  return (x, attrs) => {
    checkFloat(x, name);
    const [p, q] = numbers(attrs);
    const out = empty(x.shape, x.dtype, x.layout);
    kernels().unary(floats(out), floats(x), x.size, code, p, q);
    return record(op, out, [x], { s: saves === 'input' ? x : out }, attrs);
  };
}

/** An activation without options. */
function defineSimple(name: string, code: UnaryOp, rule: Rule<Nothing>): (x: Tensor) => Tensor {
  const activation = defineActivation<Nothing>(name, code, rule);
  return (x) => activation(x, NOTHING);
}

const NOTHING: Nothing = Object.freeze({});

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
      `gelu: approximate is ${String(approximate)}, expected 'none' or 'tanh'`,
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

export interface ClampOptions {
  /** Default: −∞. */
  low?: number;
  /** Default: ∞. */
  high?: number;
}

/** Where an activation is cut off. */
type Bounds = Required<ClampOptions>;

const BOUNDS: OptionNames<ClampOptions> = { low: true, high: true };

function checkBounds(op: string, low: number, high: number): Bounds {
  if (low <= high) return { low, high };
  throw new ArgumentError(`${op}: low ${low} and high ${high}, expected low ≤ high`);
}

const hardtanhOf = defineActivation<Bounds>('hardtanh', UnaryOp.clamp, {
  saves: 'input',
  code: UnaryGradOp.hardtanh,
  numbers: ({ low, high }) => [low, high],
});
const clampOf = defineActivation<Bounds>('clamp', UnaryOp.clamp, {
  saves: 'input',
  code: UnaryGradOp.clamp,
  numbers: ({ low, high }) => [low, high],
});
const clampIntegersOp = defineOp<Nothing, Bounds>('clamp');

/** min(max(x, low), high); no gradient at and beyond the bounds. */
export function hardtanh(x: Tensor, options: HardtanhOptions = {}): Tensor {
  checkOptions('hardtanh', options, BOUNDS);
  const { low = -1, high = 1 } = options;
  return hardtanhOf(x, checkBounds('hardtanh', low, high));
}

/** min(max(x, low), high); the gradient passes where low ≤ x ≤ high. int32 works, without gradient. */
export function clamp(x: Tensor, options: ClampOptions = {}): Tensor {
  checkOptions('clamp', options, BOUNDS);
  const { low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY } = options;
  const bounds = checkBounds('clamp', low, high);
  checkTensor(x, 'clamp');
  if (x.dtype !== 'int32') return clampOf(x, bounds);
  const out = empty(x.shape, 'int32', x.layout);
  kernels().unary(ints(out), ints(x), x.size, UnaryOp.clamp, low, high);
  return record(clampIntegersOp, out, [x], {}, bounds);
}

/** log(sigmoid(x)), stable: −softplus(−x). */
export function logSigmoid(x: Tensor): Tensor {
  return composite(() => neg(softplus(neg(x))));
}

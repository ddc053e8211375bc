import { UnaryGradOp, UnaryOp } from '../backend/kernels/index.js';
import { kernels } from '../backend/select.js';
import { ArgumentError } from '../errors.js';
import { record } from '../tape/node.js';
import { isRecording } from '../tensor/scope.js';
import { empty, inLayout, releaseTemporary, type Tensor } from '../tensor/tensor.js';
import { add, erf, exp, mul, neg, square, sub } from './elementwise.js';
import { composite } from './kit/composite.js';
import { checkFloat, defineOp, floats, ints } from './kit/define.js';

interface GradAttrs {
  readonly code: UnaryGradOp;
  readonly p: number;
  readonly q: number;
}

/** g · f'(s) in one kernel, not recorded. */
function gradKernel(g: Tensor, s: Tensor, { code, p, q }: GradAttrs): Tensor {
  const saved = inLayout(s, g.layout);
  const out = empty(g.shape, g.dtype, g.layout);
  kernels().unaryGrad(floats(out), floats(g), floats(saved), g.size, code, p, q);
  releaseTemporary(saved, s);
  return out;
}

const piecewiseGradOp = defineOp<GradAttrs>('piecewiseGrad', (g, node) => [
  piecewiseGrad(g, node.saved(0), node.attrs),
]);

/** g · f'(s) of a piecewise linear f: linear in g, and without a derivative in s. */
function piecewiseGrad(g: Tensor, s: Tensor, attrs: GradAttrs): Tensor {
  return record(piecewiseGradOp, gradKernel(g, s, attrs), [g], [s], attrs);
}

function forward(x: Tensor, name: string, code: UnaryOp, p: number, q: number): Tensor {
  checkFloat(x, name);
  const out = empty(x.shape, x.dtype, x.layout);
  kernels().unary(floats(out), floats(x), x.size, code, p, q);
  return out;
}

/** What an activation's rule needs to know. */
interface Rule {
  readonly saves: 'input' | 'output';
  readonly code: UnaryGradOp;
  /** The gradient as ops, for gradients of gradients; absent for piecewise linear functions. */
  readonly composed?: (g: Tensor, s: Tensor, p: number, q: number) => Tensor;
}

function defineActivation(
  name: string,
  code: UnaryOp,
  rule: Rule,
): (x: Tensor, p?: number, q?: number) => Tensor {
  const op = defineOp<{ p: number; q: number }>(name, (g, node) => {
    const { p, q } = node.attrs;
    const s = node.saved(0);
    const attrs = { code: rule.code, p, q };
    if (rule.composed === undefined) return [piecewiseGrad(g, s, attrs)];
    return [isRecording() ? rule.composed(g, s, p, q) : gradKernel(g, s, attrs)];
  });
  return (x, p = 0, q = 0) => {
    const out = forward(x, name, code, p, q);
    return record(op, out, [x], [rule.saves === 'input' ? x : out], { p, q });
  };
}

const reluRule = defineActivation('relu', UnaryOp.relu, {
  saves: 'output',
  code: UnaryGradOp.relu,
});
const leakyReluRule = defineActivation('leakyRelu', UnaryOp.leakyRelu, {
  saves: 'input',
  code: UnaryGradOp.leakyRelu,
});
const hardtanhRule = defineActivation('hardtanh', UnaryOp.clamp, {
  saves: 'input',
  code: UnaryGradOp.hardtanh,
});
const clampRule = defineActivation('clamp', UnaryOp.clamp, {
  saves: 'input',
  code: UnaryGradOp.clamp,
});
const tanhRule = defineActivation('tanh', UnaryOp.tanh, {
  saves: 'output',
  code: UnaryGradOp.tanh,
  composed: (g, y) => mul(g, sub(1, square(y))),
});
const sigmoidRule = defineActivation('sigmoid', UnaryOp.sigmoid, {
  saves: 'output',
  code: UnaryGradOp.sigmoid,
  composed: (g, y) => mul(g, mul(y, sub(1, y))),
});
const eluRule = defineActivation('elu', UnaryOp.elu, {
  saves: 'input',
  code: UnaryGradOp.elu,
  // 1 for x > 0, α·eˣ below: written with min(x, 0), whose own gradient vanishes above 0.
  composed: (g, x, alpha) => {
    const negative = clampRule(x, Number.NEGATIVE_INFINITY, 0);
    const below = mul(exp(negative), alpha);
    const above = piecewiseGrad(g, x, { code: UnaryGradOp.relu, p: 0, q: 0 });
    const rest = sub(g, above);
    return add(above, mul(rest, below));
  },
});
const siluRule = defineActivation('silu', UnaryOp.silu, {
  saves: 'input',
  code: UnaryGradOp.silu,
  composed: (g, x) => {
    const s = sigmoid(x);
    return mul(g, mul(s, add(mul(x, sub(1, s)), 1)));
  },
});
const geluRule = defineActivation('gelu', UnaryOp.gelu, {
  saves: 'input',
  code: UnaryGradOp.gelu,
  composed: (g, x) => {
    const cdf = mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
    const density = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return mul(g, add(cdf, mul(x, density)));
  },
});
const geluTanhRule = defineActivation('gelu', UnaryOp.geluTanh, {
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
const softplusRule = defineActivation('softplus', UnaryOp.softplus, {
  saves: 'input',
  code: UnaryGradOp.softplus,
  composed: (g, x, beta, threshold) => {
    const linear = piecewiseGrad(g, sub(x, threshold / beta), {
      code: UnaryGradOp.relu,
      p: 0,
      q: 0,
    });
    return add(linear, mul(sub(g, linear), sigmoid(mul(x, beta))));
  },
});

/** max(x, 0); gradient 0 at 0. */
export function relu(x: Tensor): Tensor {
  return reluRule(x);
}

/** x > 0 ? x : slope·x (Maas et al. 2013). slope defaults to 0.01. */
export function leakyRelu(x: Tensor, slope = 0.01): Tensor {
  return leakyReluRule(x, slope);
}

/** x > 0 ? x : α(eˣ − 1) (Clevert et al. 2016). α defaults to 1. */
export function elu(x: Tensor, alpha = 1): Tensor {
  return eluRule(x, alpha);
}

/** x·Φ(x) (Hendrycks and Gimpel 2016), exact by default, or its tanh approximation. */
export function gelu(x: Tensor, approximate: 'none' | 'tanh' = 'none'): Tensor {
  if (approximate === 'tanh') return geluTanhRule(x);
  if (approximate === 'none') return geluRule(x);
  throw new ArgumentError(`gelu: approximate is ${String(approximate)}, expected 'none' or 'tanh'`);
}

/** x·sigmoid(x), also called swish. */
export function silu(x: Tensor): Tensor {
  return siluRule(x);
}

/** 1/(1 + e⁻ˣ) */
export function sigmoid(x: Tensor): Tensor {
  return sigmoidRule(x);
}

/** Hyperbolic tangent. */
export function tanh(x: Tensor): Tensor {
  return tanhRule(x);
}

/** log(1 + e^(β·x))/β, and x itself where β·x > threshold. β = 1 and threshold = 20 by default. */
export function softplus(x: Tensor, beta = 1, threshold = 20): Tensor {
  if (!(beta > 0)) throw new ArgumentError(`softplus: beta is ${beta}, expected a number > 0`);
  return softplusRule(x, beta, threshold);
}

/** min(max(x, low), high), −1 and 1 by default; no gradient at and beyond the bounds. */
export function hardtanh(x: Tensor, low = -1, high = 1): Tensor {
  checkBounds('hardtanh', low, high);
  return hardtanhRule(x, low, high);
}

/** min(max(x, low), high); the gradient passes where low ≤ x ≤ high. int32 works, without gradient. */
export function clamp(
  x: Tensor,
  low = Number.NEGATIVE_INFINITY,
  high = Number.POSITIVE_INFINITY,
): Tensor {
  checkBounds('clamp', low, high);
  if (x.dtype !== 'int32') return clampRule(x, low, high);
  const out = empty(x.shape, 'int32', x.layout);
  kernels().unary(ints(out), ints(x), x.size, UnaryOp.clamp, low, high);
  return out;
}

function checkBounds(op: string, low: number, high: number): void {
  if (!(low <= high))
    throw new ArgumentError(`${op}: low ${low} and high ${high}, expected low ≤ high`);
}

/** log(sigmoid(x)), stable: −softplus(−x). */
export function logSigmoid(x: Tensor): Tensor {
  return composite(() => neg(softplus(neg(x))));
}

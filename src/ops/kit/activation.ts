import { UnaryGradOp, type UnaryOp } from '../../backend/kernels/index.js';
import { kernels } from '../../backend/select.js';
import type { Nothing } from '../../tape/node.js';
import { record } from '../../tape/record.js';
import { isRecording } from '../../tensor/scope.js';
import { empty, inLayout, releaseTemporary, type Tensor } from '../../tensor/tensor.js';
import { checkFloat, defineOp, floats } from './define.js';

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
export function whereAbove(g: Tensor, s: Tensor): Tensor {
  return piecewiseGrad(g, s, { code: UnaryGradOp.relu, p: 0, q: 0 });
}

/** What an activation's gradient is computed from, and how. */
export interface Rule<A> {
  readonly saves: 'input' | 'output';
  readonly code: UnaryGradOp;
  /** The kernels' numbers, from the attributes. Default: none. */
  readonly numbers?: (attrs: A) => readonly [p: number, q: number];
  /** The gradient as ops, for gradients of gradients; absent for piecewise linear functions. */
  readonly composed?: (g: Tensor, s: Tensor, attrs: A) => Tensor;
}

export function defineActivation<A extends object>(
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
export function defineSimple(
  name: string,
  code: UnaryOp,
  rule: Rule<Nothing>,
): (x: Tensor) => Tensor {
  const activation = defineActivation<Nothing>(name, code, rule);
  return (x) => activation(x, NOTHING);
}

const NOTHING: Nothing = Object.freeze({});

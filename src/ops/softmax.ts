import { kernels } from '../backend/select.js';
import { record } from '../tape/record.js';
import { isRecording } from '../tensor/scope.js';
import { dim, normalizeAxes, normalizeAxis, type Shape } from '../tensor/shape.js';
import { empty, inLayout, releaseTemporary, type Tensor } from '../tensor/tensor.js';
import { abs, add, equal, exp, less, log, mul, sub, where } from './elementwise.js';
import { unrecorded } from './kit/composite.js';
import { checkFloat, defineOp, floats, memoryOrder } from './kit/define.js';
import { type Axes, max, sum } from './reduce.js';
import { reshape } from './view.js';

interface SoftmaxAttrs {
  readonly axis: number;
  /** 1 for log-softmax, as kernels take it. */
  readonly log: 0 | 1;
}

/** x's memory as [outer, axis, inner], whichever its layout. */
function splitMemory(x: Tensor, axis: number): readonly [number, number, number] {
  const order = memoryOrder(x.rank, x.layout);
  const at = order.indexOf(axis);
  const sizeOfAxes = (axes: readonly number[]): number =>
    axes.reduce((size, other) => size * dim(x.shape, other), 1);
  return [sizeOfAxes(order.slice(0, at)), dim(x.shape, axis), sizeOfAxes(order.slice(at + 1))];
}

function gradKernel(g: Tensor, y: Tensor, attrs: SoftmaxAttrs): Tensor {
  const source = inLayout(g, y.layout);
  const out = empty(y.shape, y.dtype, y.layout);
  kernels().softmaxGrad(
    floats(out),
    floats(source),
    floats(y),
    ...splitMemory(y, attrs.axis),
    attrs.log,
  );
  releaseTemporary(source, g);
  return out;
}

const softmaxOp = defineOp<SoftmaxAttrs>('softmax', (g, node) => {
  const y = node.saved(0);
  if (!isRecording()) return [gradKernel(g, y, node.attrs)];
  return [mul(y, sub(g, sum(mul(g, y), node.attrs.axis, true)))];
});
const logSoftmaxOp = defineOp<SoftmaxAttrs>('logSoftmax', (g, node) => {
  const y = node.saved(0);
  if (!isRecording()) return [gradKernel(g, y, node.attrs)];
  return [sub(g, mul(exp(y), sum(g, node.attrs.axis, true)))];
});

function forward(x: Tensor, op: typeof softmaxOp, axis: number, isLog: 0 | 1): Tensor {
  checkFloat(x, op.name);
  const attrs: SoftmaxAttrs = { axis: normalizeAxis(axis, x.rank, op.name), log: isLog };
  const out = empty(x.shape, x.dtype, x.layout);
  kernels().softmax(floats(out), floats(x), ...splitMemory(x, attrs.axis), isLog);
  return record(op, out, [x], [out], attrs);
}

/** eˣ / Σ eˣ along an axis (the last by default), shifted by the maximum so that nothing overflows. */
export function softmax(x: Tensor, axis = -1): Tensor {
  return forward(x, softmaxOp, axis, 0);
}

/** x − log Σ eˣ along an axis (the last by default): the logarithm of softmax, stable. */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  return forward(x, logSoftmaxOp, axis, 1);
}

const logSumExpOp = defineOp<Shape>('logSumExp', (g, node) => {
  const x = node.saved(0);
  const y = reshape(node.saved(1), node.attrs);
  // Where all are −∞ nothing has a share, instead of −∞ − −∞.
  const total = where(equal(y, Number.NEGATIVE_INFINITY), 0, y);
  return [mul(reshape(g, node.attrs), exp(sub(x, total)))];
});

/**
 * log Σ eˣ over axes (all by default), shifted by the maximum so that nothing overflows. −∞ where all are −∞
 * (whose gradient is 0), or where there is nothing to sum.
 */
export function logSumExp(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  checkFloat(x, 'logSumExp');
  const list = normalizeAxes(axes, x.rank, 'logSumExp');
  const keptShape = x.shape.map((size, axis) => (list.includes(axis) ? 1 : size));
  const shape = keepDims ? keptShape : x.shape.filter((_, axis) => !list.includes(axis));
  const out = unrecorded(() => {
    if (list.some((axis) => dim(x.shape, axis) === 0)) return log(sum(exp(x), list, keepDims));
    const peak = max(x, list, true);
    const shift = where(less(abs(peak), Number.POSITIVE_INFINITY), peak, 0);
    return reshape(add(log(sum(exp(sub(x, shift)), list, true)), shift), shape);
  });
  return record(logSumExpOp, out, [x], [x, out], keptShape);
}

import { kernels } from '../backend/select.js';
import { record } from '../tape/record.js';
import { isRecording } from '../tensor/scope.js';
import { dim, normalizeAxis } from '../tensor/shape.js';
import { empty, inLayout, releaseTemporary, type Tensor } from '../tensor/tensor.js';
import { abs, add, equal, exp, less, log, mul, sub, where } from './elementwise.js';
import { unrecorded } from './kit/composite.js';
import { checkFloat, defineOp, floats, memoryOrder } from './kit/define.js';
import { KEEP_DIMS, type ReduceOptions } from './kit/options.js';
import { type Axes, type ReduceAttrs, reduceAttrs, reducedShape } from './kit/reduction.js';
import { max, sum } from './reduce.js';
import { reshape } from './view.js';

interface SoftmaxAttrs {
  readonly axis: number;
}

/** Both gradients are computed from the output. */
type Output = { readonly y: Tensor };

/** Which of both, as kernels take it. */
type IsLog = 0 | 1;

/** x's memory as [outer, axis, inner], whichever its layout. */
function splitMemory(x: Tensor, axis: number): readonly [number, number, number] {
  const order = memoryOrder(x.rank, x.layout);
  const at = order.indexOf(axis);
  const sizeOfAxes = (axes: readonly number[]): number =>
    axes.reduce((size, other) => size * dim(x.shape, other), 1);
  return [sizeOfAxes(order.slice(0, at)), dim(x.shape, axis), sizeOfAxes(order.slice(at + 1))];
}

function gradKernel(g: Tensor, y: Tensor, axis: number, isLog: IsLog): Tensor {
  const source = inLayout(g, y.layout);
  const out = empty(y.shape, y.dtype, y.layout);
  kernels().softmaxGrad(floats(out), floats(source), floats(y), ...splitMemory(y, axis), isLog);
  releaseTemporary(source, g);
  return out;
}

const softmaxOp = defineOp<Output, SoftmaxAttrs>('softmax', (g, { saved: { y }, attrs }) => {
  if (!isRecording()) return [gradKernel(g, y, attrs.axis, 0)];
  return [mul(y, sub(g, sum(mul(g, y), attrs.axis, KEEP_DIMS)))];
});
const logSoftmaxOp = defineOp<Output, SoftmaxAttrs>('logSoftmax', (g, { saved: { y }, attrs }) => {
  if (!isRecording()) return [gradKernel(g, y, attrs.axis, 1)];
  return [sub(g, mul(exp(y), sum(g, attrs.axis, KEEP_DIMS)))];
});

function forward(op: typeof softmaxOp, x: Tensor, axis: number, isLog: IsLog): Tensor {
  checkFloat(x, op.name);
  const at = normalizeAxis(axis, x.rank, op.name);
  const y = empty(x.shape, x.dtype, x.layout);
  kernels().softmax(floats(y), floats(x), ...splitMemory(x, at), isLog);
  return record(op, y, [x], { y }, { axis: at });
}

/** eˣ / Σ eˣ along an axis (the last by default), shifted by the maximum so that nothing overflows. */
export function softmax(x: Tensor, axis = -1): Tensor {
  return forward(softmaxOp, x, axis, 0);
}

/** x − log Σ eˣ along an axis (the last by default): the logarithm of softmax, stable. */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  return forward(logSoftmaxOp, x, axis, 1);
}

const logSumExpOp = defineOp<Output & { readonly x: Tensor }, ReduceAttrs>(
  'logSumExp',
  (g, { saved, attrs }) => {
    const { x } = saved;
    const shape = reducedShape(x.shape, attrs.axes, true);
    const y = reshape(saved.y, shape);
    // Where all are −∞ nothing has a share, instead of −∞ − −∞.
    const total = where(equal(y, Number.NEGATIVE_INFINITY), 0, y);
    return [mul(reshape(g, shape), exp(sub(x, total)))];
  },
);

/**
 * log Σ eˣ over axes (all by default), shifted by the maximum so that nothing overflows. −∞ where all are −∞
 * (whose gradient is 0), or where there is nothing to sum.
 */
export function logSumExp(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  checkFloat(x, 'logSumExp');
  const attrs = reduceAttrs('logSumExp', x, axes, options);
  const list = attrs.axes;
  const y = unrecorded(() => {
    if (list.some((axis) => dim(x.shape, axis) === 0))
      return log(sum(exp(x), list, { keepDims: attrs.keepDims }));
    const peak = max(x, list, KEEP_DIMS);
    const shift = where(less(abs(peak), Number.POSITIVE_INFINITY), peak, 0);
    const total = add(log(sum(exp(sub(x, shift)), list, KEEP_DIMS)), shift);
    return reshape(total, reducedShape(x.shape, list, attrs.keepDims));
  });
  return record(logSumExpOp, y, [x], { x, y }, attrs);
}

import { checkNumbers } from '../arguments.js';
import { ReduceOp } from '../backend/kernels/index.js';
import { DTypeError, ShapeError } from '../errors.js';
import type { Nothing } from '../tape/node.js';
import { record } from '../tape/record.js';
import { isFloat } from '../tensor/dtype.js';
import {
  broadcastsTo,
  checkShape,
  dim,
  formatShape,
  type Shape,
  sameShape,
} from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { checkTensor, defineOp, inputShape } from './kit/define.js';
import type { ReduceOptions } from './kit/options.js';
import {
  type Axes,
  type ReduceAttrs,
  reduceAttrs,
  reduced,
  reducedShape,
} from './kit/reduction.js';
import { walked, walkThrough } from './kit/strided.js';
import { reshape } from './view.js';

// Each is the gradient of the other: summing over axes, and repeating along them.

const sumOp = defineOp<Nothing, ReduceAttrs>('sum', (g, node) => [
  restored(g, inputShape(node), node.attrs.axes),
]);

/** Sum over axes (all by default). int32 wraps. */
export function sum(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  const attrs = reduceAttrs('sum', x, axes, options);
  return record(sumOp, reduced('sum', ReduceOp.sum, x, attrs), [x], {}, attrs);
}

/** The gradient of a reduction over axes, repeated along them, up to the shape of its input. @internal */
export function restored(g: Tensor, shape: Shape, axes: readonly number[]): Tensor {
  return expand(reshape(g, reducedShape(shape, axes, true)), shape);
}

/** Sums x down to a shape that broadcasts to x's: the gradient of broadcasting. @internal */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  if (!isFloat(x.dtype)) throw new DTypeError(`sumTo: x is ${x.dtype}, expected floats`);
  if (!broadcastsTo(shape, x.shape)) {
    throw new ShapeError(
      `sumTo: ${formatShape(shape)} does not broadcast to ${formatShape(x.shape)}`,
    );
  }
  const extra = x.rank - shape.length;
  const axes: number[] = [];
  for (let axis = 0; axis < x.rank; axis++) {
    if (axis < extra || (shape[axis - extra] === 1 && dim(x.shape, axis) !== 1)) axes.push(axis);
  }
  const reduced = sum(x, axes);
  if (sameShape(reduced.shape, shape)) return reduced;
  const out = reshape(reduced, shape);
  reduced.dispose();
  return out;
}

const expandOp = defineOp<Nothing, { readonly shape: Shape }>('expand', (g, node) => [
  sumTo(g, inputShape(node)),
]);

/** Broadcasts x to a shape; −1 keeps a size. Copies. */
export function expand(x: Tensor, shape: Shape): Tensor {
  checkTensor(x, 'expand');
  checkNumbers('expand', 'shape', shape);
  const target = shape.map((size, i) =>
    size === -1 ? (x.shape[i - shape.length + x.rank] ?? -1) : size,
  );
  checkShape(target, 'expand');
  if (!broadcastsTo(x.shape, target)) {
    throw new ShapeError(
      `expand: ${formatShape(x.shape)} does not broadcast to ${formatShape(shape)}`,
    );
  }
  if (sameShape(x.shape, target)) return x;
  const layout = target.length === x.rank ? x.layout : 'rowMajor';
  const out = walked(x, target, walkThrough(x, target), layout);
  return record(expandOp, out, [x], {}, { shape: target });
}

import { checkNumbers } from '../arguments.js';
import { ShapeError } from '../errors.js';
import type { Nothing } from '../tape/node.js';
import { record } from '../tape/record.js';
import {
  checkShape,
  dim,
  formatShape,
  normalizeAxes,
  normalizeAxis,
  type Shape,
  sameShape,
  sizeOf,
} from '../tensor/shape.js';
import { releaseTemporary, rowMajor, type Tensor } from '../tensor/tensor.js';
import { checkTensor, defineOp, inputShape, stridesIn } from './kit/define.js';
import { walked } from './kit/strided.js';

// --- views: no data moves -----------------------------------------------------------------------------

const reshapeOp = defineOp<Nothing, { readonly shape: Shape }>('reshape', (g, node) => [
  reshape(g, inputShape(node)),
]);

/** A handle of x's row-major elements in another shape. */
function viewAs(x: Tensor, shape: Shape): Tensor {
  const source = rowMajor(x);
  const view = source.share(shape);
  releaseTemporary(source, x);
  return record(reshapeOp, view, [x], {}, { shape });
}

/** The same elements in another shape; one size may be −1 and follows from the others. Shares memory. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  checkTensor(x, 'reshape');
  checkNumbers('reshape', 'shape', shape);
  const free = shape.indexOf(-1);
  let target = shape;
  if (free >= 0) {
    const known = shape.reduce((n, size, i) => (i === free ? n : n * size), 1);
    const inferred = known === 0 ? Number.NaN : x.size / known;
    target = shape.map((size, i) => (i === free ? inferred : size));
    if (!Number.isInteger(inferred) || target.some((size) => size < 0)) {
      throw new ShapeError(
        `reshape: ${formatShape(x.shape)} has ${x.size} elements, which do not fill ${formatShape(shape)}`,
      );
    }
  }
  checkShape(target, 'reshape');
  if (sizeOf(target) !== x.size) {
    throw new ShapeError(
      `reshape: ${formatShape(x.shape)} has ${x.size} elements, ${formatShape(target)} needs ${sizeOf(target)}`,
    );
  }
  return viewAs(x, [...target]);
}

/** Joins the axes from start to end (included) into one. All by default. */
export function flatten(x: Tensor, start = 0, end = -1): Tensor {
  checkTensor(x, 'flatten');
  if (x.rank === 0) return reshape(x, [1]);
  const from = normalizeAxis(start, x.rank, 'flatten');
  const to = normalizeAxis(end, x.rank, 'flatten');
  if (to < from) throw new ShapeError(`flatten: start axis ${from} lies behind end axis ${to}`);
  const joined = sizeOf(x.shape.slice(from, to + 1));
  return reshape(x, [...x.shape.slice(0, from), joined, ...x.shape.slice(to + 1)]);
}

/** Drops axes of size 1: those named, or all. */
export function squeeze(x: Tensor, axes?: number | readonly number[]): Tensor {
  checkTensor(x, 'squeeze');
  const list = axes === undefined ? null : normalizeAxes(axes, x.rank, 'squeeze');
  return reshape(
    x,
    x.shape.filter((size, axis) => size !== 1 || (list !== null && !list.includes(axis))),
  );
}

/** Inserts an axis of size 1 so that it becomes `axis`. */
export function unsqueeze(x: Tensor, axis: number): Tensor {
  checkTensor(x, 'unsqueeze');
  const at = normalizeAxis(axis, x.rank + 1, 'unsqueeze');
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

// --- copies through one strided kernel ------------------------------------------------------------------

const permuteOp = defineOp<Nothing, { readonly axes: readonly number[] }>('permute', (g, node) => {
  const { axes } = node.attrs;
  const inverse = new Array<number>(axes.length);
  for (const [to, from] of axes.entries()) inverse[from] = to;
  return [permute(g, inverse)];
});

/** Order of the axes NCHW of images that are given as NHWC, and the other way round. */
const TO_CHANNELS_FIRST = [0, 3, 1, 2];
const TO_CHANNELS_LAST = [0, 2, 3, 1];

function permuted(x: Tensor, order: readonly number[]): Tensor {
  const shape = order.map((axis) => dim(x.shape, axis));
  // Between NHWC and images that are stored so, nothing moves.
  if (x.layout === 'channelsLast' && sameShape(order, TO_CHANNELS_LAST)) {
    return x.share(shape, x.offset, 'rowMajor');
  }
  if (x.layout === 'rowMajor' && sameShape(order, TO_CHANNELS_FIRST)) {
    return x.share(shape, x.offset, 'channelsLast');
  }
  const strides = stridesIn(x, x.shape);
  const from = { start: 0, strides: order.map((axis) => strides[axis] ?? 0) };
  return walked(x, shape, from, 'rowMajor');
}

/**
 * Reorders axes: axis i of the result is axis `axes[i]` of x. Shares memory where images change between NHWC and
 * channels-last storage, else copies.
 */
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  checkTensor(x, 'permute');
  checkNumbers('permute', 'axes', axes);
  const order = axes.map((axis) => normalizeAxis(axis, x.rank, 'permute'));
  if (order.length !== x.rank || new Set(order).size !== x.rank) {
    throw new ShapeError(
      `permute: ${formatShape(axes)} does not name each axis of ${formatShape(x.shape)} once`,
    );
  }
  const out = permuted(x, order);
  return record(permuteOp, out, [x], {}, { axes: order });
}

/** Swaps two axes, the last two by default. */
export function transpose(x: Tensor, axisA = -2, axisB = -1): Tensor {
  checkTensor(x, 'transpose');
  const a = normalizeAxis(axisA, x.rank, 'transpose');
  const b = normalizeAxis(axisB, x.rank, 'transpose');
  const order = Array.from({ length: x.rank }, (_, i) => (i === a ? b : i === b ? a : i));
  return permute(x, order);
}

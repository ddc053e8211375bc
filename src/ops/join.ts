import { checkList } from '../arguments.js';
import { ArgumentError, ShapeError } from '../errors.js';
import type { Nothing } from '../tape/node.js';
import { record } from '../tape/record.js';
import { dim, formatShape, MAX_RANK, normalizeAxis, sameShape } from '../tensor/shape.js';
import { empty, type Tensor } from '../tensor/tensor.js';
import { expand } from './broadcast.js';
import { composite } from './kit/composite.js';
import { checkOneDType, checkTensor, defineOp, inputShape, stridesIn } from './kit/define.js';
import { stridedCopy, walkThrough } from './kit/strided.js';
import { narrow } from './slice.js';
import { reshape, unsqueeze } from './view.js';

const concatOp = defineOp<Nothing, { readonly axis: number }>('concat', (g, node) => {
  const { axis } = node.attrs;
  let start = 0;
  return node.inputs.map((_, i) => {
    const size = dim(inputShape(node, i), axis);
    const part = node.needs(i) ? narrow(g, axis, start, size) : null;
    start += size;
    return part;
  });
});

/** Joins tensors along an axis; their other sizes are equal. */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  checkList('concat', 'tensors', tensors, 'a list of Tensors');
  const [first] = tensors;
  if (first === undefined) throw new ArgumentError('concat: no tensors given');
  for (const t of tensors) checkTensor(t, 'concat');
  checkOneDType('concat', tensors);
  const at = normalizeAxis(axis, first.rank, 'concat');
  for (const t of tensors) {
    if (t.rank !== first.rank || t.shape.some((size, i) => i !== at && size !== first.shape[i])) {
      throw new ShapeError(
        `concat: ${formatShape(t.shape)} does not fit ${formatShape(first.shape)} along axis ${at}; the other sizes must be equal`,
      );
    }
  }
  const sizes = tensors.map((t) => dim(t.shape, at));
  const shape = first.shape.map((size, i) => (i === at ? sizes.reduce((a, b) => a + b, 0) : size));
  // One image that comes from a convolution makes all of them channels-last.
  const isImage = tensors.some((t) => t.layout === 'channelsLast');
  const out = empty(shape, first.dtype, isImage ? 'channelsLast' : 'rowMajor');
  const strides = stridesIn(out, shape);
  let start = 0;
  for (const [i, t] of tensors.entries()) {
    const to = { start: start * (strides[at] ?? 0), strides };
    stridedCopy(out, to, t, walkThrough(t), t.shape);
    start += sizes[i] ?? 0;
  }
  return record(concatOp, out, tensors, {}, { axis: at });
}

/** Joins tensors of one shape along a new axis. */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  checkList('stack', 'tensors', tensors, 'a list of Tensors');
  if (tensors.length === 0) throw new ArgumentError('stack: no tensors given');
  const first = tensors[0];
  for (const t of tensors) {
    checkTensor(t, 'stack');
    if (first && !sameShape(t.shape, first.shape)) {
      throw new ShapeError(
        `stack: shapes ${formatShape(first.shape)} and ${formatShape(t.shape)} differ`,
      );
    }
  }
  return composite(() =>
    concat(
      tensors.map((t) => unsqueeze(t, axis)),
      axis,
    ),
  );
}

/** Repeats x along each axis: `repeat(x, [2, 1])` stacks two copies. Extra leading counts add axes. */
export function repeat(x: Tensor, counts: readonly number[]): Tensor {
  checkTensor(x, 'repeat');
  checkList('repeat', 'counts', counts, 'a list of numbers');
  if (counts.length < x.rank || counts.some((count) => !Number.isInteger(count) || count < 0)) {
    throw new ShapeError(
      `repeat: counts ${formatShape(counts)} for ${formatShape(x.shape)}; expected one integer ≥ 0 an axis`,
    );
  }
  return composite(() => {
    const padded = [...Array.from({ length: counts.length - x.rank }, () => 1), ...x.shape];
    if (counts.length * 2 > MAX_RANK) return repeatByAxis(reshape(x, padded), counts);
    const interleaved = padded.flatMap((size) => [1, size]);
    const expanded = expand(
      reshape(x, interleaved),
      padded.flatMap((size, i) => [counts[i] ?? 1, size]),
    );
    return reshape(
      expanded,
      padded.map((size, i) => size * (counts[i] ?? 1)),
    );
  });
}

/** For ranks whose interleaved form would have too many axes. */
function repeatByAxis(x: Tensor, counts: readonly number[]): Tensor {
  return counts.reduce((t, count, axis) => {
    if (count === 1) return t;
    if (count === 0) return narrow(t, axis, 0, 0);
    return concat(
      Array.from({ length: count }, () => t),
      axis,
    );
  }, x);
}

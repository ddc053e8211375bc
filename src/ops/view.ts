import { record } from '../autograd/node.js';
import { kernels } from '../backend/select.js';
import { ArgumentError, ShapeError } from '../tensor/errors.js';
import {
  broadcastsTo,
  checkShape,
  dim,
  formatShape,
  MAX_RANK,
  normalizeAxes,
  normalizeAxis,
  type Shape,
  sameShape,
  sizeOf,
  stridesOf,
} from '../tensor/shape.js';
import { empty, releaseTemporary, rowMajor, type Tensor } from '../tensor/tensor.js';
import { composite } from './composite.js';
import { checkSameDType, checkTensor, defineOp, stridesIn } from './define.js';
import { sumTo } from './reduce.js';

// --- views: no data moves -----------------------------------------------------------------------------

const reshapeOp = defineOp<Shape>('reshape', (g, node) => [reshape(g, node.attrs)]);

/** A handle of x's row-major elements in another shape. */
function viewAs(x: Tensor, shape: Shape): Tensor {
  const source = rowMajor(x);
  const view = source.share(shape);
  releaseTemporary(source, x);
  return record(reshapeOp, view, [x], [], x.shape);
}

/** The same elements in another shape; one size may be −1 and follows from the others. Shares memory. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  checkTensor(x, 'reshape');
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
  if (x.rank === 0) return reshape(x, [1]);
  const from = normalizeAxis(start, x.rank, 'flatten');
  const to = normalizeAxis(end, x.rank, 'flatten');
  if (to < from) throw new ShapeError(`flatten: start axis ${from} lies behind end axis ${to}`);
  const joined = sizeOf(x.shape.slice(from, to + 1));
  return reshape(x, [...x.shape.slice(0, from), joined, ...x.shape.slice(to + 1)]);
}

/** Drops axes of size 1: those named, or all. */
export function squeeze(x: Tensor, axes?: number | readonly number[]): Tensor {
  const list = axes === undefined ? null : normalizeAxes(axes, x.rank, 'squeeze');
  return reshape(
    x,
    x.shape.filter((size, axis) => size !== 1 || (list !== null && !list.includes(axis))),
  );
}

/** Inserts an axis of size 1 so that it becomes `axis`. */
export function unsqueeze(x: Tensor, axis: number): Tensor {
  const at = normalizeAxis(axis, x.rank + 1, 'unsqueeze');
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

// --- copies through one strided kernel ------------------------------------------------------------------

/** One side of a strided copy. */
interface Walk {
  readonly start: number;
  readonly strides: readonly number[];
}

/** out[...] = x[...] over dims, both walked by strides of their memory. */
function stridedCopy(out: Tensor, to: Walk, x: Tensor, from: Walk, dims: Shape): void {
  if (sizeOf(dims) === 0) return;
  const plan = Int32Array.from([
    dims.length,
    to.start,
    from.start,
    ...dims,
    ...to.strides,
    ...from.strides,
  ]);
  kernels().copyStrided(out.raw, x.raw, plan);
}

function gathered(x: Tensor, shape: Shape, from: Walk): Tensor {
  const out = empty(shape, x.dtype);
  stridedCopy(out, { start: 0, strides: stridesOf(shape) }, x, from, shape);
  return out;
}

const permuteOp = defineOp<readonly number[]>('permute', (g, node) => {
  const inverse = new Array<number>(node.attrs.length);
  for (const [to, from] of node.attrs.entries()) inverse[from] = to;
  return [permute(g, inverse)];
});

/** Reorders axes: axis i of the result is axis `axes[i]` of x. */
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  checkTensor(x, 'permute');
  const order = axes.map((axis) => normalizeAxis(axis, x.rank, 'permute'));
  if (order.length !== x.rank || new Set(order).size !== x.rank) {
    throw new ShapeError(
      `permute: ${formatShape(axes)} does not name each axis of ${formatShape(x.shape)} once`,
    );
  }
  const strides = stridesIn(x, x.shape);
  const out = gathered(
    x,
    order.map((axis) => dim(x.shape, axis)),
    {
      start: 0,
      strides: order.map((axis) => strides[axis] ?? 0),
    },
  );
  return record(permuteOp, out, [x], [], order);
}

/** Swaps two axes, the last two by default. */
export function transpose(x: Tensor, axisA = -2, axisB = -1): Tensor {
  const a = normalizeAxis(axisA, x.rank, 'transpose');
  const b = normalizeAxis(axisB, x.rank, 'transpose');
  const order = Array.from({ length: x.rank }, (_, i) => (i === a ? b : i === b ? a : i));
  return permute(x, order);
}

const expandOp = defineOp<Shape>('expand', (g, node) => [sumTo(g, node.attrs)]);

/** Broadcasts x to a shape; −1 keeps a size. Copies. */
export function expand(x: Tensor, shape: Shape): Tensor {
  checkTensor(x, 'expand');
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
  const out = gathered(x, target, { start: 0, strides: stridesIn(x, target) });
  return record(expandOp, out, [x], [], x.shape);
}

/** One axis of a slice: from start (included) to end (excluded) in steps. */
export interface Range {
  start?: number;
  end?: number;
  /** Not 0; a negative step walks backwards from start. Default: 1. */
  step?: number;
}

/** What {@link slice} takes for each axis: a range, `[start, end]`, one index (the axis is dropped), or null for all. */
export type SliceSpec = Range | readonly [number, number] | number | null;

interface ResolvedRange {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

function resolveRange(spec: SliceSpec, size: number, axis: number): ResolvedRange {
  if (spec === null) return { start: 0, step: 1, count: size };
  if (typeof spec === 'number') {
    if (!Number.isInteger(spec) || spec < -size || spec >= size) {
      throw new ShapeError(`slice: index ${spec} is out of range for axis ${axis} of size ${size}`);
    }
    return { start: spec < 0 ? spec + size : spec, step: 1, count: 1 };
  }
  const range: Range = 'length' in spec ? { start: spec[0], end: spec[1] } : spec;
  const { step = 1 } = range;
  if (!Number.isInteger(step) || step === 0)
    throw new ArgumentError(`slice: step ${step}, expected an integer ≠ 0`);
  const [lowest, highest] = step > 0 ? [0, size] : [-1, size - 1];
  const resolve = (value: number | undefined, fallback: number): number => {
    if (value === undefined) return fallback;
    if (!Number.isInteger(value))
      throw new ArgumentError(`slice: ${value} on axis ${axis} is no integer`);
    return Math.min(Math.max(value < 0 ? value + size : value, lowest), highest);
  };
  const start = resolve(range.start, step > 0 ? 0 : size - 1);
  const end = resolve(range.end, step > 0 ? size : -1);
  return { start, step, count: Math.max(0, Math.ceil((end - start) / step)) };
}

interface SliceAttrs {
  readonly ranges: readonly ResolvedRange[];
  readonly shape: Shape;
}

function walkOf(ranges: readonly ResolvedRange[], strides: readonly number[]): Walk {
  let start = 0;
  const steps = ranges.map((range, axis) => {
    const stride = strides[axis] ?? 0;
    start += range.start * stride;
    return range.step * stride;
  });
  return { start, strides: steps };
}

const sliceOp = defineOp<SliceAttrs>('slice', (g, node) => [placed(g, node.attrs)]);
const placeOp = defineOp<SliceAttrs>('place', (g, node) => [taken(g, node.attrs)]);

/** The elements of x within ranges; all of x's axes are kept. */
function taken(x: Tensor, attrs: SliceAttrs): Tensor {
  const counts = attrs.ranges.map((range) => range.count);
  const out = gathered(x, counts, walkOf(attrs.ranges, stridesIn(x, x.shape)));
  return record(sliceOp, out, [x], [], attrs);
}

/** The inverse of taking: x put into zeros of the original shape. */
function placed(x: Tensor, attrs: SliceAttrs): Tensor {
  const out = empty(attrs.shape, x.dtype);
  kernels().fill(out.raw, out.size, 0);
  stridedCopy(
    out,
    walkOf(attrs.ranges, stridesOf(attrs.shape)),
    x,
    { start: 0, strides: stridesIn(x, x.shape) },
    x.shape,
  );
  return record(placeOp, out, [x], [], attrs);
}

const leadingSliceOp = defineOp<SliceAttrs>('slice', (g, node) => [placed(g, node.attrs)]);

/** A range of the leading axis is a view. */
function leadingSlice(x: Tensor, attrs: SliceAttrs, range: ResolvedRange): Tensor {
  const shape = [range.count, ...x.shape.slice(1)];
  const source = rowMajor(x);
  const view = source.share(shape, source.offset + range.start * sizeOf(x.shape.slice(1)));
  releaseTemporary(source, x);
  return record(leadingSliceOp, view, [x], [], attrs);
}

/**
 * Part of a tensor: one {@link SliceSpec} an axis, the rest whole. A contiguous range of the leading axis shares
 * memory; anything else is copied.
 *
 * @example
 * slice(x, [0, 10]);               // rows 0 to 9
 * slice(x, null, -1);              // the last column, as a vector
 * slice(x, { start: 0, step: 2 }); // every second row
 */
export function slice(x: Tensor, ...specs: SliceSpec[]): Tensor {
  checkTensor(x, 'slice');
  if (specs.length > x.rank) {
    throw new ShapeError(
      `slice: ${specs.length} ranges for ${formatShape(x.shape)}, which has ${x.rank} axes`,
    );
  }
  const ranges = x.shape.map((size, axis) => resolveRange(specs[axis] ?? null, size, axis));
  const attrs: SliceAttrs = { ranges, shape: x.shape };
  const isWhole = (range: ResolvedRange, axis: number): boolean =>
    range.start === 0 && range.step === 1 && range.count === x.shape[axis];
  const first = ranges[0];
  const isLeading =
    first !== undefined &&
    first.step === 1 &&
    ranges.every((range, axis) => axis === 0 || isWhole(range, axis));
  const part = isLeading ? leadingSlice(x, attrs, first) : taken(x, attrs);
  const kept = part.shape.filter((_, axis) => typeof specs[axis] !== 'number');
  if (kept.length === part.rank) return part;
  const out = reshape(part, kept);
  part.dispose();
  return out;
}

/** `size` elements of an axis from `start` on; see {@link slice}. */
export function narrow(x: Tensor, axis: number, start: number, size: number): Tensor {
  const at = normalizeAxis(axis, x.rank, 'narrow');
  if (start < 0 || size < 0 || start + size > dim(x.shape, at)) {
    throw new ShapeError(
      `narrow: ${size} from ${start} on do not fit axis ${at} of ${formatShape(x.shape)}`,
    );
  }
  return slice(x, ...Array.from({ length: at }, () => null), [start, start + size]);
}

/** x[i] along the leading axis, without it. Shares memory. */
export function select(x: Tensor, axis: number, index: number): Tensor {
  const at = normalizeAxis(axis, x.rank, 'select');
  return slice(x, ...Array.from({ length: at }, () => null), index);
}

const flipOp = defineOp<readonly number[]>('flip', (g, node) => [flip(g, node.attrs)]);

/** Reverses axes (all by default). */
export function flip(x: Tensor, axes?: number | readonly number[]): Tensor {
  checkTensor(x, 'flip');
  const list = normalizeAxes(axes, x.rank, 'flip');
  const ranges = x.shape.map((size, axis) =>
    list.includes(axis)
      ? { start: size - 1, step: -1, count: size }
      : { start: 0, step: 1, count: size },
  );
  const out =
    x.size === 0
      ? empty(x.shape, x.dtype)
      : gathered(x, x.shape, walkOf(ranges, stridesIn(x, x.shape)));
  return record(flipOp, out, [x], [], list);
}

const concatOp = defineOp<{ axis: number; sizes: readonly number[] }>('concat', (g, node) => {
  const { axis, sizes } = node.attrs;
  let start = 0;
  return sizes.map((size, i) => {
    const part = node.needs(i) ? narrow(g, axis, start, size) : null;
    start += size;
    return part;
  });
});

/** Channels-last images joined along channels stay channels-last. */
function concatLayout(tensors: readonly Tensor[], axis: number): 'rowMajor' | 'channelsLast' {
  return axis === 1 && tensors.every((t) => t.layout === 'channelsLast')
    ? 'channelsLast'
    : 'rowMajor';
}

/** Joins tensors along an axis; their other sizes are equal. */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  const [first] = tensors;
  if (first === undefined) throw new ArgumentError('concat: no tensors given');
  for (const t of tensors) checkTensor(t, 'concat');
  checkSameDType('concat', ...tensors);
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
  const out = empty(shape, first.dtype, concatLayout(tensors, at));
  const strides = stridesIn(out, shape).map((stride, i) => (shape[i] === 1 ? 0 : stride));
  let start = 0;
  for (const [i, t] of tensors.entries()) {
    const to = { start: start * (strides[at] ?? 0), strides };
    stridedCopy(out, to, t, { start: 0, strides: stridesIn(t, t.shape) }, t.shape);
    start += sizes[i] ?? 0;
  }
  return record(concatOp, out, tensors, [], { axis: at, sizes });
}

/** Joins tensors of one shape along a new axis. */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
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

/** Cuts an axis into pieces of the given sizes, or of one size with a smaller last piece. */
export function split(x: Tensor, sizes: number | readonly number[], axis = 0): Tensor[] {
  checkTensor(x, 'split');
  const at = normalizeAxis(axis, x.rank, 'split');
  const total = dim(x.shape, at);
  if (typeof sizes === 'number' && !(Number.isInteger(sizes) && sizes > 0)) {
    throw new ArgumentError(`split: size ${sizes}, expected an integer > 0`);
  }
  const list =
    typeof sizes === 'number'
      ? Array.from({ length: Math.ceil(total / sizes) }, (_, i) =>
          Math.min(sizes, total - i * sizes),
        )
      : sizes;
  if (
    list.reduce((a, b) => a + b, 0) !== total ||
    list.some((size) => !Number.isInteger(size) || size < 0)
  ) {
    throw new ShapeError(
      `split: sizes ${formatShape(list)} do not add up to ${total}, axis ${at} of ${formatShape(x.shape)}`,
    );
  }
  let start = 0;
  return list.map((size) => {
    const part = narrow(x, at, start, size);
    start += size;
    return part;
  });
}

/** Elements added before and after an axis. */
export type PadWidth = readonly [before: number, after: number];

const padOp = defineOp<SliceAttrs>('pad', (g, node) => [taken(g, node.attrs)]);

/**
 * Surrounds x with a constant.
 * @param widths one pair an axis, outermost first; missing leading axes are not padded, so that
 *   `[[1, 1], [2, 2]]` pads the last two. Negative widths crop.
 */
export function pad(x: Tensor, widths: readonly PadWidth[], value = 0): Tensor {
  checkTensor(x, 'pad');
  if (widths.length > x.rank) {
    throw new ShapeError(
      `pad: ${widths.length} pairs for ${formatShape(x.shape)}, which has ${x.rank} axes`,
    );
  }
  const whole: PadWidth = [0, 0];
  const pairs = [...Array.from({ length: x.rank - widths.length }, () => whole), ...widths];
  if (pairs.some(([before, after]) => !Number.isInteger(before) || !Number.isInteger(after))) {
    throw new ArgumentError('pad: widths are integers');
  }
  if (pairs.every(([before, after]) => before === 0 && after === 0)) return x;
  if (pairs.some(([before, after]) => before < 0 || after < 0)) {
    const crops = pairs.map(
      ([before, after], axis): SliceSpec => [
        Math.max(0, -before),
        Math.max(0, dim(x.shape, axis) - Math.max(0, -after)),
      ],
    );
    const growth = pairs.map(
      ([before, after]): PadWidth => [Math.max(0, before), Math.max(0, after)],
    );
    return composite(() => pad(slice(x, ...crops), growth, value));
  }
  const shape = x.shape.map(
    (size, axis) => size + (pairs[axis]?.[0] ?? 0) + (pairs[axis]?.[1] ?? 0),
  );
  checkShape(shape, 'pad');
  const out = empty(shape, x.dtype);
  kernels().fill(out.raw, out.size, value);
  const ranges = x.shape.map((size, axis) => ({
    start: pairs[axis]?.[0] ?? 0,
    step: 1,
    count: size,
  }));
  const to = walkOf(ranges, stridesOf(shape));
  stridedCopy(out, to, x, { start: 0, strides: stridesIn(x, x.shape) }, x.shape);
  return record(padOp, out, [x], [], { ranges, shape });
}

/** Repeats x along each axis: `repeat(x, [2, 1])` stacks two copies. Extra leading counts add axes. */
export function repeat(x: Tensor, counts: readonly number[]): Tensor {
  checkTensor(x, 'repeat');
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

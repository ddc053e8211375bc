import { checkList, checkNumber, checkObject } from '../arguments.js';
import { kernels } from '../backend/select.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { checkOptions, inWords, type OptionNames } from '../options.js';
import type { Nothing } from '../tape/node.js';
import { record } from '../tape/record.js';
import {
  checkShape,
  dim,
  formatShape,
  normalizeAxes,
  normalizeAxis,
  type Shape,
  sizeOf,
} from '../tensor/shape.js';
import { empty, type Tensor } from '../tensor/tensor.js';
import { axisWidths, type Padding, type PadWidth } from './kit/axisWidths.js';
import { composite } from './kit/composite.js';
import { checkTensor, defineOp, inputShape, stridesIn } from './kit/define.js';
import { stridedCopy, type Walk, walked, walkThrough } from './kit/strided.js';
import { reshape } from './view.js';

// Images keep their layout, forward and backward.

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
  if (typeof spec !== 'number')
    checkObject('slice', 'a range', spec, 'an index, [start, end], a range or null');
  if (typeof spec === 'number') {
    if (!Number.isInteger(spec) || spec < -size || spec >= size) {
      throw new ShapeError(
        `slice: index ${inWords(spec)} is out of range for axis ${axis} of size ${size}`,
      );
    }
    return { start: spec < 0 ? spec + size : spec, step: 1, count: 1 };
  }
  const range: Range = 'length' in spec ? { start: spec[0], end: spec[1] } : spec;
  const { step = 1 } = range;
  if (!Number.isInteger(step) || step === 0)
    throw new ArgumentError(`slice: step ${inWords(step)}, expected an integer ≠ 0`);
  const [lowest, highest] = step > 0 ? [0, size] : [-1, size - 1];
  const resolve = (value: number | undefined, fallback: number): number => {
    if (value === undefined) return fallback;
    if (!Number.isInteger(value))
      throw new ArgumentError(`slice: ${inWords(value)} on axis ${axis} is no integer`);
    return Math.min(Math.max(value < 0 ? value + size : value, lowest), highest);
  };
  const start = resolve(range.start, step > 0 ? 0 : size - 1);
  const end = resolve(range.end, step > 0 ? size : -1);
  return { start, step, count: Math.max(0, Math.ceil((end - start) / step)) };
}

/** One axis of a slice that was taken, as {@link slice} takes it. */
type TakenRange = Readonly<Required<Range>>;

interface SliceAttrs {
  /** One an axis. */
  readonly ranges: readonly TakenRange[];
}

interface PlaceAttrs extends SliceAttrs {
  /** Of the zeros around. */
  readonly shape: Shape;
}

/** A range of an axis of some size that resolves to the same elements. */
function takenRange({ start, step, count }: ResolvedRange, size: number): TakenRange {
  if (count === 0) return { start: 0, end: 0, step: 1 };
  const end = start + count * step;
  // Before the first element: further back than a negative end counts from the back.
  return { start, end: end < 0 ? -size - 1 : Math.min(end, size), step };
}

function attrsOf(ranges: readonly ResolvedRange[], shape: Shape): SliceAttrs {
  return { ranges: ranges.map((range, axis) => takenRange(range, dim(shape, axis))) };
}

/** The ranges of attributes, in a tensor of some shape. */
function rangesIn({ ranges }: SliceAttrs, shape: Shape): ResolvedRange[] {
  return ranges.map((range, axis) => resolveRange(range, dim(shape, axis), axis));
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

const sliceOp = defineOp<Nothing, SliceAttrs>('slice', (g, node) => [
  placed(g, node.attrs, inputShape(node)),
]);
const placeOp = defineOp<Nothing, PlaceAttrs>('place', (g, { attrs }) => [
  taken(g, rangesIn(attrs, attrs.shape)),
]);

/** The elements of x within ranges; all of x's axes are kept. */
function taken(x: Tensor, ranges: readonly ResolvedRange[]): Tensor {
  const counts = ranges.map((range) => range.count);
  const out = walked(x, counts, walkOf(ranges, stridesIn(x, x.shape)), x.layout);
  return record(sliceOp, out, [x], {}, attrsOf(ranges, x.shape));
}

/** x within a constant of some shape, where the ranges say. */
function surrounded(
  x: Tensor,
  ranges: readonly ResolvedRange[],
  shape: Shape,
  value: number,
): Tensor {
  const out = empty(shape, x.dtype, x.layout);
  kernels().fill(out.raw, out.size, value);
  stridedCopy(out, walkOf(ranges, stridesIn(out, shape)), x, walkThrough(x), x.shape);
  return out;
}

/** The inverse of taking: x put into zeros of the original shape. */
function placed(x: Tensor, { ranges }: SliceAttrs, shape: Shape): Tensor {
  const out = surrounded(x, rangesIn({ ranges }, shape), shape, 0);
  return record(placeOp, out, [x], {}, { ranges, shape });
}

/** A range of the leading axis is a view. */
function leadingSlice(
  x: Tensor,
  ranges: readonly ResolvedRange[],
  { start, count }: ResolvedRange,
): Tensor {
  const shape = [count, ...x.shape.slice(1)];
  const view = x.share(shape, x.offset + start * sizeOf(x.shape.slice(1)));
  return record(sliceOp, view, [x], {}, attrsOf(ranges, x.shape));
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
  return sliceBy(x, specs);
}

/** As {@link slice}, of a list. @internal */
export function sliceBy(x: Tensor, specs: readonly SliceSpec[]): Tensor {
  checkTensor(x, 'slice');
  if (specs.length > x.rank) {
    throw new ShapeError(
      `slice: ${specs.length} ranges for ${formatShape(x.shape)}, which has ${x.rank} axes`,
    );
  }
  const ranges = x.shape.map((size, axis) => resolveRange(specs[axis] ?? null, size, axis));
  const isWhole = (range: ResolvedRange, axis: number): boolean =>
    range.start === 0 && range.step === 1 && range.count === x.shape[axis];
  const first = ranges[0];
  const isLeading =
    first !== undefined &&
    first.step === 1 &&
    ranges.every((range, axis) => axis === 0 || isWhole(range, axis));
  const part = isLeading ? leadingSlice(x, ranges, first) : taken(x, ranges);
  const kept = part.shape.filter((_, axis) => typeof specs[axis] !== 'number');
  if (kept.length === part.rank) return part;
  const out = reshape(part, kept);
  part.dispose();
  return out;
}

/** `size` elements of an axis from `start` on; see {@link slice}. */
export function narrow(x: Tensor, axis: number, start: number, size: number): Tensor {
  checkTensor(x, 'narrow');
  checkNumber('narrow', 'start', start);
  checkNumber('narrow', 'size', size);
  const at = normalizeAxis(axis, x.rank, 'narrow');
  if (start < 0 || size < 0 || start + size > dim(x.shape, at)) {
    throw new ShapeError(
      `narrow: ${size} from ${start} on do not fit axis ${at} of ${formatShape(x.shape)}`,
    );
  }
  return sliceBy(x, [...Array.from({ length: at }, () => null), [start, start + size]]);
}

/** x[i] along the leading axis, without it. Shares memory. */
export function select(x: Tensor, axis: number, index: number): Tensor {
  checkTensor(x, 'select');
  checkNumber('select', 'index', index);
  const at = normalizeAxis(axis, x.rank, 'select');
  return sliceBy(x, [...Array.from({ length: at }, () => null), index]);
}

const flipOp = defineOp<Nothing, { readonly axes: readonly number[] }>('flip', (g, { attrs }) => [
  flip(g, attrs.axes),
]);

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
      ? empty(x.shape, x.dtype, x.layout)
      : walked(x, x.shape, walkOf(ranges, stridesIn(x, x.shape)), x.layout);
  return record(flipOp, out, [x], {}, { axes: list });
}

/** Cuts an axis into pieces of the given sizes, or of one size with a smaller last piece. */
export function split(x: Tensor, sizes: number | readonly number[], axis = 0): Tensor[] {
  checkTensor(x, 'split');
  const at = normalizeAxis(axis, x.rank, 'split');
  const total = dim(x.shape, at);
  if (typeof sizes !== 'number') checkList('split', 'sizes', sizes, 'a size, or a list of them');
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
    list.some((size) => !Number.isInteger(size) || size < 0) ||
    list.reduce((a, b) => a + b, 0) !== total
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

export interface PadOptions {
  /** What x is surrounded with. Default: 0. */
  value?: number;
}

const PAD: OptionNames<PadOptions> = { value: true };

interface PadAttrs {
  /** One pair an axis, none negative. */
  readonly widths: readonly PadWidth[];
  readonly value: number;
}

const padOp = defineOp<Nothing, PadAttrs>('pad', (g, node) => [
  taken(g, insideOf(inputShape(node), node.attrs.widths)),
]);

/** Where a padded tensor of some shape lies in the result. */
function insideOf(shape: Shape, widths: readonly PadWidth[]): ResolvedRange[] {
  return shape.map((size, axis) => ({ start: widths[axis]?.[0] ?? 0, step: 1, count: size }));
}

/**
 * Surrounds x with a constant.
 * @param padding one width for all axes, or what each axis has, outermost first: a width, or `[before, after]`.
 *   Missing leading axes are not padded, so that `[[1, 1], [2, 2]]` pads the last two. Negative widths crop.
 *
 * @example
 * pad(x, [[0, 1], [2, 2]]);          // a row of zeros below, two columns on both sides
 * pad(x, [[0, 1]], { value: -1 });   // a column of −1 on the right
 */
export function pad(x: Tensor, padding: Padding, options: PadOptions = {}): Tensor {
  checkTensor(x, 'pad');
  checkOptions('pad', options, PAD);
  const { value = 0 } = options;
  const widths = axisWidths('pad', padding, x.rank, Number.NEGATIVE_INFINITY, '[[1, 1], [2, 2]]');
  if (widths.length > x.rank) {
    throw new ShapeError(
      `pad: ${widths.length} pairs for ${formatShape(x.shape)}, which has ${x.rank} axes`,
    );
  }
  const whole: PadWidth = [0, 0];
  const pairs = [...Array.from({ length: x.rank - widths.length }, () => whole), ...widths];
  if (pairs.every(([before, after]) => before === 0 && after === 0)) return x;
  const cropped = x.shape.map(
    (size, axis) => size + Math.min(0, pairs[axis]?.[0] ?? 0) + Math.min(0, pairs[axis]?.[1] ?? 0),
  );
  if (cropped.some((size) => size < 0)) {
    throw new ShapeError(`pad: negative widths cut more off ${formatShape(x.shape)} than there is`);
  }
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
    return composite(() => pad(sliceBy(x, crops), growth, { value }));
  }
  const shape = x.shape.map(
    (size, axis) => size + (pairs[axis]?.[0] ?? 0) + (pairs[axis]?.[1] ?? 0),
  );
  checkShape(shape, 'pad');
  const out = surrounded(x, insideOf(x.shape, pairs), shape, value);
  return record(padOp, out, [x], {}, { widths: pairs, value });
}

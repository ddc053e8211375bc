import { ArgumentError } from '../../errors.js';
import { checkOptions, inWords, type OptionNames } from '../../options.js';
import { dim, type Shape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { tensor } from '../creation.js';
import { mul } from '../elementwise.js';
import { indexSelect } from '../indexing.js';
import { composite } from '../kit/composite.js';
import { batchShape, checkAxes, checkPixels, imageShape } from '../kit/imageAxes.js';
import { checkInteger } from '../kit/options.js';
import { pad } from '../slice.js';
import { permute, reshape } from '../view.js';
import { changed, type MaxPooled, pooledImages, type ReturnIndicesOption } from './maxPooled.js';
import { avgPool2d, maxPool2d } from './pool.js';

const RETURN_INDICES: OptionNames<ReturnIndicesOption> = { returnIndices: true };

/** Size of an adaptive pool's output; null keeps the input's size along an axis. */
export type AdaptiveSize = number | readonly [height: number | null, width: number | null];

/** The windows of adaptive pooling along one axis: the i-th covers [⌊i·in/out⌋, ⌈(i + 1)·in/out⌉). */
interface Windows {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** Elements of the longest. */
  readonly longest: number;
  /** True if all are equally long and do not overlap. */
  readonly isEven: boolean;
}

function windowsOf(size: number, count: number): Windows {
  const starts = Array.from({ length: count }, (_, i) => Math.floor((i * size) / count));
  const ends = Array.from({ length: count }, (_, i) => Math.ceil(((i + 1) * size) / count));
  const longest = ends.reduce((most, end, i) => Math.max(most, end - dim(starts, i)), 0);
  return { starts, ends, longest, isEven: size % count === 0 };
}

/** The windows of images [N, C, H, W] along both axes. */
function planAdaptive(op: string, x: Shape, size: AdaptiveSize): [rows: Windows, columns: Windows] {
  const [height, width] = typeof size === 'number' ? [size, size] : size;
  if (height === undefined || width === undefined) {
    throw new ArgumentError(`${op}: size ${inWords(size)}, expected an integer or [height, width]`);
  }
  return [
    windowsOf(dim(x, 2), checkInteger(height ?? dim(x, 2), 'size', op, 1)),
    windowsOf(dim(x, 3), checkInteger(width ?? dim(x, 3), 'size', op, 1)),
  ];
}

/** An adaptive pooling of images, of sequences as images of height 1, and of either without a batch axis. */
function adaptive<I extends boolean = false>(
  op: string,
  axes: 1 | 2,
  x: Tensor,
  size: AdaptiveSize,
  pooled: (images: Tensor, rows: Windows, columns: Windows) => MaxPooled<I>,
): MaxPooled<I> {
  checkAxes(op, axes, x);
  const shape = batchShape(x.shape, axes);
  checkPixels(op, axes, shape);
  const windows = planAdaptive(op, imageShape(shape), size);
  return pooledImages<I>(x, axes, (images) => pooled(images, ...windows));
}

/** Where the elements of all windows lie, each window made up to the longest with `filler(end)`. */
function positions(windows: Windows, filler: (end: number) => number): Int32Array {
  const { starts, ends, longest } = windows;
  return Int32Array.from({ length: starts.length * longest }, (_, k) => {
    const i = Math.floor(k / longest);
    const at = dim(starts, i) + (k % longest);
    const end = dim(ends, i);
    return at < end ? at : filler(end);
  });
}

/** Windows laid out side by side, so that plain pooling with a stride of their size reads them. */
function unfolded(x: Tensor, rows: Int32Array, columns: Int32Array): Tensor {
  return indexSelect(indexSelect(x, 2, tensor(rows)), 3, tensor(columns));
}

/** Positions in an unfolded plane as those in the plane of images of some width that it was made of. */
function folded(indices: Tensor, rows: Int32Array, columns: Int32Array, width: number): Tensor {
  const table = new Int32Array(rows.length * columns.length);
  let at = 0;
  for (const row of rows) for (const column of columns) table[at++] = row * width + column;
  // Element by element in the order of memory, which pooling stores channels-last.
  const inMemory = permute(indices, [0, 2, 3, 1]);
  const found = indexSelect(tensor(table), 0, reshape(inMemory, [indices.size]));
  return permute(reshape(found, inMemory.shape), [0, 3, 1, 2]);
}

function lengths({ starts, ends }: Windows): number[] {
  return ends.map((end, i) => end - dim(starts, i));
}

function averages(x: Tensor, rows: Windows, columns: Windows): Tensor {
  const kernel: [number, number] = [rows.longest, columns.longest];
  if (rows.isEven && columns.isEven) return avgPool2d(x, kernel);
  return composite(() => {
    // Shorter windows read zeros from one row and one column more.
    const [height, width] = [dim(x.shape, 2), dim(x.shape, 3)];
    const bordered = pad(x, [
      [0, 1],
      [0, 1],
    ]);
    const parts = unfolded(
      bordered,
      positions(rows, () => height),
      positions(columns, () => width),
    );
    const sums = avgPool2d(parts, kernel, { divisorOverride: 1 });
    const shares = lengths(rows).map((h) => lengths(columns).map((w) => 1 / (h * w)));
    return mul(sums, tensor(shares, { dtype: x.dtype }));
  });
}

function maxima<I extends boolean>(
  x: Tensor,
  rows: Windows,
  columns: Windows,
  options: ReturnIndicesOption<I>,
): MaxPooled<I> {
  const kernel: [number, number] = [rows.longest, columns.longest];
  if (rows.isEven && columns.isEven) return maxPool2d(x, kernel, options);
  return composite(() => {
    // Shorter windows name their last row and column twice.
    const last = (end: number): number => end - 1;
    const [down, across] = [positions(rows, last), positions(columns, last)];
    const parts = unfolded(x, down, across);
    return changed(maxPool2d(parts, kernel, options), (found, isIndex) =>
      isIndex ? folded(found, down, across, dim(x.shape, 3)) : found,
    );
  });
}

/**
 * Means over as many windows as the output has elements, whatever the input's size.
 * @param x [N, C, H, W] or [C, H, W]
 * @param size of the output: one number, or `[height, width]` with null for the input's own
 * @returns [N, C, ...size] or [C, ...size]
 */
export function adaptiveAvgPool2d(x: Tensor, size: AdaptiveSize): Tensor {
  return adaptive('adaptiveAvgPool2d', 2, x, size, averages);
}

/**
 * Largest elements of as many windows as the output has elements, whatever the input's size.
 * @param x [N, C, H, W] or [C, H, W]
 * @param size of the output: one number, or `[height, width]` with null for the input's own
 * @returns [N, C, ...size] or [C, ...size]
 */
export function adaptiveMaxPool2d<I extends boolean = false>(
  x: Tensor,
  size: AdaptiveSize,
  options: ReturnIndicesOption<I> = {},
): MaxPooled<I> {
  checkOptions('adaptiveMaxPool2d', options, RETURN_INDICES);
  return adaptive<I>('adaptiveMaxPool2d', 2, x, size, (images, rows, columns) =>
    maxima(images, rows, columns, options),
  );
}

/**
 * Means over as many windows as the output has elements, whatever the input's length; see
 * {@link adaptiveAvgPool2d}.
 * @param x [N, C, L] or [C, L]
 * @param size length of the output
 * @returns [N, C, size] or [C, size]
 */
export function adaptiveAvgPool1d(x: Tensor, size: number): Tensor {
  return adaptive('adaptiveAvgPool1d', 1, x, [1, size], averages);
}

/**
 * Largest elements of as many windows as the output has elements, whatever the input's length; see
 * {@link adaptiveMaxPool2d}.
 * @param x [N, C, L] or [C, L]
 * @param size length of the output
 * @returns [N, C, size] or [C, size]
 */
export function adaptiveMaxPool1d<I extends boolean = false>(
  x: Tensor,
  size: number,
  options: ReturnIndicesOption<I> = {},
): MaxPooled<I> {
  checkOptions('adaptiveMaxPool1d', options, RETURN_INDICES);
  return adaptive<I>('adaptiveMaxPool1d', 1, x, [1, size], (images, rows, columns) =>
    maxima(images, rows, columns, options),
  );
}

import { ArgumentError } from '../../errors.js';
import { inWords } from '../../options.js';

/** Padding of an axis: one width for both ends, or those of each. */
export type AxisPadding = number | readonly [before: number, after: number];

/** Padding of some axes: one width for all, or what each axis has, in their order. */
export type Padding = number | readonly AxisPadding[];

/** Padding of images: one width for all sides, or what height and width have: `[[top, bottom], [left, right]]`. */
export type Padding2d = number | readonly [height: AxisPadding, width: AxisPadding];

/** Elements added before and after an axis. */
export type PadWidth = readonly [before: number, after: number];

/** `[[1, 1], 2]`, for messages. */
function written(padding: unknown): string {
  return Array.isArray(padding) ? `[${padding.map(written).join(', ')}]` : inWords(padding);
}

function refuse(op: string, padding: unknown, least: number, example: string): never {
  const each = least === 0 ? 'an integer of at least 0' : 'an integer';
  throw new ArgumentError(
    `${op}: padding is ${written(padding)}, expected ${each}, one for each axis, or both ends of each: ${example}`,
  );
}

/** Widths before and after an axis; null unless they are integers ≥ least. */
function pairOf(width: AxisPadding, least: number): PadWidth | null {
  const ends: readonly unknown[] = typeof width === 'number' ? [width, width] : [width].flat();
  const [before, after, ...rest] = ends;
  const fits = (side: unknown): side is number => Number.isInteger(side) && Number(side) >= least;
  return rest.length === 0 && fits(before) && fits(after) ? [before, after] : null;
}

/**
 * Padding as widths before and after each axis: of `axes` axes if it is one number, else of as many as it has. A flat
 * list of four numbers is refused, because elsewhere it means the sides left, right, top and bottom.
 * @param example a nested list, for the message
 * @internal
 */
export function axisWidths(
  op: string,
  padding: Padding,
  axes: number,
  least: number,
  example: string,
): PadWidth[] {
  if (typeof padding === 'number') {
    const width = pairOf(padding, least) ?? refuse(op, padding, least, example);
    return Array.from({ length: axes }, () => width);
  }
  if (!Array.isArray(padding)) return refuse(op, padding, least, example);
  const list: readonly AxisPadding[] = padding;
  const isFlat = list.length === 4 && list.every((width) => typeof width === 'number');
  if (isFlat) refuse(op, padding, least, example);
  return list.map((width) => pairOf(width, least) ?? refuse(op, padding, least, example));
}

/** Padding of images as widths before and after height and width; throws unless they are integers ≥ least. @internal */
export function imageWidths(
  op: string,
  padding: Padding2d,
  least: number,
): readonly [height: PadWidth, width: PadWidth] {
  const example = '[[top, bottom], [left, right]]';
  const [height, width, ...rest] = axisWidths(op, padding, 2, least, example);
  if (height === undefined || width === undefined || rest.length > 0) {
    return refuse(op, padding, least, example);
  }
  return [height, width];
}

/** `[[1, 1], [2, 2]]`, for messages and toString(). @internal */
export function widthsText(widths: readonly PadWidth[]): string {
  return written(widths);
}

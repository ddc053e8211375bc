import { ArgumentError, ShapeError } from '../errors.js';
import { dim, formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { tensor } from './creation.js';
import { indexSelect } from './indexing.js';
import { composite } from './kit/composite.js';
import { checkAxes } from './kit/imageAxes.js';
import type { Widths } from './kit/window.js';

/** Widths of padding of an axis: one for both ends, or those of each. */
type AxisPadding = number | Widths;

/**
 * Widths of padding around images: one number for all sides, or `[height, width]`, where an axis has one number for
 * both sides or `[before, after]`: `[[top, bottom], [left, right]]`.
 */
export type Padding2d = number | readonly [height: AxisPadding, width: AxisPadding];

/** Widths as [[top, bottom], [left, right]]; throws unless they are integers ≥ least. @internal */
export function paddingOfSides(
  padding: Padding2d,
  op: string,
  least: number,
): readonly [height: Widths, width: Widths] {
  const axes = typeof padding === 'number' ? [padding, padding] : padding;
  const [height, width, ...more] = Array.from(axes, widthsOfAxis);
  const isWhole = (side: number): boolean => Number.isInteger(side) && side >= least;
  if (height?.every(isWhole) && width?.every(isWhole) && more.length === 0) return [height, width];
  throw new ArgumentError(
    `${op}: padding is ${JSON.stringify(padding)}, expected an integer or [[top, bottom], [left, right]]` +
      (least === 0 ? ' of at least 0' : ''),
  );
}

function widthsOfAxis(padding: AxisPadding): Widths {
  if (typeof padding === 'number') return [padding, padding];
  const [before, after] = padding;
  return padding.length === 2 ? [before, after] : [Number.NaN, Number.NaN];
}

/** `[[1, 1], [0, 2]]`, for messages. @internal */
export function sidesText(sides: readonly Widths[]): string {
  return `[${sides.map((widths) => formatShape(widths)).join(', ')}]`;
}

/** What lies beyond the edges: the mirror image without the edge itself, the edge again, or the other end. */
export type EdgeMode = 'reflect' | 'replicate' | 'circular';

/** The element of an axis of `size` that stands for a position, which may lie beyond its ends. */
const POSITIONS: Readonly<Record<EdgeMode, (position: number, size: number) => number>> = {
  reflect: (position, size) => {
    const at = Math.abs(position);
    return at < size ? at : 2 * (size - 1) - at;
  },
  replicate: (position, size) => Math.min(Math.max(position, 0), size - 1),
  circular: (position, size) => (position + size) % size,
};

/** An axis made longer at both ends by elements of its own. @internal */
export function extended(
  x: Tensor,
  axis: number,
  [before, after]: readonly [number, number],
  mode: EdgeMode,
): Tensor {
  if (before === 0 && after === 0) return x;
  const size = dim(x.shape, axis);
  const positions = Int32Array.from({ length: before + size + after }, (_, i) =>
    POSITIONS[mode](i - before, size),
  );
  return indexSelect(x, axis, tensor(positions));
}

/** Throws unless an axis has what padding of a mode takes from it. @internal */
export function checkExtension(
  op: string,
  x: Tensor,
  axis: number,
  widths: readonly [number, number],
  mode: EdgeMode,
): void {
  const size = dim(x.shape, axis);
  const most = {
    reflect: size - 1,
    replicate: size > 0 ? Number.POSITIVE_INFINITY : 0,
    circular: size,
  };
  if (Math.max(...widths) > most[mode]) {
    throw new ShapeError(
      `${op}: padding [${widths}] by '${mode}' of axis ${axis} of input ${formatShape(x.shape)}, expected at ` +
        `most ${most[mode]}`,
    );
  }
}

/**
 * Images with their own mirror image around them; the pixels of the edge are not doubled.
 * @param x [N, C, H, W] or [C, H, W]
 * @param padding smaller than the image on every side
 */
export function reflectionPad2d(x: Tensor, padding: Padding2d): Tensor {
  checkAxes('reflectionPad2d', 2, x);
  const sides = paddingOfSides(padding, 'reflectionPad2d', 0);
  const [rows, columns] = sides;
  const [down, across] = [x.rank - 2, x.rank - 1];
  const [height, width] = [dim(x.shape, down), dim(x.shape, across)];
  if (Math.max(...columns) >= width || Math.max(...rows) >= height) {
    throw new ShapeError(
      `reflectionPad2d: padding ${sidesText(sides)} ([[top, bottom], [left, right]]) is not ` +
        `smaller than the ${height} rows and ${width} columns of input ${formatShape(x.shape)}`,
    );
  }
  return composite(() => extended(extended(x, down, rows, 'reflect'), across, columns, 'reflect'));
}

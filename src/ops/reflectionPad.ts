import { ShapeError } from '../errors.js';
import { dim, formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { tensor } from './creation.js';
import { indexSelect } from './indexing.js';
import { imageWidths, type Padding2d, widthsText } from './kit/axisWidths.js';
import { composite } from './kit/composite.js';
import { checkAxes } from './kit/imageAxes.js';

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
 * @param padding narrower than the image on every side: one width, or `[[top, bottom], [left, right]]`
 *
 * @example
 * reflectionPad2d(x, [1, [0, 2]]); // a row at the top and at the bottom, two columns on the right
 */
export function reflectionPad2d(x: Tensor, padding: Padding2d): Tensor {
  checkAxes('reflectionPad2d', 2, x);
  const [rows, columns] = imageWidths('reflectionPad2d', padding, 0);
  const [down, across] = [x.rank - 2, x.rank - 1];
  const [height, width] = [dim(x.shape, down), dim(x.shape, across)];
  if (Math.max(...columns) >= width || Math.max(...rows) >= height) {
    throw new ShapeError(
      `reflectionPad2d: padding ${widthsText([rows, columns])} ([top, bottom], [left, right]) is not smaller than ` +
        `the ${height} rows and ${width} columns of input ${formatShape(x.shape)}`,
    );
  }
  return composite(() => extended(extended(x, down, rows, 'reflect'), across, columns, 'reflect'));
}

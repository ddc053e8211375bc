import { ArgumentError, ShapeError } from '../tensor/errors.js';
import { dim, formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { composite } from './composite.js';
import { tensor } from './creation.js';
import { checkFloat } from './define.js';
import { indexSelect } from './indexing.js';

/** Widths of padding around images: one for all sides, or those of each, in PyTorch's order. */
export type Padding2d =
  | number
  | readonly [left: number, right: number, top: number, bottom: number];

/** Widths as [left, right, top, bottom]; throws unless they are integers ≥ least. @internal */
export function paddingOfSides(
  padding: Padding2d,
  op: string,
  least: number,
): readonly [number, number, number, number] {
  const sides =
    typeof padding === 'number' ? ([padding, padding, padding, padding] as const) : padding;
  if (sides.length === 4 && sides.every((side) => Number.isInteger(side) && side >= least))
    return sides;
  throw new ArgumentError(
    `${op}: padding is ${String(padding)}, expected an integer or [left, right, top, bottom]` +
      (least === 0 ? ' of at least 0' : ''),
  );
}

/** Positions of an axis of `size`, mirrored beyond its ends. */
function mirrored(size: number, before: number, after: number): Tensor {
  const positions = Int32Array.from({ length: before + size + after }, (_, i) => {
    const at = Math.abs(i - before);
    return at < size ? at : 2 * (size - 1) - at;
  });
  return tensor(positions);
}

/**
 * Images with their own mirror image around them; the pixels of the edge are not doubled.
 * @param x [N, C, H, W]
 * @param padding smaller than the image on every side
 */
export function reflectionPad2d(x: Tensor, padding: Padding2d): Tensor {
  checkFloat(x, 'reflectionPad2d');
  const [left, right, top, bottom] = paddingOfSides(padding, 'reflectionPad2d', 0);
  if (x.rank !== 4) {
    throw new ShapeError(`reflectionPad2d: input ${formatShape(x.shape)}, expected [N, C, H, W]`);
  }
  const [height, width] = [dim(x.shape, 2), dim(x.shape, 3)];
  if (Math.max(left, right) >= width || Math.max(top, bottom) >= height) {
    throw new ShapeError(
      `reflectionPad2d: padding [${left}, ${right}, ${top}, ${bottom}] (left, right, top, bottom) is not ` +
        `smaller than the ${height} rows and ${width} columns of input ${formatShape(x.shape)}`,
    );
  }
  return composite(() =>
    indexSelect(indexSelect(x, 2, mirrored(height, top, bottom)), 3, mirrored(width, left, right)),
  );
}

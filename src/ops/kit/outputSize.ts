import { ShapeError } from '../../errors.js';
import { dim, formatShape, type Shape } from '../../tensor/shape.js';
import { perAxis } from './options.js';

/** A size to reach: one number for all spatial axes, one for each, or a whole shape such as `x.shape`. */
export type OutputSize = number | Shape;

/** The sizes that an op can give along each spatial axis. */
export interface Reach {
  readonly least: readonly number[];
  readonly most: readonly number[];
}

/** A requested size along the spatial axes, of what may be the whole shape of an input of some rank. @internal */
export function spatialSize(
  size: OutputSize | undefined,
  rank: number,
  axes: number,
): OutputSize | undefined {
  return typeof size === 'object' && size.length === rank ? size.slice(rank - axes) : size;
}

/** A requested size as one number for each spatial axis; throws unless the op can reach it. @internal */
export function reachedSize(
  op: string,
  input: Shape,
  outputSize: OutputSize,
  { least, most }: Reach,
): readonly number[] {
  const sizes = perAxis(outputSize, input.length - 2, 'outputSize', op, 1);
  if (sizes.some((size, i) => size < dim(least, i) || size > dim(most, i))) {
    const from = least.map((size) => Math.max(1, size));
    throw new ShapeError(
      `${op}: outputSize ${formatShape(sizes)} cannot be reached from input ${formatShape(input)}, ` +
        `expected ${formatShape(from)} to ${formatShape(most)}`,
    );
  }
  return sizes;
}

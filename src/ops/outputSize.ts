import { ShapeError } from '../tensor/errors.js';
import { dim, formatShape, type Shape } from '../tensor/shape.js';
import { perAxis } from './options.js';

/** A size to reach: one number for all spatial axes, one for each, or a whole shape [N, C, ...] such as `x.shape`. */
export type OutputSize = number | Shape;

/** The sizes that an op can give along each spatial axis. */
export interface Reach {
  readonly least: readonly number[];
  readonly most: readonly number[];
}

/** A requested size as one number for each spatial axis; throws unless the op can reach it. @internal */
export function reachedSize(
  op: string,
  input: Shape,
  outputSize: OutputSize,
  { least, most }: Reach,
): readonly number[] {
  const axes = input.length - 2;
  const isShape = typeof outputSize !== 'number' && outputSize.length === input.length;
  const spatial = isShape ? outputSize.slice(2) : outputSize;
  const sizes = perAxis(spatial, axes, 'outputSize', op, 1);
  if (sizes.some((size, i) => size < dim(least, i) || size > dim(most, i))) {
    const from = least.map((size) => Math.max(1, size));
    throw new ShapeError(
      `${op}: outputSize ${formatShape(sizes)} cannot be reached from input ${formatShape(input)}, ` +
        `expected ${formatShape(from)} to ${formatShape(most)}`,
    );
  }
  return sizes;
}

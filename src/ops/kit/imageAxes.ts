import { ShapeError } from '../../errors.js';
import { dim, formatShape, type Shape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { checkFloat } from './define.js';

// Axes of sequences, images and volumes: [N, C, ...], or [C, ...] without a batch axis.

/** The names of one, two or three spatial axes. */
const SPATIAL = { 1: 'L', 2: 'H, W', 3: 'D, H, W' } as const;

/** How many spatial axes an op is for: sequences, images or volumes. */
export type SpatialAxes = keyof typeof SPATIAL;

/** Throws unless x is floats [N, C, ...], or [C, ...] without a batch axis. @internal */
export function checkAxes(op: string, axes: SpatialAxes, x: Tensor): void {
  checkFloat(x, op);
  if (x.rank !== axes + 2 && x.rank !== axes + 1) {
    const names = SPATIAL[axes];
    throw new ShapeError(
      `${op}: input ${formatShape(x.shape)}, expected [N, C, ${names}] or [C, ${names}]`,
    );
  }
}

/** Throws unless an input [N, C, ...] has something in each sample. @internal */
export function checkPixels(op: string, axes: SpatialAxes, shape: Shape): void {
  if (shape.slice(1).includes(0)) {
    const names = `C, ${SPATIAL[axes]}`;
    throw new ShapeError(
      `${op}: input ${formatShape(shape)}, expected [N, ${names}] without empty ${names}`,
    );
  }
}

/** [C, ...] as the batch of one [1, C, ...]; a batch as it is. @internal */
export function batchShape(shape: Shape, axes: SpatialAxes): Shape {
  return shape.length === axes + 1 ? [1, ...shape] : shape;
}

/** [N, C, L] as the image [N, C, 1, L]; images as they are. @internal */
export function imageShape(shape: Shape): Shape {
  return shape.length === 3 ? [dim(shape, 0), dim(shape, 1), 1, dim(shape, 2)] : shape;
}

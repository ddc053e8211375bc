import { ShapeError } from '../../errors.js';
import { formatShape, type Shape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { changed, type MaxPooled } from '../pool/maxPooled.js';
import { squeeze, unsqueeze } from '../view.js';
import { composite } from './composite.js';
import { checkFloat } from './define.js';

// Kernels take images of a batch, [N, C, H, W]. Sequences, and what has no batch axis, become that by views.

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

/**
 * Runs an op of [N, C, ...] on [C, ...], too, as PyTorch does: it sees a batch of one, a view, and what it returns
 * has no batch axis again.
 * @param run `lifted` does the same to the op's other inputs
 * @throws ShapeError unless x has `axes` spatial axes, and channels
 * @internal
 */
export function withBatch<I extends boolean = false>(
  op: string,
  axes: SpatialAxes,
  x: Tensor,
  run: (batch: Tensor, lifted: (other: Tensor) => Tensor) => MaxPooled<I>,
): MaxPooled<I> {
  checkAxes(op, axes, x);
  if (x.rank === axes + 2) return run(x, (other) => other);
  const lifted = (each: Tensor): Tensor => unsqueeze(each, 0);
  return composite(() => changed(run(lifted(x), lifted), (found) => squeeze(found, 0)));
}

/** A sequence [N, C, L] as an image of height 1, a view; images as they are. @internal */
export function asImage(x: Tensor): Tensor {
  return x.rank === 3 ? unsqueeze(x, 2) : x;
}

/** Runs an op of images on sequences, too; see {@link asImage}. @internal */
export function asImages<I extends boolean = false>(
  x: Tensor,
  run: (images: Tensor) => MaxPooled<I>,
): MaxPooled<I> {
  if (x.rank === 4) return run(x);
  return composite(() => changed(run(asImage(x)), (found) => squeeze(found, 2)));
}

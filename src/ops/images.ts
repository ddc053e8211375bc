import type { Tensor } from '../tensor/tensor.js';
import { composite } from './kit/composite.js';
import { batchShape, imageShape } from './kit/imageAxes.js';
import { reshape } from './view.js';

// Kernels take a batch of images, [N, C, H, W]. A sequence is an image of height 1, and what has no batch axis is a
// batch of one: both are views.

/** True for a batch of images, which needs no lift. @internal */
export function isImages(x: Tensor, axes: 1 | 2): boolean {
  return axes === 2 && x.rank === 4;
}

/**
 * x as a batch of images, a view.
 * @param x with `axes` spatial axes: [N, C, H, W], [C, H, W], [N, C, L] or [C, L]
 * @internal
 */
export function toImages(x: Tensor, axes: 1 | 2): Tensor {
  return isImages(x, axes) ? x : reshape(x, imageShape(batchShape(x.shape, axes)));
}

/** The way back from {@link toImages}: images with the axes that x has. @internal */
export function fromImages(images: Tensor, x: Tensor, axes: 1 | 2): Tensor {
  if (isImages(x, axes)) return images;
  const hasBatch = x.rank === axes + 2;
  const kept = images.shape.filter(
    (_, axis) => (axis !== 0 || hasBatch) && (axis !== 2 || axes === 2),
  );
  return reshape(images, kept);
}

/** Runs an op of images on sequences, and without a batch axis, too; see {@link toImages}. @internal */
export function onImages(x: Tensor, axes: 1 | 2, run: (images: Tensor) => Tensor): Tensor {
  if (isImages(x, axes)) return run(x);
  return composite(() => fromImages(run(toImages(x, axes)), x, axes));
}

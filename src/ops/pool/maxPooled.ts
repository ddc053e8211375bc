import { Tensor } from '../../tensor/tensor.js';
import { fromImages, isImages, toImages } from '../images.js';
import { composite } from '../kit/composite.js';

export interface PooledWithIndices {
  output: Tensor;
  /** Where each element was found: its position h·W + w in its plane, int32, of the output's shape. */
  indices: Tensor;
}

/** What max pooling returns: the output, and with `returnIndices: true` the positions of its elements, too. */
export type MaxPooled<I extends boolean> = I extends true ? PooledWithIndices : Tensor;

export interface ReturnIndicesOption<I extends boolean = false> {
  /** Returns `{ output, indices }`, for {@link maxUnpool2d}. Default: false. */
  returnIndices?: I;
}

/** As much of what was found as is asked for. @internal */
export function maxPooled<I extends boolean>(
  found: PooledWithIndices,
  { returnIndices }: ReturnIndicesOption<I>,
): MaxPooled<I> {
  if (!returnIndices) found.indices.dispose();
  return (returnIndices ? found : found.output) as MaxPooled<I>;
}

/** The output and, if they are there, the positions, each as `fn` changes it. @internal */
export function changed<I extends boolean>(
  pooled: MaxPooled<I>,
  fn: (each: Tensor, isIndex: boolean) => Tensor,
): MaxPooled<I> {
  const found: Tensor | PooledWithIndices = pooled;
  if (found instanceof Tensor) return fn(found, false) as MaxPooled<I>;
  return { output: fn(found.output, false), indices: fn(found.indices, true) } as MaxPooled<I>;
}

/**
 * Runs a max pooling of images on sequences, and without a batch axis, too; see {@link toImages}. What it returns has
 * x's axes.
 * @internal
 */
export function pooledImages<I extends boolean = false>(
  x: Tensor,
  axes: 1 | 2,
  run: (images: Tensor) => MaxPooled<I>,
): MaxPooled<I> {
  if (isImages(x, axes)) return run(x);
  return composite(() => changed(run(toImages(x, axes)), (found) => fromImages(found, x, axes)));
}

import { kernels } from '../../backend/select.js';
import { type Shape, sameShape, sizeOf } from '../../tensor/shape.js';
import { empty, type Layout, type Tensor } from '../../tensor/tensor.js';
import { memoryOrder, stridesIn } from './define.js';

/** One side of a strided copy. @internal */
export interface Walk {
  readonly start: number;
  readonly strides: readonly number[];
}

/** A walk through all of a tensor, in memory as it is, broadcast to `shape`. @internal */
export function walkThrough(x: Tensor, shape: Shape = x.shape): Walk {
  return { start: 0, strides: stridesIn(x, shape) };
}

/** out[...] = x[...] over dims, both walked by strides of their memory. @internal */
export function stridedCopy(out: Tensor, to: Walk, x: Tensor, from: Walk, dims: Shape): void {
  if (sizeOf(dims) === 0) return;
  // The innermost loop runs along out's memory.
  const order = memoryOrder(dims.length, out.layout);
  const inOrder = (values: readonly number[]): number[] => order.map((axis) => values[axis] ?? 0);
  const plan = Int32Array.from([
    dims.length,
    to.start,
    from.start,
    ...inOrder(dims),
    ...inOrder(to.strides),
    ...inOrder(from.strides),
  ]);
  kernels().copyStrided(out.raw, x.raw, plan);
}

/** x broadcast to `shape`, its elements laid out in `layout`; x itself if it is so already. @internal */
export function materialized(x: Tensor, shape: Shape, layout: Layout): Tensor {
  if (x.layout === layout && sameShape(x.shape, shape)) return x;
  return walked(x, shape, walkThrough(x, shape), layout);
}

/** A new tensor of what a walk through x meets. @internal */
export function walked(x: Tensor, shape: Shape, from: Walk, layout: Layout): Tensor {
  const out = empty(shape, x.dtype, layout);
  stridedCopy(out, walkThrough(out), x, from, shape);
  return out;
}

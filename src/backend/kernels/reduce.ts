import type { ArgOp, ReduceOp } from './opCodes.js';
import type { FloatArray, IndexArray } from './types.js';

/** Reductions along an axis. See index.ts for the conventions. */
export interface ReduceKernels {
  /**
   * x: [outer, axis, inner] -> out: [outer, inner], reduced over axis. Sums run pairwise or blocked, so
   * that float32 error stays near log(n). axis 0 gives the neutral element (max: −∞, min: +∞, mean: NaN).
   * max and min of a NaN are NaN. Int32: sum, max, min, prod (wrapping; axis 0: max −2³¹, min 2³¹ − 1).
   */
  reduce(
    out: FloatArray | Int32Array,
    x: FloatArray | Int32Array,
    outer: number,
    axis: number,
    inner: number,
    op: ReduceOp,
  ): void;
  /** Index of the first largest (smallest) element along axis ≥ 1; a NaN wins over all, as in NumPy. */
  argReduce(
    out: IndexArray,
    x: FloatArray | Int32Array,
    outer: number,
    axis: number,
    inner: number,
    op: ArgOp,
  ): void;
}

import type { FloatArray, IndexArray, NumericArray } from './types.js';

/** Filling, converting and copying. See index.ts for the conventions. */
export interface MemoryKernels {
  /** out[i] = value. */
  fill(out: NumericArray, n: number, value: number): void;
  /**
   * out[i] = x[i], converted as JavaScript typed arrays convert: float to int truncates (NaN and out of
   * range: modulo 2³² as `x | 0`), int to uint8 wraps. out and x may be of different kinds.
   */
  cast(out: NumericArray, x: NumericArray, n: number): void;
  /** out[i] = x[i] of one kind: a training step's new value of a parameter or statistic. Not while a fault waits. */
  assign(out: NumericArray, x: NumericArray, n: number): void;
  /**
   * out[outStart + Σ iₖ·outStrideₖ] = x[xStart + Σ iₖ·xStrideₖ] for every index i within dims. Touches
   * only those elements. Strides may be zero (x) or negative. One kind for both arrays.
   * @param plan `[rank, outStart, xStart, ...dims, ...outStrides, ...xStrides]`, rank ≤ 8
   */
  copyStrided(out: NumericArray, x: NumericArray, plan: IndexArray): void;
  /** Per batch: out[c, r] = x[r, c]; x: [batch, rows, cols], out: [batch, cols, rows]. One kind. */
  transpose(out: NumericArray, x: NumericArray, batch: number, rows: number, cols: number): void;
  /** y += alpha · x. Accumulates into y. */
  addScaled(y: FloatArray, x: FloatArray, n: number, alpha: number): void;
}

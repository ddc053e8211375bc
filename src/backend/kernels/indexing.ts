import type { FloatArray, IndexArray, NumericArray } from './types.js';

/**
 * Elements and rows that indices name. See index.ts for the conventions.
 *
 * Gradients of which only some rows are there (`coalesceRows`, `addRows`, and steps of optimisers): rows names them,
 * each once, −1 where a place is unused; values has `inner` elements for each place, zero where unused; limit is how
 * many rows the whole has.
 */
export interface IndexingKernels {
  /** out[o, j, i] = x[o, index[j], i]; x: [outer, axis, inner], index: [count]. */
  indexSelect(
    out: NumericArray,
    x: NumericArray,
    index: IndexArray,
    outer: number,
    axis: number,
    inner: number,
    count: number,
  ): void;
  /** out[o, index[j], i] += x[o, j, i]; out: [outer, axis, inner], x: [outer, count, inner]. Accumulates; same result for any thread count. */
  indexAdd(
    out: FloatArray,
    x: FloatArray,
    index: IndexArray,
    outer: number,
    axis: number,
    inner: number,
    count: number,
  ): void;
  /** out[o, j, i] = x[o, index[o, j, i], i]; x: [outer, axis, inner], index and out: [outer, count, inner]. */
  gather(
    out: NumericArray,
    x: NumericArray,
    index: IndexArray,
    outer: number,
    axis: number,
    inner: number,
    count: number,
  ): void;
  /** out[o, index[o, j, i], i] += x[o, j, i]; out: [outer, axis, inner], index and x: [outer, count, inner]. Accumulates. */
  scatterAdd(
    out: FloatArray,
    x: FloatArray,
    index: IndexArray,
    outer: number,
    axis: number,
    inner: number,
    count: number,
  ): void;
  /** out[i, c] = index[i] == c ? 1 : 0; out: [n, classes]. An index outside [0, classes) is a fault. */
  oneHot(out: NumericArray, index: IndexArray, n: number, classes: number): void;
  /**
   * Sums of the rows of x: [count, inner] that have the same index, in places that are taken in the order of first
   * appearance. rows: [min(count, limit)], values: [min(count, limit), inner]. Indices outside [0, limit), which
   * the forward has reported, and `skip` are passed over. Same result for any thread count.
   */
  coalesceRows(
    rows: IndexArray,
    values: FloatArray,
    index: IndexArray,
    x: FloatArray,
    count: number,
    inner: number,
    limit: number,
    skip: number,
  ): void;
  /** out[rows[j], i] += values[j, i]; out: [limit, inner], values: [count, inner]. Accumulates. */
  addRows(
    out: FloatArray,
    values: FloatArray,
    rows: IndexArray,
    count: number,
    inner: number,
    limit: number,
  ): void;
  /**
   * Rows of weight: [limit, inner] that index: [count] names are scaled, in place and once each, by
   * maxNorm / (norm + 1e-7) where their normType-norm is above maxNorm. An index out of range is a fault, and then
   * no row is changed.
   */
  renormRows(
    weight: FloatArray,
    index: IndexArray,
    count: number,
    inner: number,
    limit: number,
    maxNorm: number,
    normType: number,
  ): void;
}

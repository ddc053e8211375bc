import type { FloatArray } from './types.js';

/** The matrix product. See index.ts for the conventions. */
export interface GemmKernels {
  /**
   * c = op(a)·op(b) (+ bias) (+ c). Row-major; op(a) is [m, k], op(b) is [k, n], c is [m, n].
   * transA = 1: a is stored [k, m]; transB = 1: b is stored [n, k]. bias, or null, is [n] and is added to
   * every row. accumulate = 1 adds to c instead of writing it. k = 0 gives bias or zero.
   * batch products; strides in elements between consecutive matrices (0 repeats a matrix).
   */
  gemm(
    c: FloatArray,
    a: FloatArray,
    b: FloatArray,
    bias: FloatArray | null,
    m: number,
    n: number,
    k: number,
    transA: number,
    transB: number,
    accumulate: number,
    batch: number,
    strideC: number,
    strideA: number,
    strideB: number,
  ): void;
}

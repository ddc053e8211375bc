import type { ArgOp, BinaryOp, CompareOp, ReduceOp, UnaryGradOp, UnaryOp } from './opCodes.js';
import type { FloatArray, IndexArray, MaskArray, NumericArray } from './types.js';

/** Kernels of tensors of any shape. See kernels.ts for the conventions. */
export interface TensorKernels {
  // --- memory -------------------------------------------------------------------------------------
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

  // --- elementwise --------------------------------------------------------------------------------
  /** out = f(x). out may be x. Int32: neg, abs, sign, square, clamp, relu. */
  unary(
    out: FloatArray | Int32Array,
    x: FloatArray | Int32Array,
    n: number,
    op: UnaryOp,
    p: number,
    q: number,
  ): void;
  /** out = g · f'(s), see {@link UnaryGradOp}. out may be g. */
  unaryGrad(
    out: FloatArray,
    g: FloatArray,
    s: FloatArray,
    n: number,
    op: UnaryGradOp,
    p: number,
    q: number,
  ): void;
  /** out = a ∘ b, all of n elements. out may be a or b. Int32: all but atan2, div (divides truncating), rdiv. */
  binary(
    out: FloatArray | Int32Array,
    a: FloatArray | Int32Array,
    b: FloatArray | Int32Array,
    n: number,
    op: BinaryOp,
  ): void;
  /** out = a ∘ scalar. out may be a. */
  binaryScalar(
    out: FloatArray | Int32Array,
    a: FloatArray | Int32Array,
    scalar: number,
    n: number,
    op: BinaryOp,
  ): void;
  /**
   * out (contiguous, row-major over dims) = a ∘ b with broadcasting.
   * @param plan `[rank, ...dims, ...aStrides, ...bStrides]`, strides 0 where broadcast, rank ≤ 8;
   *   collapsed by the caller, so that the last dim is as long as it can be
   */
  binaryBroadcast(
    out: FloatArray | Int32Array,
    a: FloatArray | Int32Array,
    b: FloatArray | Int32Array,
    plan: IndexArray,
    op: BinaryOp,
  ): void;
  /** As binaryBroadcast, with a mask as result; any one kind of inputs (also uint8). */
  compare(out: MaskArray, a: NumericArray, b: NumericArray, plan: IndexArray, op: CompareOp): void;
  /** out = a ∘ scalar, as mask. */
  compareScalar(out: MaskArray, a: NumericArray, scalar: number, n: number, op: CompareOp): void;
  /** out = condition ? a : b, elementwise; one kind for out, a, b. */
  where(out: NumericArray, condition: MaskArray, a: NumericArray, b: NumericArray, n: number): void;

  // --- reductions ---------------------------------------------------------------------------------
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
  /** Softmax (log = 0) or log-softmax (log = 1) along axis of [outer, axis, inner], shifted by the maximum. */
  softmax(
    out: FloatArray,
    x: FloatArray,
    outer: number,
    axis: number,
    inner: number,
    log: number,
  ): void;
  /** Gradient from g and y, the forward's result: y·(g − Σ g·y), or g − e^y·Σ g when log = 1. */
  softmaxGrad(
    dx: FloatArray,
    g: FloatArray,
    y: FloatArray,
    outer: number,
    axis: number,
    inner: number,
    log: number,
  ): void;

  // --- matrix product -----------------------------------------------------------------------------
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

  // --- indexing -----------------------------------------------------------------------------------
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

  // --- gradients of which only some rows are there: rows names them, each once, −1 where a place is unused; values
  // has `inner` elements for each place, zero where unused; limit is how many rows the whole has ------------------
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

  // --- random numbers -----------------------------------------------------------------------------
  // Philox-4x32-10 (Salmon et al. 2011): key = (seedLow, seedHigh); element i takes lane i mod 4 of the block
  // whose 128-bit counter is (counter + floor(i / 4), as low and high word, then 0, 0). counter < 2⁵³.
  /** Uniform on [low, high): low + (high − low)·(u >>> 8)·2⁻²⁴, rounded below high. */
  randomUniform(
    out: FloatArray,
    n: number,
    seedLow: number,
    seedHigh: number,
    counter: number,
    low: number,
    high: number,
  ): void;
  /**
   * Normal, by Box-Muller in float64 on lane pairs (0,1) and (2,3): u = ((a >>> 8) + 1)·2⁻²⁴,
   * v = (b >>> 8)·2⁻²⁴, r = √(−2 ln u), the pair is (r cos 2πv, r sin 2πv).
   */
  randomNormal(
    out: FloatArray,
    n: number,
    seedLow: number,
    seedHigh: number,
    counter: number,
    mean: number,
    std: number,
  ): void;
  /** Integers on [low, high): low + floor(u·(high − low)/2³²), exact in 64 bits; high − low ≤ 2³². */
  randomInteger(
    out: IndexArray,
    n: number,
    seedLow: number,
    seedHigh: number,
    counter: number,
    low: number,
    high: number,
  ): void;
  /**
   * Inverted dropout: mask[i] = u[i] ≥ p (u uniform on [0, 1) as above), out = mask ? x / (1 − p) : 0. The
   * mask of element i is that of element floor(i / inner), so that inner > 1 drops whole channels.
   */
  dropout(
    out: FloatArray,
    mask: MaskArray,
    x: FloatArray,
    n: number,
    inner: number,
    seedLow: number,
    seedHigh: number,
    counter: number,
    p: number,
  ): void;
  /** out = mask[floor(i / inner)] ? x·scale : 0. */
  maskScale(
    out: FloatArray,
    x: FloatArray,
    mask: MaskArray,
    n: number,
    inner: number,
    scale: number,
  ): void;
}

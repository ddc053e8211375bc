/**
 * The waist of the library: the list of everything a backend computes.
 *
 * Conventions, the same for every kernel:
 * - Outputs come first, then inputs, then integers, numbers and flags.
 * - Arrays are flat and may be longer than what the sizes say (pooled memory); a kernel touches exactly
 *   the elements that its sizes name. Outputs never overlap inputs, unless a kernel says that they may.
 * - A kernel fills every element of its outputs, unless it is named as accumulating (`…Add…`) or as
 *   updating in place (`…Step`, `copyStrided`).
 * - Shapes, dtypes and devices were checked before the call. Only data can be at fault (an index out of
 *   range), which a kernel reports as an {@link IndexFaultError}: at once on the TypeScript backend, at
 *   the next synchronisation on the native one.
 *   Between a fault and the moment that it is thrown, kernels that say so leave parameters and the like as they
 *   are (`…Step…`, `renormRows`, `assign`, the running statistics of `batchNorm`), so that nothing is half-updated.
 * - `FloatArray` arguments of one call have one kind. The native backend has Float32Array only.
 */

import type {
  ArgOp,
  BinaryOp,
  CompareOp,
  ReduceOp,
  UnaryGradOp,
  UnaryOp,
  UpdateRule,
  UpsampleMode,
  WeightFormat,
} from './opCodes.js';

export * from './opCodes.js';

export type FloatArray = Float32Array | Float64Array;
export type IndexArray = Int32Array;
export type MaskArray = Uint8Array;
export type NumericArray = FloatArray | Int32Array | Uint8Array;

/**
 * The geometry of a 2-D convolution or pooling, as plain numbers in an Int32Array of length
 * {@link GEOMETRY_LENGTH}, in this order:
 * `[batch, inHeight, inWidth, inChannels, outHeight, outWidth, outChannels, kernelHeight, kernelWidth,
 * strideHeight, strideWidth, padTop, padLeft, dilationHeight, dilationWidth, groups]`.
 * Padding at the bottom and the right follows from the output size. Pooling has
 * `outChannels = inChannels` and `groups = inChannels`.
 */
export type Geometry = Int32Array;
export const GEOMETRY_LENGTH = 16;

/**
 * Destination first, flat typed arrays, plain numbers. Implemented by `backend/ts` and `backend/native`.
 */
export interface Kernels {
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

  // --- convolution and pooling: images are [N, H, W, C] in memory -----------------------------------
  /**
   * out[n, p, q, k] = bias[k] + Σ x[n, p·stride − pad + r·dilation, …, c]·w[k, c, r, s]; w is
   * [K, C/groups, R, S] as PyTorch stores it; bias may be null.
   */
  conv2d(
    out: FloatArray,
    x: FloatArray,
    w: FloatArray,
    bias: FloatArray | null,
    geometry: Geometry,
  ): void;
  /**
   * Weights prepared for {@link Kernels.conv2dPacked}, in an order that is the backend's own. Elements of `packed`,
   * with K rounded up to whole 32 (of each group): depthwise C·R·S (for as many groups as channels on both sides),
   * panels K·C/groups·R·S, winograd4 36·C·K and winograd2 16·C·K (for what Backend.convAlgorithm says so of; not on
   * the TypeScript backend). Depends on the channels, kernel and groups of the geometry only.
   */
  packConv2d(packed: FloatArray, w: FloatArray, geometry: Geometry, format: WeightFormat): void;
  /** conv2d with prepared weights: f(conv + bias + add), f = max(0, ·) when relu = 1; add is laid out as out, or null. */
  conv2dPacked(
    out: FloatArray,
    x: FloatArray,
    packed: FloatArray,
    bias: FloatArray | null,
    add: FloatArray | null,
    geometry: Geometry,
    format: WeightFormat,
    relu: number,
  ): void;
  /** Gradient of the input; also the transposed convolution's forward. bias, or null, is [inChannels], added to dx. */
  conv2dInputGrad(
    dx: FloatArray,
    dy: FloatArray,
    w: FloatArray,
    bias: FloatArray | null,
    geometry: Geometry,
  ): void;
  /** Gradient of the weight, in its [K, C/groups, R, S] layout. */
  conv2dWeightGrad(dw: FloatArray, dy: FloatArray, x: FloatArray, geometry: Geometry): void;
  /**
   * Largest element of each window; index receives its position h·W + w within the input plane (the first
   * of equals in row-major order; a NaN wins), −1 where a window covers padding only (out = −∞).
   */
  maxPool2d(out: FloatArray, index: IndexArray, x: FloatArray, geometry: Geometry): void;
  /** dx = Σ dy over the windows that chose the element. Fills dx. */
  maxPool2dGrad(dx: FloatArray, dy: FloatArray, index: IndexArray, geometry: Geometry): void;
  /** out[n, p, q, c] = x[n, index, c] of maxPool2d's index, 0 where it is −1: maxPool2dGrad's own gradient. */
  maxPool2dGather(out: FloatArray, x: FloatArray, index: IndexArray, geometry: Geometry): void;
  /**
   * Window means. Divisor: divisorOverride if > 0; else with countPadding = 1 the window's size within the
   * padded input (padBottom and padRight give its far edges, for ceil mode); else the elements inside it.
   */
  avgPool2d(
    out: FloatArray,
    x: FloatArray,
    geometry: Geometry,
    padBottom: number,
    padRight: number,
    countPadding: number,
    divisorOverride: number,
  ): void;
  avgPool2dGrad(
    dx: FloatArray,
    dy: FloatArray,
    geometry: Geometry,
    padBottom: number,
    padRight: number,
    countPadding: number,
    divisorOverride: number,
  ): void;

  /**
   * x: [batch, inHeight, inWidth, channels] at the positions of a grid, out: [batch, outHeight, outWidth, channels].
   * nearest takes the pixel at floor(p·scale), computed in float32. The others mix the two pixels on either side of
   * s along each axis: s = max(0, (p + ½)·scale − ½) for bilinear, s = p·scale for bilinearCorners; positions stay
   * within the image. Sizes are ≥ 1.
   */
  upsample2d(
    out: FloatArray,
    x: FloatArray,
    batch: number,
    inHeight: number,
    inWidth: number,
    channels: number,
    outHeight: number,
    outWidth: number,
    scaleHeight: number,
    scaleWidth: number,
    mode: UpsampleMode,
  ): void;
  /** Gradient of upsample2d's x. Fills dx. */
  upsample2dGrad(
    dx: FloatArray,
    dy: FloatArray,
    batch: number,
    inHeight: number,
    inWidth: number,
    channels: number,
    outHeight: number,
    outWidth: number,
    scaleHeight: number,
    scaleWidth: number,
    mode: UpsampleMode,
  ): void;

  // --- normalisation ------------------------------------------------------------------------------
  /**
   * Batch normalisation of x: [rows, channels] by its own statistics (Ioffe and Szegedy 2015):
   * out = (x − mean)·rstd·weight + bias + added with rstd = 1/√(variance + eps), and max(0, ·) of that when
   * relu = 1.
   * mean and rstd are [channels], for the gradient. Updates in place runningMean = (1 − momentum)·runningMean +
   * momentum·mean and runningVar, which takes the unbiased variance; momentum 1 does not read them. rows ≥ 1;
   * weight (1), bias (0) and added (0; as x) may be null. The variance has the accuracy of two passes.
   */
  batchNorm(
    out: FloatArray,
    mean: FloatArray,
    rstd: FloatArray,
    runningMean: FloatArray,
    runningVar: FloatArray,
    x: FloatArray,
    weight: FloatArray | null,
    bias: FloatArray | null,
    added: FloatArray | null,
    rows: number,
    channels: number,
    momentum: number,
    eps: number,
    relu: number,
  ): void;
  /** As batchNorm, by given statistics. */
  batchNormInference(
    out: FloatArray,
    x: FloatArray,
    mean: FloatArray,
    variance: FloatArray,
    weight: FloatArray | null,
    bias: FloatArray | null,
    added: FloatArray | null,
    rows: number,
    channels: number,
    eps: number,
    relu: number,
  ): void;
  /**
   * Gradients of batchNorm (training = 1) or batchNormInference (training = 0: mean and rstd are constants).
   * y, the forward's result, says what ReLU let through; null without ReLU. dadded may be null.
   */
  batchNormGrad(
    dx: FloatArray,
    dweight: FloatArray,
    dbias: FloatArray,
    dadded: FloatArray | null,
    g: FloatArray,
    x: FloatArray,
    y: FloatArray | null,
    mean: FloatArray,
    rstd: FloatArray,
    weight: FloatArray | null,
    rows: number,
    channels: number,
    training: number,
  ): void;
  /**
   * Group normalisation (Wu and He 2018) of x: [batch, spatial, channels]: out = (x − mean)·rstd·weight + bias,
   * with statistics over the spatial positions and channels/groups neighbouring channels of each sample. mean and
   * rstd are [batch, groups], for the gradient; weight (1) and bias (0) are [channels] or null. Layer
   * normalisation (Ba et al. 2016) is the case spatial = 1, groups = 1. spatial ≥ 1.
   */
  groupNorm(
    out: FloatArray,
    mean: FloatArray,
    rstd: FloatArray,
    x: FloatArray,
    weight: FloatArray | null,
    bias: FloatArray | null,
    batch: number,
    spatial: number,
    channels: number,
    groups: number,
    eps: number,
  ): void;
  groupNormGrad(
    dx: FloatArray,
    dweight: FloatArray,
    dbias: FloatArray,
    g: FloatArray,
    x: FloatArray,
    mean: FloatArray,
    rstd: FloatArray,
    weight: FloatArray | null,
    batch: number,
    spatial: number,
    channels: number,
    groups: number,
  ): void;

  // --- recurrent layers: a whole sequence of one layer and direction --------------------------------
  // Sequences are packed by time, longest first: the rows of step t belong to the first sizes[t] of the
  // `batch` sequences, and sizes never rise; N = Σ sizes, sizes[0] = batch, at least one step. reverse = 1
  // goes through each sequence from its end. h0 and c0, or null for zeros, are the states before the first
  // step; hn and cn receive those after the last, each sequence's own. weight is PyTorch's weight_hh, bias
  // its bias_hh or null; the input's part, x·weight_ihᵀ + bias_ih, is in the gates already.
  // Gradients: g of out, ghn of hn, gcn of cn, each or null for zero; dgates is the gradient of the input's
  // part, of which those of x, weight_ih and bias_ih follow by products, and dh0 and dc0 those of the start.

  /** h = tanh(out + W·h + b), or relu. out: [N, hidden] holds the input's part and is updated in place. */
  rnn(
    out: FloatArray,
    hn: FloatArray,
    h0: FloatArray | null,
    weight: FloatArray,
    bias: FloatArray | null,
    sizes: IndexArray,
    batch: number,
    hidden: number,
    reverse: number,
    relu: number,
  ): void;
  /** dgates: [N, hidden]. */
  rnnGrad(
    dgates: FloatArray,
    dh0: FloatArray,
    g: FloatArray | null,
    ghn: FloatArray | null,
    out: FloatArray,
    weight: FloatArray,
    sizes: IndexArray,
    batch: number,
    hidden: number,
    reverse: number,
    relu: number,
  ): void;
  /**
   * LSTM (Hochreiter and Schmidhuber 1997): [i, f, g, o] = [σ, σ, tanh, σ](gates + W·h + b), c = f·c + i·g,
   * h = o·tanh c; with a projection [outputs, hidden] (Sak et al. 2014), h = projection·(o·tanh c), else it is
   * null and outputs = hidden. gates: [N, 4·hidden] is updated in place; cells: [N, hidden] receives each c;
   * out and hn have `outputs` columns, and weight is [4·hidden, outputs].
   */
  lstm(
    out: FloatArray,
    hn: FloatArray,
    cn: FloatArray,
    cells: FloatArray,
    gates: FloatArray,
    h0: FloatArray | null,
    c0: FloatArray | null,
    weight: FloatArray,
    bias: FloatArray | null,
    projection: FloatArray | null,
    sizes: IndexArray,
    batch: number,
    hidden: number,
    outputs: number,
    reverse: number,
  ): void;
  /**
   * dgates: [N, 4·hidden]. For the projection's gradient, dh: [N, outputs] receives that of every h and inner:
   * [N, hidden] every o·tanh c; without projection they are not touched.
   */
  lstmGrad(
    dgates: FloatArray,
    dh0: FloatArray,
    dc0: FloatArray,
    dh: FloatArray,
    inner: FloatArray,
    g: FloatArray | null,
    ghn: FloatArray | null,
    gcn: FloatArray | null,
    gates: FloatArray,
    cells: FloatArray,
    c0: FloatArray | null,
    weight: FloatArray,
    projection: FloatArray | null,
    sizes: IndexArray,
    batch: number,
    hidden: number,
    outputs: number,
    reverse: number,
  ): void;
  /**
   * GRU (Cho et al. 2014, as PyTorch and cuDNN have it): [r, z] = σ(gates + W·h + b), the candidate's inner part
   * u = W·h + b, n = tanh(gates + r·u), h = (1 − z)·n + z·h. gates: [N, 3·hidden] is updated in place to
   * [r, z, n]; candidate: [N, hidden] receives each u.
   */
  gru(
    out: FloatArray,
    hn: FloatArray,
    candidate: FloatArray,
    gates: FloatArray,
    h0: FloatArray | null,
    weight: FloatArray,
    bias: FloatArray | null,
    sizes: IndexArray,
    batch: number,
    hidden: number,
    reverse: number,
  ): void;
  /** dgates and dinner: [N, 3·hidden]; dinner is the gradient of W·h + b, which differs in the n part. */
  gruGrad(
    dgates: FloatArray,
    dinner: FloatArray,
    dh0: FloatArray,
    g: FloatArray | null,
    ghn: FloatArray | null,
    out: FloatArray,
    gates: FloatArray,
    candidate: FloatArray,
    h0: FloatArray | null,
    weight: FloatArray,
    sizes: IndexArray,
    batch: number,
    hidden: number,
    reverse: number,
  ): void;

  // --- losses -------------------------------------------------------------------------------------
  /**
   * Cross-entropy from logits with class indices, per row: x: [rows, classes]; target: [rows];
   * weight: [classes] or null. logProb receives log-softmax(x). With smoothing ε, PyTorch's formula:
   * loss = (1 − ε)·w[t]·(−logProb[t]) + ε/classes·Σ w[c]·(−logProb[c]). rowWeight = w[t]. Rows whose target
   * is ignoreIndex have loss 0 and rowWeight 0; other targets outside [0, classes) are a fault.
   */
  crossEntropy(
    loss: FloatArray,
    rowWeight: FloatArray,
    logProb: FloatArray,
    x: FloatArray,
    target: IndexArray,
    weight: FloatArray | null,
    rows: number,
    classes: number,
    ignoreIndex: number,
    smoothing: number,
  ): void;
  /** dx = g[row]·∂loss[row]/∂x; g: [rows]. */
  crossEntropyGrad(
    dx: FloatArray,
    g: FloatArray,
    logProb: FloatArray,
    target: IndexArray,
    weight: FloatArray | null,
    rows: number,
    classes: number,
    ignoreIndex: number,
    smoothing: number,
  ): void;
  /**
   * Binary cross-entropy from logits, elementwise, stable: (1 − t)·x + (1 + (w − 1)·t)·(log1p(e^−|x|) + max(−x, 0)).
   * posWeight is [inner] (w = posWeight[i mod inner]) or null (w = 1).
   */
  bceWithLogits(
    loss: FloatArray,
    x: FloatArray,
    target: FloatArray,
    posWeight: FloatArray | null,
    n: number,
    inner: number,
  ): void;
  /** dx = g·∂loss/∂x. */
  bceWithLogitsGrad(
    dx: FloatArray,
    g: FloatArray,
    x: FloatArray,
    target: FloatArray,
    posWeight: FloatArray | null,
    n: number,
    inner: number,
  ): void;

  // --- gradients of all parameters at once, sizes[i] elements of grads[i] ---------------------------
  /**
   * norms[i] = (Σ |grads[i]|^normType)^(1/normType), the largest magnitude for infinity; total: [1], the norm of
   * all of them together. Sums are float64. NaN gives NaN.
   */
  gradNorms(
    total: FloatArray,
    norms: FloatArray,
    grads: FloatArray[],
    sizes: IndexArray,
    normType: number,
  ): void;
  /** In place: grads *= maxNorm / (total + 1e-6) where that is below 1 (or NaN). total: [1]. */
  clipGradNorm(grads: FloatArray[], total: FloatArray, sizes: IndexArray, maxNorm: number): void;
  /** In place: grads to [−clipValue, clipValue]. NaN stays. */
  clipGradValue(grads: FloatArray[], sizes: IndexArray, clipValue: number): void;

  // --- an optimiser's step: one call updates all parameters of a group in place -----------------------
  /**
   * One update by a rule, see {@link UpdateRule}: sizes[i] elements of params[i] and grads[i], and of
   * states[k·sizes.length + i] for each state k of the rule. factors has the rule's numbers of each tensor in turn,
   * scalars `sign, l2, l1, shrink` and the rule's own.
   */
  optimizerStep(
    params: FloatArray[],
    states: FloatArray[],
    grads: FloatArray[],
    factors: Float64Array,
    scalars: Float64Array,
    sizes: IndexArray,
    rule: UpdateRule,
  ): void;
  /**
   * optimizerStep of one parameter [limit, inner] and its states, at the rows of a gradient: values: [count, inner],
   * rows: [count]. All other rows stay as they are.
   */
  optimizerStepRows(
    param: FloatArray,
    states: FloatArray[],
    values: FloatArray,
    rows: IndexArray,
    factors: Float64Array,
    scalars: Float64Array,
    count: number,
    inner: number,
    limit: number,
    rule: UpdateRule,
  ): void;
  /**
   * A step with momentum by a gradient of rows: m = keep·m + add·g, p −= lr·(own·g + ahead·m), where g is 0 in all
   * rows but those. Touches only rows that have had a gradient: seen: [1 + 2·limit] knows them, and is this kernel's
   * own. find = 1 has it looked up which rows of momentum are not zero, as seen is new.
   */
  momentumStepRows(
    param: FloatArray,
    momentum: FloatArray,
    seen: IndexArray,
    values: FloatArray,
    rows: IndexArray,
    count: number,
    inner: number,
    limit: number,
    lr: number,
    keep: number,
    add: number,
    own: number,
    ahead: number,
    find: number,
  ): void;
}

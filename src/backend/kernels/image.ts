import type { UpsampleMode, WeightFormat } from './opCodes.js';
import type { FloatArray, Geometry, IndexArray } from './types.js';

/** Kernels of convolution, pooling and normalisation. See kernels.ts for the conventions. */
export interface ImageKernels {
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
   * Weights prepared for {@link ImageKernels.conv2dPacked}, in an order that is the backend's own. Elements of `packed`,
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
   * out[n, index, c] = x[n, k, c] with x and index: [batch, count, channels] and out: [batch, pixels, channels], 0
   * elsewhere; the last of those that name one place wins. Fills out.
   */
  maxUnpool2d(
    out: FloatArray,
    x: FloatArray,
    index: IndexArray,
    batch: number,
    pixels: number,
    channels: number,
    count: number,
  ): void;
  /**
   * Window means. Divisor: divisorOverride unless that is 0; else with countPadding = 1 the window's size within the
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
   * Along each axis, nearest takes the position ⌊p·scale⌋ and nearestExact ⌊(p + ½)·scale⌋, computed in float32. The
   * others mix the positions around s: two for linear, four for cubic, with Keys's weights of a = −¾;
   * s = (p + ½)·scale − ½, at least 0 for linear, and p·scale for linearCorners and cubicCorners. What lies beyond
   * the edge is the edge's. Sizes are ≥ 1.
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
}

import type { Grouping, Packed } from './geometry.js';
import type { FloatArray } from './types.js';

/** Normalisations of images [N, H, W, C] and of rows. See index.ts for the conventions. */
export interface NormKernels {
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
    grouping: Packed<Grouping>,
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
    grouping: Packed<Grouping>,
  ): void;
}

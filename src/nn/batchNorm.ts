import { ShapeError } from '../errors.js';
import type { ConvFinish } from '../ops/conv/conv.js';
import { assign, ones, zeros } from '../ops/creation.js';
import { add, cast, div, mul, sub } from '../ops/elementwise.js';
import { checkFraction, checkInteger } from '../ops/kit/options.js';
import { batchNorm } from '../ops/norm/batchNorm.js';
import { checkEps } from '../ops/norm/normGradient.js';
import { checkOptions, type OptionNames } from '../options.js';
import { noGrad } from '../tensor/scope.js';
import { formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';
import { filledParameter, type Parameter } from './parameter.js';

export interface BatchNormLayerOptions {
  /** Added to the variance. Default: 1e-5. */
  eps?: number;
  /** Share of the batch in the new running statistics; null makes them the mean over all batches. Default: 0.1. */
  momentum?: number | null;
  /** Learns a weight and a bias. Default: true. */
  affine?: boolean;
  /** Learns a bias beside the weight. Default: true. */
  bias?: boolean;
  /** Keeps running statistics for evaluation; without, batches are always normalised by their own. Default: true. */
  trackRunningStats?: boolean;
  /** Applies max(0, ·) to the result, without another pass over memory. Default: false. */
  relu?: boolean;
}

const NAMES: OptionNames<BatchNormLayerOptions> = {
  eps: true,
  momentum: true,
  affine: true,
  bias: true,
  trackRunningStats: true,
  relu: true,
};

abstract class BatchNorm extends Module {
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;
  readonly running_mean: Tensor | null;
  readonly running_var: Tensor | null;
  /** Batches that the running statistics have seen, int32. */
  readonly num_batches_tracked: Tensor | null;
  readonly #features: number;
  readonly #eps: number;
  readonly #momentum: number | null;
  readonly #relu: boolean;

  constructor(name: string, features: number, options: BatchNormLayerOptions) {
    super();
    checkOptions(name, options, NAMES);
    const { eps = 1e-5, momentum = 0.1, affine = true, trackRunningStats = true } = options;
    const { bias = true } = options;
    this.#features = checkInteger(features, 'features', name, 1);
    this.#eps = checkEps(eps, name);
    this.#momentum = momentum === null ? null : checkFraction(momentum, 'momentum', name);
    this.#relu = options.relu ?? false;
    this.weight = affine ? filledParameter([features], 1) : null;
    this.bias = affine && bias ? filledParameter([features], 0) : null;
    const buffer = (name: string, make: () => Tensor): Tensor | null =>
      this.registerBuffer(name, trackRunningStats ? make() : null);
    this.running_mean = buffer('running_mean', () => zeros([features]));
    this.running_var = buffer('running_var', () => ones([features]));
    this.num_batches_tracked = buffer('num_batches_tracked', () => zeros([], { dtype: 'int32' }));
  }

  /** PyTorch counts batches since 0.4.1. @internal */
  override get newerState(): readonly string[] {
    return ['num_batches_tracked'];
  }

  /** Number of channels. */
  get features(): number {
    return this.#features;
  }

  /** Added to the variance. */
  get eps(): number {
    return this.#eps;
  }

  /** Whether max(0, ·) is applied to the result. */
  get relu(): boolean {
    return this.#relu;
  }

  /** Throws unless x has a shape that the layer is for. */
  protected abstract checkShape(x: Tensor): void;

  override forward(x: Tensor): Tensor {
    return this.forwardThen(x, {});
  }

  /** As forward, and what comes after it in the same kernel; forward observers are not told of it. @internal */
  forwardThen(x: Tensor, finish: ConvFinish): Tensor {
    this.checkShape(x);
    const [mean, variance] = [this.running_mean, this.running_var];
    const count = this.num_batches_tracked;
    const keeps = !this.training || x.size === 0;
    if (keeps || mean === null || variance === null || count === null) {
      const training = this.training || mean === null;
      return this.#normalize(x, mean, variance, { training, momentum: 0, ...finish });
    }
    // A mean over all batches takes the statistics of this batch alone.
    const momentum = this.#momentum ?? 1;
    const isMean = this.#momentum === null;
    const batchMean = isMean ? zeros(mean.shape, { dtype: mean.dtype }) : mean;
    const batchVariance = isMean ? zeros(mean.shape, { dtype: mean.dtype }) : variance;
    const options = { training: true, momentum, ...finish };
    const y = this.#normalize(x, batchMean, batchVariance, options);
    noGrad(() => {
      assign(count, add(count, 1));
      if (!isMean) return;
      const share = div(1, cast(count, mean.dtype));
      assign(mean, add(mean, mul(sub(batchMean, mean), share)));
      assign(variance, add(variance, mul(sub(batchVariance, variance), share)));
    });
    return y;
  }

  #normalize(
    x: Tensor,
    mean: Tensor | null,
    variance: Tensor | null,
    options: ConvFinish & { readonly training: boolean; readonly momentum: number },
  ): Tensor {
    const relu = this.#relu || options.relu === true;
    const whole = { ...options, relu, eps: this.#eps };
    return batchNorm(x, mean, variance, this.weight, this.bias, whole);
  }

  protected override describeOptions(): string {
    const options = [`${this.#features}`, `eps=${this.#eps}`, `momentum=${this.#momentum}`];
    options.push(
      `affine=${this.weight !== null}`,
      `trackRunningStats=${this.running_mean !== null}`,
    );
    if (this.weight !== null && this.bias === null) options.push('bias=false');
    if (this.#relu) options.push('relu=true');
    return options.join(', ');
  }
}

/**
 * Batch normalisation of [N, features] or [N, features, L], see {@link batchNorm}. While training, by the
 * statistics of the batch, which needs more than one value per channel; in evaluation, by the running ones.
 */
export class BatchNorm1d extends BatchNorm {
  /** @param features number of channels */
  constructor(features: number, options: BatchNormLayerOptions = {}) {
    super('BatchNorm1d', features, options);
  }

  protected override checkShape(x: Tensor): void {
    if (x.rank === 2 || x.rank === 3) return;
    throw new ShapeError(
      `BatchNorm1d: input ${formatShape(x.shape)}, expected [N, C] or [N, C, L]`,
    );
  }
}

/**
 * Batch normalisation of images [N, features, H, W], see {@link batchNorm}. While training, by the statistics of
 * the batch; in evaluation, by the running ones.
 *
 * @example
 * new nn.Sequential(
 *   new nn.Conv2d(3, 16, 3, { padding: 1, bias: false }),
 *   new nn.BatchNorm2d(16, { relu: true }),
 * );
 */
export class BatchNorm2d extends BatchNorm {
  /** @param features number of channels */
  constructor(features: number, options: BatchNormLayerOptions = {}) {
    super('BatchNorm2d', features, options);
  }

  protected override checkShape(x: Tensor): void {
    if (x.rank === 4) return;
    throw new ShapeError(`BatchNorm2d: input ${formatShape(x.shape)}, expected [N, C, H, W]`);
  }
}

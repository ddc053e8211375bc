import { checkList } from '../arguments.js';
import { ShapeError } from '../errors.js';
import { checkInteger } from '../ops/kit/options.js';
import { groupNorm, layerNorm, type NormOptions } from '../ops/norm/groupNorm.js';
import { type LocalResponseNormOptions, localResponseNorm } from '../ops/norm/localResponseNorm.js';
import { checkEps } from '../ops/norm/normGradient.js';
import { checkOptions, type OptionNames } from '../options.js';
import { formatShape, type Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';
import { filledParameter, type Parameter } from './parameter.js';
import { sizesText } from './sizes.js';

export interface NormLayerOptions extends NormOptions {
  /** Learns a weight and a bias. Default: true. */
  affine?: boolean;
  /** Learns a bias beside the weight. Default: true. */
  bias?: boolean;
}

export interface LayerNormLayerOptions extends NormOptions {
  /** Learns a weight and a bias. Default: true. */
  elementwiseAffine?: boolean;
  /** Learns a bias beside the weight. Default: true. */
  bias?: boolean;
}

const LAYER: OptionNames<LayerNormLayerOptions> = {
  eps: true,
  elementwiseAffine: true,
  bias: true,
};
const GROUP: OptionNames<NormLayerOptions> = { eps: true, affine: true, bias: true };
const RESPONSE: OptionNames<LocalResponseNormOptions> = { alpha: true, beta: true, k: true };

/** What toString() shows of a weight without a bias. */
function biasText(norm: { weight: Parameter | null; bias: Parameter | null }): string {
  return norm.weight !== null && norm.bias === null ? ', bias=false' : '';
}

/** Layer normalisation over the last axes, see {@link layerNorm}. Weight and bias start as 1 and 0. */
export class LayerNorm extends Module {
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;
  readonly #shape: Shape;
  readonly #eps: number;

  /** @param normalizedShape sizes of the last axes; a number for the last one */
  constructor(normalizedShape: number | Shape, options: LayerNormLayerOptions = {}) {
    super();
    checkOptions('LayerNorm', options, LAYER);
    const { eps = 1e-5, elementwiseAffine = true, bias = true } = options;
    const given = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape;
    checkList('LayerNorm', 'normalizedShape', given, 'a size, or a list of sizes');
    const shape = [...given];
    if (shape.length === 0)
      throw new ShapeError('LayerNorm: normalizedShape [], expected one size at least');
    for (const size of shape) checkInteger(size, 'a size of normalizedShape', 'LayerNorm', 1);
    this.#shape = shape;
    this.#eps = checkEps(eps, 'LayerNorm');
    this.weight = elementwiseAffine ? filledParameter(shape, 1) : null;
    this.bias = elementwiseAffine && bias ? filledParameter(shape, 0) : null;
  }

  override forward(x: Tensor): Tensor {
    return layerNorm(x, this.#shape, this.weight, this.bias, { eps: this.#eps });
  }

  protected override describeOptions(): string {
    const options = `eps=${this.#eps}, elementwiseAffine=${this.weight !== null}`;
    return `${sizesText(this.#shape)}, ${options}${biasText(this)}`;
  }
}

/** Group normalisation of [N, channels, ...], see {@link groupNorm}. Weight and bias start as 1 and 0. */
export class GroupNorm extends Module {
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;
  readonly #groups: number;
  readonly #channels: number;
  readonly #eps: number;

  /** @param groups number of groups, a divisor of channels */
  constructor(groups: number, channels: number, options: NormLayerOptions = {}) {
    super();
    checkOptions('GroupNorm', options, GROUP);
    const { eps = 1e-5, affine = true, bias = true } = options;
    this.#groups = checkInteger(groups, 'groups', 'GroupNorm', 1);
    this.#channels = checkInteger(channels, 'channels', 'GroupNorm', 1);
    if (channels % groups !== 0) {
      throw new ShapeError(`GroupNorm: groups=${groups} does not divide channels=${channels}`);
    }
    this.#eps = checkEps(eps, 'GroupNorm');
    this.weight = affine ? filledParameter([channels], 1) : null;
    this.bias = affine && bias ? filledParameter([channels], 0) : null;
  }

  override forward(x: Tensor): Tensor {
    if (x.shape[1] !== this.#channels) {
      throw new ShapeError(
        `GroupNorm: input ${formatShape(x.shape)}, expected [N, C, ...] with ${this.#channels} channels`,
      );
    }
    return groupNorm(x, this.#groups, this.weight, this.bias, { eps: this.#eps });
  }

  protected override describeOptions(): string {
    const options = `eps=${this.#eps}, affine=${this.weight !== null}`;
    return `${this.#groups}, ${this.#channels}, ${options}${biasText(this)}`;
  }
}

/** Local response normalisation over neighbouring channels of [N, C, ...], see {@link localResponseNorm}. */
export class LocalResponseNorm extends Module {
  readonly #size: number;
  readonly #options: LocalResponseNormOptions;

  /** @param size channels in the window */
  constructor(size: number, options: LocalResponseNormOptions = {}) {
    super();
    checkOptions('LocalResponseNorm', options, RESPONSE);
    this.#size = checkInteger(size, 'size', 'LocalResponseNorm', 1);
    this.#options = { ...options };
  }

  override forward(x: Tensor): Tensor {
    return localResponseNorm(x, this.#size, this.#options);
  }

  protected override describeOptions(): string {
    const { alpha = 1e-4, beta = 0.75, k = 1 } = this.#options;
    return `${this.#size}, alpha=${alpha}, beta=${beta}, k=${k}`;
  }
}

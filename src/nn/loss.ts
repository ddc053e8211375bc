import {
  type CrossEntropyOptions,
  crossEntropy,
  type NllLossOptions,
  nllLoss,
} from '../ops/crossEntropy.js';
import {
  type BceLossOptions,
  type BceWithLogitsLossOptions,
  bceLoss,
  bceWithLogitsLoss,
  type HuberLossOptions,
  huberLoss,
  type KlDivLossOptions,
  klDivLoss,
  type LossOptions,
  l1Loss,
  mseLoss,
  type SmoothL1LossOptions,
  smoothL1Loss,
} from '../ops/loss.js';
import { checkOptions, type OptionNames } from '../options.js';
import { formatShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';

/** A loss as a function. */
type LossFunction<O> = (x: Tensor, target: Tensor, options?: O) => Tensor;

/** A loss with its options. Weights among them are no part of a state dict. */
class Loss<O extends object> extends Module {
  readonly #fn: LossFunction<O>;
  readonly #options: O | undefined;

  constructor(fn: LossFunction<O>, names: OptionNames<O>, options: O | undefined) {
    super();
    this.#fn = fn;
    if (options === undefined) return;
    checkOptions(this.constructor.name, options, names);
    this.#options = { ...options };
    for (const value of Object.values(options)) if (value instanceof Tensor) value.keep();
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return this.#fn(x, target, this.#options);
  }

  protected override describeOptions(): string {
    return Object.entries(this.#options ?? {})
      .filter(([, value]) => value !== undefined)
      .map(
        ([name, value]) => `${name}=${value instanceof Tensor ? formatShape(value.shape) : value}`,
      )
      .join(', ');
  }
}

/** The base class of a layer that is one loss. */
function loss<O extends object>(
  fn: LossFunction<O>,
  names: OptionNames<NoInfer<O>>,
): new (
  options?: O,
) => Loss<O> {
  return class extends Loss<O> {
    constructor(options?: O) {
      super(fn, names, options);
    }
  };
}

const PLAIN: OptionNames<LossOptions> = { reduction: true };
const WEIGHTED: OptionNames<BceLossOptions> = { ...PLAIN, weight: true };
const OF_CLASSES: OptionNames<NllLossOptions> = { ...WEIGHTED, ignoreIndex: true };

/** Squared error (x − target)², see {@link mseLoss}. */
export class MSELoss extends loss(mseLoss, PLAIN) {}

/** Absolute error |x − target|, see {@link l1Loss}. */
export class L1Loss extends loss(l1Loss, PLAIN) {}

/** Squared error up to `delta`, absolute error beyond, see {@link huberLoss}. */
export class HuberLoss extends loss<HuberLossOptions>(huberLoss, { ...PLAIN, delta: true }) {}

/** Huber's loss over `beta`, see {@link smoothL1Loss}. */
export class SmoothL1Loss extends loss<SmoothL1LossOptions>(smoothL1Loss, {
  ...PLAIN,
  beta: true,
}) {}

/** Cross-entropy of logits with classes, or with probabilities, see {@link crossEntropy}. */
export class CrossEntropyLoss extends loss<CrossEntropyOptions>(crossEntropy, {
  ...OF_CLASSES,
  labelSmoothing: true,
}) {}

/** Negative log-likelihood of classes, from log-probabilities, see {@link nllLoss}. */
export class NLLLoss extends loss(nllLoss, OF_CLASSES) {}

/** Binary cross-entropy of probabilities, see {@link bceLoss}. */
export class BCELoss extends loss(bceLoss, WEIGHTED) {}

/** Binary cross-entropy of logits, stable, see {@link bceWithLogitsLoss}. */
export class BCEWithLogitsLoss extends loss<BceWithLogitsLossOptions>(bceWithLogitsLoss, {
  ...WEIGHTED,
  posWeight: true,
}) {}

/** Kullback-Leibler divergence of log-probabilities from a target, see {@link klDivLoss}. */
export class KLDivLoss extends loss<KlDivLossOptions>(klDivLoss, {
  reduction: true,
  logTarget: true,
}) {}

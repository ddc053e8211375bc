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
import { formatShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';

/** A loss with its options. Weights among them are no part of a state dict. */
abstract class Loss<O extends object> extends Module {
  readonly #options: O;

  constructor(options: O) {
    super();
    this.#options = options;
    for (const value of Object.values(options)) if (value instanceof Tensor) value.keep();
  }

  protected get options(): O {
    return this.#options;
  }

  protected override describeOptions(): string {
    return Object.entries(this.#options)
      .map(
        ([name, value]) => `${name}=${value instanceof Tensor ? formatShape(value.shape) : value}`,
      )
      .join(', ');
  }
}

/** Squared error (x − target)², see {@link mseLoss}. */
export class MSELoss extends Loss<LossOptions> {
  constructor(options: LossOptions = {}) {
    super({ ...options });
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return mseLoss(x, target, this.options);
  }
}

/** Absolute error |x − target|, see {@link l1Loss}. */
export class L1Loss extends Loss<LossOptions> {
  constructor(options: LossOptions = {}) {
    super({ ...options });
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return l1Loss(x, target, this.options);
  }
}

/** Squared error up to `delta`, absolute error beyond, see {@link huberLoss}. */
export class HuberLoss extends Loss<HuberLossOptions> {
  constructor(options: HuberLossOptions = {}) {
    super({ ...options });
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return huberLoss(x, target, this.options);
  }
}

/** Huber's loss over `beta`, see {@link smoothL1Loss}. */
export class SmoothL1Loss extends Loss<SmoothL1LossOptions> {
  constructor(options: SmoothL1LossOptions = {}) {
    super({ ...options });
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return smoothL1Loss(x, target, this.options);
  }
}

/** Cross-entropy of logits with classes, or with probabilities, see {@link crossEntropy}. */
export class CrossEntropyLoss extends Loss<CrossEntropyOptions> {
  constructor(options: CrossEntropyOptions = {}) {
    super({ ...options });
  }

  override forward(logits: Tensor, target: Tensor): Tensor {
    return crossEntropy(logits, target, this.options);
  }
}

/** Negative log-likelihood of classes, from log-probabilities, see {@link nllLoss}. */
export class NLLLoss extends Loss<NllLossOptions> {
  constructor(options: NllLossOptions = {}) {
    super({ ...options });
  }

  override forward(logProbabilities: Tensor, target: Tensor): Tensor {
    return nllLoss(logProbabilities, target, this.options);
  }
}

/** Binary cross-entropy of probabilities, see {@link bceLoss}. */
export class BCELoss extends Loss<BceLossOptions> {
  constructor(options: BceLossOptions = {}) {
    super({ ...options });
  }

  override forward(x: Tensor, target: Tensor): Tensor {
    return bceLoss(x, target, this.options);
  }
}

/** Binary cross-entropy of logits, stable, see {@link bceWithLogitsLoss}. */
export class BCEWithLogitsLoss extends Loss<BceWithLogitsLossOptions> {
  constructor(options: BceWithLogitsLossOptions = {}) {
    super({ ...options });
  }

  override forward(logits: Tensor, target: Tensor): Tensor {
    return bceWithLogitsLoss(logits, target, this.options);
  }
}

/** Kullback-Leibler divergence of log-probabilities from a target, see {@link klDivLoss}. */
export class KLDivLoss extends Loss<KlDivLossOptions> {
  constructor(options: KlDivLossOptions = {}) {
    super({ ...options });
  }

  override forward(logProbabilities: Tensor, target: Tensor): Tensor {
    return klDivLoss(logProbabilities, target, this.options);
  }
}

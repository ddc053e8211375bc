import { mul } from '../../ops/elementwise.js';
import { stack } from '../../ops/join.js';
import { checkInteger } from '../../ops/kit/options.js';
import { sum } from '../../ops/reduce.js';
import type { Goal } from '../../optim/goal.js';
import { checkOptions } from '../../options.js';
import type { Tensor } from '../../tensor/tensor.js';
import { type Measurement, Metric } from './metric.js';
import {
  checkedIgnoreIndex,
  classesOf,
  countingMask,
  hits,
  IGNORE_NAMES,
  type IgnoreOptions,
  PREDICTION_NAMES,
  type PredictionOptions,
  type Reading,
  readingOf,
  topHits,
  trueClasses,
} from './predictions.js';

/** A share of targets that meet something. */
abstract class Share extends Metric {
  readonly goal: Goal = 'max';

  protected override get width(): number {
    return 1;
  }

  /** Adds up 1 for each target that meets it, over those that count. */
  protected share(met: Tensor, mask: Tensor | null): Measurement {
    if (mask === null) return { statistics: sum(met), count: met.size };
    return { statistics: stack([sum(mul(met, mask)), sum(mask)]) };
  }

  get value(): number {
    return (this.sums[0] ?? 0) / this.count;
  }
}

/**
 * Share of right predictions, on [0, 1], of outputs [N, C, ...] (the largest wins) against class indices [N, ...], or
 * one-hot or probability targets of the outputs' shape (the largest is true); or of one number a sample against 0 and 1.
 */
export class Accuracy extends Share {
  readonly #reading: Reading;

  /** @throws ArgumentError for an unknown option */
  constructor(options: PredictionOptions = {}) {
    super();
    checkOptions('Accuracy', options, PREDICTION_NAMES);
    this.#reading = readingOf('Accuracy', options);
  }

  protected override measure(output: Tensor, target: Tensor): Measurement {
    const classes = classesOf('Accuracy', output, target, this.#reading);
    return this.share(hits(classes), countingMask(classes.truth, this.#reading.ignoreIndex));
  }
}

/**
 * Share of targets among the k largest outputs, on [0, 1]. Of equal outputs the target's counts as the larger. Targets
 * are class indices, one-hot or probabilities, as for {@link Accuracy}.
 */
export class TopKAccuracy extends Share {
  readonly k: number;
  readonly #ignoreIndex: number;

  /** @throws ArgumentError unless k is an integer ≥ 1, or for an unknown option */
  constructor(k: number, options: IgnoreOptions = {}) {
    super();
    checkOptions('TopKAccuracy', options, IGNORE_NAMES);
    this.k = checkInteger(k, 'k', 'TopKAccuracy', 1);
    this.#ignoreIndex = checkedIgnoreIndex('TopKAccuracy', options);
  }

  protected override measure(output: Tensor, target: Tensor): Measurement {
    const truth = trueClasses('TopKAccuracy', output, target);
    const met = topHits(output, truth, this.k, this.#ignoreIndex);
    return this.share(met, countingMask(truth, this.#ignoreIndex));
  }
}

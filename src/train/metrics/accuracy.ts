import { ArgumentError } from '../../errors.js';
import { mul } from '../../ops/elementwise.js';
import { stack } from '../../ops/join.js';
import { sum } from '../../ops/reduce.js';
import type { Goal } from '../../optim/goal.js';
import { checkOptions } from '../../options.js';
import type { Tensor } from '../../tensor/tensor.js';
import { type Measurement, Metric } from './metric.js';
import {
  classesOf,
  countingMask,
  hits,
  IGNORE_NAMES,
  type IgnoreOptions,
  PREDICTION_NAMES,
  type PredictionOptions,
  topHits,
} from './predictions.js';

/** A share of targets that meet something. */
abstract class Share extends Metric {
  readonly goal: Goal = 'max';

  /** Adds up 1 for each target that meets it, over those that count. */
  protected share(met: Tensor, mask: Tensor | null): Measurement {
    if (mask === null) return { statistics: sum(met), count: met.size };
    return { statistics: stack([sum(mul(met, mask)), sum(mask)]), count: 0 };
  }

  get value(): number {
    return (this.sums[0] ?? 0) / (this.sums[1] ?? this.count);
  }
}

/**
 * Share of right predictions, on [0, 1], of outputs [N, C, ...] (the largest wins) against class indices [N, ...];
 * or of one number a sample against 0 and 1.
 */
export class Accuracy extends Share {
  readonly #options: PredictionOptions;

  /** @throws ArgumentError for an unknown option */
  constructor(options: PredictionOptions = {}) {
    super();
    checkOptions('Accuracy', options, PREDICTION_NAMES);
    this.#options = { ...options };
  }

  protected override measure(output: Tensor, target: Tensor): Measurement {
    const classes = classesOf('Accuracy', output, target, this.#options);
    return this.share(hits(classes), countingMask(classes.truth, this.#options.ignoreIndex));
  }
}

/** Share of targets among the k largest outputs, on [0, 1]. Of equal outputs the target's counts as the larger. */
export class TopKAccuracy extends Share {
  readonly k: number;
  readonly #ignoreIndex: number | undefined;

  /** @throws ArgumentError unless k is an integer ≥ 1, or for an unknown option */
  constructor(k: number, options: IgnoreOptions = {}) {
    super();
    checkOptions('TopKAccuracy', options, IGNORE_NAMES);
    if (!Number.isInteger(k) || k < 1) {
      throw new ArgumentError(`TopKAccuracy: k is ${k}, expected an integer ≥ 1`);
    }
    this.k = k;
    this.#ignoreIndex = options.ignoreIndex;
  }

  protected override measure(output: Tensor, target: Tensor): Measurement {
    const met = topHits('TopKAccuracy', output, target, this.k, this.#ignoreIndex);
    return this.share(met, countingMask(target, this.#ignoreIndex));
  }
}

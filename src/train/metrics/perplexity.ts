import { crossEntropy } from '../../ops/crossEntropy.js';
import { cast } from '../../ops/elementwise.js';
import { stack } from '../../ops/join.js';
import { sum } from '../../ops/reduce.js';
import type { Goal } from '../../optim/goal.js';
import { checkOptions } from '../../options.js';
import type { Tensor } from '../../tensor/tensor.js';
import { type Measurement, Metric } from './metric.js';
import {
  checkedIgnoreIndex,
  countingMask,
  hasProbabilities,
  IGNORE_NAMES,
  type IgnoreOptions,
} from './predictions.js';

/**
 * exp of the mean cross-entropy over all targets that count: how many equally likely choices the model is left with.
 * Of logits [N, C, ...] against class indices [N, ...], or probabilities of the logits' shape.
 */
export class Perplexity extends Metric {
  readonly goal: Goal = 'min';
  readonly #ignoreIndex: number;

  /** @throws ArgumentError for an unknown option */
  constructor(options: IgnoreOptions = {}) {
    super();
    checkOptions('Perplexity', options, IGNORE_NAMES);
    this.#ignoreIndex = checkedIgnoreIndex('Perplexity', options);
  }

  protected override get width(): number {
    return 1;
  }

  protected override measure(output: Tensor, target: Tensor): Measurement {
    const ignoreIndex = this.#ignoreIndex;
    const total = crossEntropy(output, target, { reduction: 'sum', ignoreIndex });
    const isSpread = hasProbabilities(output, target);
    const mask = isSpread ? null : countingMask(target, ignoreIndex);
    if (mask !== null) return { statistics: stack([total, cast(sum(mask), total.dtype)]) };
    const classes = output.shape[output.rank === 1 ? 0 : 1] ?? 1;
    return { statistics: total, count: isSpread ? target.size / classes : target.size };
  }

  get value(): number {
    return Math.exp((this.sums[0] ?? 0) / this.count);
  }
}

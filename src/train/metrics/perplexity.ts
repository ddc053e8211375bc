import { crossEntropy } from '../../ops/crossEntropy.js';
import { stack } from '../../ops/join.js';
import { sum } from '../../ops/reduce.js';
import type { Goal } from '../../optim/goal.js';
import { checkOptions } from '../../options.js';
import type { Tensor } from '../../tensor/tensor.js';
import { type Measurement, Metric } from './metric.js';
import { countingMask, IGNORE_NAMES, type IgnoreOptions } from './predictions.js';

/** exp of the mean cross-entropy over all targets: how many equally likely choices the model is left with. */
export class Perplexity extends Metric {
  readonly goal: Goal = 'min';
  readonly #ignoreIndex: number | undefined;

  /** @throws ArgumentError for an unknown option */
  constructor(options: IgnoreOptions = {}) {
    super();
    checkOptions('Perplexity', options, IGNORE_NAMES);
    this.#ignoreIndex = options.ignoreIndex;
  }

  protected override measure(output: Tensor, target: Tensor): Measurement {
    const ignoreIndex = this.#ignoreIndex;
    const ignored = ignoreIndex === undefined ? {} : { ignoreIndex };
    const total = crossEntropy(output, target, { reduction: 'sum', ...ignored });
    const mask = countingMask(target, ignoreIndex);
    if (mask === null) return { statistics: total, count: target.size };
    return { statistics: stack([total, sum(mask)]), count: 0 };
  }

  get value(): number {
    return Math.exp((this.sums[0] ?? 0) / (this.sums[1] ?? this.count));
  }
}

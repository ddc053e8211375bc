import { crossEntropy } from '../../ops/crossEntropy.js';
import { stack } from '../../ops/join.js';
import { sum } from '../../ops/reduce.js';
import type { Tensor } from '../../tensor/tensor.js';
import { type Measurement, Metric, type Mode } from './metric.js';
import { countingMask } from './predictions.js';

/** exp of the mean cross-entropy over all targets: how many equally likely choices the model is left with. */
export class Perplexity extends Metric {
  readonly mode: Mode = 'min';
  readonly #ignoreIndex: number | undefined;

  /** @param options.ignoreIndex targets of this class do not count */
  constructor(options: { readonly ignoreIndex?: number } = {}) {
    super();
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

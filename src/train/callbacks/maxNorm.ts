import { ArgumentError } from '../../errors.js';
import { maxNorm } from '../../optim/maxNorm.js';
import { checkOptions, inWords, type OptionNames } from '../../options.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { Callback, TrainingRun } from '../loop/callback.js';

export interface MaxNormOptions {
  /** Which parameters; those with fewer than two axes, biases, are left alone. Default: all of the model. */
  parameters?: Iterable<Tensor>;
}

const NAMES: OptionNames<MaxNormOptions> = { parameters: true };

/**
 * Keeps the weights of each unit short, by `optim.maxNorm` after each update: those that lead to one output (a row of
 * a linear layer, a filter of a convolution) are scaled down to a norm of at most `limit`. 3 to 4 is usual.
 *
 * @example
 * callbacks: [new train.MaxNorm(3)]
 */
export class MaxNorm implements Callback {
  readonly limit: number;
  readonly #parameters: readonly Tensor[] | null;

  /** @throws ArgumentError unless limit > 0, or for an unknown option */
  constructor(limit: number, options: MaxNormOptions = {}) {
    checkOptions('MaxNorm', options, NAMES);
    if (!(typeof limit === 'number' && limit > 0)) {
      throw new ArgumentError(`MaxNorm: limit is ${inWords(limit)}, expected a number > 0`);
    }
    this.limit = limit;
    this.#parameters = options.parameters === undefined ? null : [...options.parameters];
  }

  onBatchEnd(run: TrainingRun): void {
    maxNorm(this.#parameters ?? run.model.parameters(), this.limit);
  }
}

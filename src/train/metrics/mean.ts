import { ArgumentError, ShapeError } from '../../errors.js';
import { checkChoice } from '../../ops/kit/options.js';
import { reshape } from '../../ops/view.js';
import type { Goal } from '../../optim/goal.js';
import { checkOptions, type OptionNames } from '../../options.js';
import { formatShape } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';
import { type Measurement, Metric } from './metric.js';

/** A scalar of a batch: its mean over the samples. */
export type MetricFunction<O = Tensor, T = Tensor> = (output: O, target: T) => Tensor;

export interface MeanOptions {
  /** Whether less or more is better. Default: `min`, as of errors. */
  goal?: Goal;
}

const MEAN_NAMES: OptionNames<MeanOptions> = { goal: true };

/** The samples of a batch: the first axis of the first tensor in it; 1 where there is none. */
export function samplesOf(batch: unknown): number {
  if (batch instanceof Tensor) return batch.shape[0] ?? 1;
  if (typeof batch !== 'object' || batch === null) return 1;
  for (const item of Object.values(batch)) if (item instanceof Tensor) return item.shape[0] ?? 1;
  return 1;
}

/** A function's mean over all samples: each batch weighs as many as it has. */
export class Mean<O = Tensor, T = Tensor> extends Metric<O, T> {
  readonly goal: Goal;
  readonly #fn: MetricFunction<O, T>;

  /**
   * @param fn of a batch, averaged over its samples
   * @throws ArgumentError for options that are unknown or out of range
   */
  constructor(fn: MetricFunction<O, T>, options: MeanOptions = {}) {
    super();
    checkOptions('Mean', options, MEAN_NAMES);
    const { goal = 'min' } = options;
    this.#fn = fn;
    this.goal = checkChoice(goal, ['min', 'max'], 'goal', 'Mean');
  }

  protected override measure(output: O, target: T): Measurement {
    const value = this.#fn(output, target);
    if (!(value instanceof Tensor)) {
      throw new ArgumentError(`Mean: the function returned a ${typeof value}, expected a Tensor`);
    }
    if (value.size !== 1) {
      throw new ShapeError(
        `Mean: the function returned ${formatShape(value.shape)}, expected one element, the batch's mean`,
      );
    }
    const count = samplesOf(target) || samplesOf(output);
    return { statistics: reshape(value, []), count };
  }

  protected override add(statistics: ArrayLike<number>, count: number): void {
    super.add([(statistics[0] ?? 0) * count], count);
  }

  get value(): number {
    return (this.sums[0] ?? 0) / this.count;
  }
}

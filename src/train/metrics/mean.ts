import { ArgumentError, ShapeError } from '../../errors.js';
import { cast } from '../../ops/elementwise.js';
import { stack } from '../../ops/join.js';
import { checkChoice, checkInteger } from '../../ops/kit/options.js';
import { reshape } from '../../ops/view.js';
import type { Goal } from '../../optim/goal.js';
import { checkOptions, type OptionNames } from '../../options.js';
import { formatShape } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';
import { type Measurement, Metric } from './metric.js';
import { contributionOf, samplesOf, type Weight } from './weight.js';

/** A mean over a batch, and what it weighs among those of other batches. */
export interface WeighedValue {
  /** A scalar. */
  readonly value: Tensor;
  readonly weight: Weight;
}

/** A scalar of a batch: its mean. */
export type MetricFunction<O = Tensor, T = Tensor> = (
  output: O,
  target: T,
) => Tensor | WeighedValue;

export interface MeanOptions {
  /** Whether less or more is better. Default: `min`, as of errors. */
  goal?: Goal;
  /** The axis of the samples, 1 for [T, B, ...]: what a mean weighs that does not know better. Default: 0. */
  batchAxis?: number;
}

const MEAN_NAMES: OptionNames<MeanOptions> = { goal: true, batchAxis: true };

/**
 * A function's mean over all batches. Each batch weighs what the function says, with `{ value, weight }`; what a loss
 * of this library, or `mean()` over all elements, was divided by; else as much as it has samples.
 */
export class Mean<O = Tensor, T = Tensor> extends Metric<O, T> {
  readonly goal: Goal;
  readonly #fn: MetricFunction<O, T>;
  readonly #axis: number;
  /** Whether the function returns sums; null before its first call. */
  #isSum: boolean | null = null;

  /**
   * @param fn of a batch, averaged
   * @throws ArgumentError for options that are unknown or out of range, or a function that is none
   */
  constructor(fn: MetricFunction<O, T>, options: MeanOptions = {}) {
    super();
    checkOptions('Mean', options, MEAN_NAMES);
    const { goal = 'min', batchAxis = 0 } = options;
    if (typeof fn !== 'function') {
      throw new ArgumentError(`Mean: the first argument is of type ${typeof fn}, no function`);
    }
    this.#fn = fn;
    this.#axis = checkInteger(batchAxis, 'batchAxis', 'Mean', 0);
    this.goal = checkChoice(goal, ['min', 'max'], 'goal', 'Mean');
  }

  protected override get width(): number {
    return 1;
  }

  protected override measure(output: O, target: T): Measurement {
    const made: Tensor | Partial<WeighedValue> | null | undefined = this.#fn(output, target);
    const value = made instanceof Tensor ? made : made?.value;
    const told = made instanceof Tensor ? undefined : made?.weight;
    if (!(value instanceof Tensor)) {
      throw new ArgumentError(`Mean: the function returned a ${typeof made}, expected a Tensor`);
    }
    if (value.size !== 1) {
      throw new ShapeError(
        `Mean: the function returned ${formatShape(value.shape)}, expected one element, the batch's mean`,
      );
    }
    const samples = samplesOf(target, this.#axis) || samplesOf(output, this.#axis);
    const { isSum, weight } = contributionOf('Mean', value, told, samples);
    if (isSum !== (this.#isSum ?? isSum)) {
      throw new ArgumentError(
        'Mean: the function returned a sum for one batch, a mean for another',
      );
    }
    this.#isSum = isSum;
    const statistics = reshape(value, [1]);
    if (typeof weight === 'number') return { statistics, count: weight };
    return { statistics: stack([reshape(value, []), reshape(cast(weight, value.dtype), [])]) };
  }

  protected override add(statistics: ArrayLike<number>, weight: number): void {
    const value = statistics[0] ?? Number.NaN;
    if (this.#isSum) this.setSums(Float64Array.of((this.sums[0] ?? 0) + value), 1);
    else if (weight !== 0) super.add([value * weight], weight);
  }

  override reset(): void {
    super.reset();
    this.#isSum = null;
  }

  get value(): number {
    return (this.sums[0] ?? 0) / this.count;
  }
}

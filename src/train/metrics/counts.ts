import { ArgumentError } from '../../errors.js';
import { matmul } from '../../ops/matmul.js';
import { reshape, transpose } from '../../ops/view.js';
import type { Goal } from '../../optim/goal.js';
import { inWords } from '../../options.js';
import type { Tensor } from '../../tensor/tensor.js';
import { type Measurement, Metric } from './metric.js';
import {
  classesOf,
  countingMask,
  type PredictionOptions,
  type Reading,
  readingOf,
  rows,
} from './predictions.js';

/** A metric of how often each class was taken for each: sums[truth · classes + prediction]. */
export abstract class ClassCounts extends Metric {
  readonly goal: Goal = 'max';
  /** Number of classes. */
  readonly classes: number;
  readonly #reading: Reading;

  protected constructor(classes: number, options: PredictionOptions) {
    super();
    if (!Number.isInteger(classes) || classes < 1) {
      throw new ArgumentError(
        `${new.target.name}: ${inWords(classes)} classes, expected an integer ≥ 1`,
      );
    }
    this.classes = classes;
    this.#reading = readingOf(new.target.name, options);
  }

  protected override get width(): number {
    return this.classes ** 2;
  }

  protected override measure(output: Tensor, target: Tensor): Measurement {
    const { name } = this.constructor;
    const { predicted, truth } = classesOf(name, output, target, this.#reading, this.classes);
    const mask = countingMask(truth, this.#reading.ignoreIndex);
    const truths = rows(truth, this.classes, mask);
    const counts = matmul(transpose(truths), rows(predicted, this.classes, null));
    return { statistics: reshape(counts, [this.classes ** 2]), count: 0 };
  }

  /** How often a class was taken for another. */
  protected at(truth: number, prediction: number): number {
    return this.sums[truth * this.classes + prediction] ?? 0;
  }
}

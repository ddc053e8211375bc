import { ArgumentError, CheckpointError } from '../../errors.js';
import type { Json } from '../../io/json.js';
import { fieldsOf, MOST_COUNT, plainCopy, reading } from '../../io/savedState.js';
import type { Goal } from '../../optim/goal.js';
import { inWords } from '../../options.js';
import { noGrad } from '../../tensor/scope.js';
import type { Tensor } from '../../tensor/tensor.js';
import { LazyReads } from './lazyReads.js';

/** What one batch adds to a metric. */
export interface Measurement {
  /** Queued, of one size for all batches; nothing waits for it. */
  readonly statistics: Tensor;
  /** What the statistics are about: samples, or elements. Left out, it is the last of the statistics. */
  readonly count?: number;
}

/**
 * Something to measure over all batches of an epoch. A batch's share is computed on the queue, as a few sums, and
 * picked up later, so that measuring never waits; the sums of all batches are added in float64. So an uneven last
 * batch weighs what it should, and long epochs lose no digits.
 *
 * Your own: extend it, or give `fit` a function `(output, target) => Tensor` of a batch's mean, see {@link Mean}.
 *
 * @example
 * const accuracy = new train.Accuracy();
 * for await (const [x, y] of loader) accuracy.update(model.forward(x), y);
 * console.log(await accuracy.compute());
 */
export abstract class Metric<O = Tensor, T = Tensor> {
  readonly #reads = new LazyReads();
  #sums: Float64Array = new Float64Array(0);
  #count = 0;

  /** Whether more is better (`max`) or less (`min`). */
  abstract readonly goal: Goal;

  /** The sums of one batch. Runs without gradients; what it makes is let go of. */
  protected abstract measure(output: O, target: T): Measurement;

  /** The metric of what was added so far; NaN of nothing. */
  abstract get value(): number;

  /** Sums over all batches so far, float64. */
  protected get sums(): Float64Array {
    return this.#sums;
  }

  /** Counts of all batches so far. */
  protected get count(): number {
    return this.#count;
  }

  /** Takes up the statistics of a batch: adds them to the sums, unless a subclass knows better. */
  protected add(statistics: ArrayLike<number>, count: number): void {
    if (this.#sums.length === 0) this.#sums = new Float64Array(statistics.length);
    if (this.#sums.length !== statistics.length) {
      throw new ArgumentError(
        `${this.constructor.name}: a batch with ${statistics.length} statistics after one with ${this.#sums.length}`,
      );
    }
    for (let i = 0; i < statistics.length; i++) {
      this.#sums[i] = (this.#sums[i] ?? 0) + (statistics[i] ?? 0);
    }
    this.#count += count;
  }

  /** Replaces the sums, for a subclass whose statistics do not add up. */
  protected setSums(sums: Float64Array, count: number): void {
    this.#sums = sums;
    this.#count = count;
  }

  /** Measures a batch; `value` knows of it after the next `compute()`, or a later `drain()`. */
  update(output: O, target: T): void {
    noGrad(() => {
      const { statistics, count } = this.measure(output, target);
      this.#reads.read(statistics, (values) => {
        if (count !== undefined) this.add(values, count);
        else this.add(values.subarray(0, -1), values.at(-1) ?? Number.NaN);
      });
    });
  }

  /** Takes up the batches that the queue is done with, without waiting. */
  drain(): void {
    this.#reads.drain();
  }

  /** The metric of all batches since the last reset. Waits for them without blocking the event loop. */
  async compute(): Promise<number> {
    await this.#reads.flush();
    return this.value;
  }

  /** Starts over. */
  reset(): void {
    this.#reads.clear();
    this.#sums = new Float64Array(0);
    this.#count = 0;
  }

  /** What was added so far, for checkpoints. */
  stateDict(): Json {
    return { count: this.#count, sums: Array.from(this.#sums) };
  }

  /**
   * How many sums it keeps, where that is known before the first batch. Saved states are checked by it. Default: null.
   */
  protected get width(): number | null {
    return null;
  }

  /**
   * Goes on from a saved state.
   * @throws CheckpointError if it is none; nothing changes then
   */
  loadStateDict(state: Json): void {
    this.prepareStateDict(state)();
  }

  /**
   * Checks a saved state, and returns what takes it over, which cannot fail: a checkpoint is loaded once all of its
   * parts were found right.
   * @throws CheckpointError if it is none
   */
  prepareStateDict(state: Json): () => void {
    const owner = this.constructor.name;
    return reading(owner, () => {
      const fields = fieldsOf(`this ${owner}`, state, ['sums', 'count']);
      const count = fields.count;
      const sums = plainCopy(`this ${owner}`, 'sums', fields.sums);
      const numbers = Array.isArray(sums) ? sums.filter((sum) => typeof sum === 'number') : null;
      if (numbers === null || numbers.length !== (Array.isArray(sums) ? sums.length : 0)) {
        throw new CheckpointError(`${owner}: the saved state has no list of sums`);
      }
      // Counts may be fractions: what a mean weighs.
      if (!(typeof count === 'number' && count >= 0 && count <= MOST_COUNT)) {
        const found = inWords(count);
        throw new CheckpointError(`${owner}: the saved count is ${found}, expected a number ≥ 0`);
      }
      const { width } = this;
      const isEmpty = numbers.length === 0 && count === 0;
      if (width !== null && numbers.length !== width && !isEmpty) {
        throw new CheckpointError(
          `${owner}: the saved state has ${numbers.length} sums, expected ${width}`,
        );
      }
      return () => {
        this.reset();
        this.setSums(Float64Array.from(numbers), count);
      };
    });
  }
}

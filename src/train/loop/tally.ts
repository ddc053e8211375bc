import { ArgumentError, CheckpointError } from '../../errors.js';
import { isJsonObject, type Json, type JsonObject } from '../../io/json.js';
import { unexpectedIn } from '../../io/savedState.js';
import type { Goal } from '../../optim/goal.js';
import type { TypedArray } from '../../tensor/dtype.js';
import type { Tensor } from '../../tensor/tensor.js';
import { LazyReads } from '../metrics/lazyReads.js';
import type { Metric } from '../metrics/metric.js';
import type { Contribution } from '../metrics/weight.js';
import { Figure } from './figure.js';

/** Is told a scalar once it is known, and what it weighs. */
type Known = (value: number, weight: number) => void;

/**
 * What is counted over the batches of an epoch: the loss and other reported scalars, each as it would be of all data in
 * one batch, and the metrics. Nothing waits for the queue.
 */
export class Tally<O, T> {
  readonly #metrics: ReadonlyMap<string, Metric<O, T>>;
  readonly #reads = new LazyReads();
  readonly #sums = new Map<string, Figure>();
  /** Whether the values of a name add up. */
  readonly #areSums = new Map<string, boolean>();

  constructor(metrics: ReadonlyMap<string, Metric<O, T>>) {
    this.#metrics = metrics;
  }

  /**
   * Takes a scalar of a batch into the figure of that name, and tells its value once it is known.
   * @throws ArgumentError for a sum where others were means
   */
  addScalar(name: string, value: Tensor, { isSum, weight }: Contribution, known?: Known): void {
    if (isSum !== (this.#areSums.get(name) ?? isSum)) {
      throw new ArgumentError(`fit: ${name} is a sum in one batch, and a mean in another`);
    }
    this.#areSums.set(name, isSum);
    const take = (number: number, own: number): void => {
      const sum = this.#sums.get(name) ?? new Figure();
      sum.add(number, own, isSum);
      this.#sums.set(name, sum);
      known?.(number, own);
    };
    if (typeof weight === 'number') {
      this.#reads.read(value, ([number = Number.NaN]) => take(number, weight));
    } else {
      const both = ([number = Number.NaN]: TypedArray, beside: TypedArray | null): void =>
        take(number, beside?.[0] ?? Number.NaN);
      this.#reads.read(value, both, weight);
    }
  }

  /** Tells a scalar's value once it is known. */
  whenKnown(value: Tensor, known: (value: number) => void): void {
    this.#reads.read(value, ([number = Number.NaN]) => known(number));
  }

  updateMetrics(output: O, target: T): void {
    for (const metric of this.#metrics.values()) metric.update(output, target);
  }

  goalOf(name: string): Goal {
    return this.#metrics.get(name)?.goal ?? 'min';
  }

  /** Takes up what the queue is done with. */
  drain(): void {
    this.#reads.drain();
    for (const metric of this.#metrics.values()) metric.drain();
  }

  /** Takes up everything, waiting for it. */
  async flush(): Promise<void> {
    await this.#reads.flush();
    for (const metric of this.#metrics.values()) await metric.compute();
  }

  /** Of what was taken up so far. */
  values(): Record<string, number> {
    const values: Record<string, number> = {};
    for (const [name, { value }] of this.#sums) values[name] = value;
    for (const [name, metric] of this.#metrics) values[name] = metric.value;
    return values;
  }

  reset(): void {
    this.#reads.clear();
    this.#sums.clear();
    this.#areSums.clear();
    for (const metric of this.#metrics.values()) metric.reset();
  }

  /** Call after {@link flush}. */
  stateDict(): JsonObject {
    const sums = Array.from(this.#sums, ([name, { total, weight }]): [string, Json] => [
      name,
      [total, weight],
    ]);
    const metrics = Array.from(this.#metrics, ([name, metric]): [string, Json] => [
      name,
      metric.stateDict(),
    ]);
    return { sums: Object.fromEntries(sums), metrics: Object.fromEntries(metrics) };
  }

  get metrics(): ReadonlyMap<string, Metric<O, T>> {
    return this.#metrics;
  }

  /**
   * Checks all of a saved state but what the metrics say, and returns what takes it over.
   * @throws CheckpointError if the state is of other metrics
   */
  prepareStateDict(state: Json | undefined): () => void {
    const { sums, metrics } = isJsonObject(state) ? state : {};
    if (!isJsonObject(sums) || !isJsonObject(metrics)) {
      throw new CheckpointError('the sums of the epoch under way are missing');
    }
    const expected = [...this.#metrics.keys()].sort().join(', ') || 'none';
    const found = Object.keys(metrics).sort().join(', ') || 'none';
    if (found !== expected) {
      throw new CheckpointError(`it has the metrics ${found}, this run ${expected}`);
    }
    const extra = unexpectedIn('tally', Object(state), ['sums', 'metrics']);
    if (extra.length > 0) throw new CheckpointError(extra.join(', '));
    const figures = Object.entries(sums).map(([name, sum]): [string, number, number] => {
      const [total, weight] = Array.isArray(sum) && sum.length === 2 ? sum : [];
      if (typeof total !== 'number' || typeof weight !== 'number' || weight < 0) {
        throw new CheckpointError(
          `the sum of ${name} is no pair of numbers, a total and its weight`,
        );
      }
      return [name, total, weight];
    });
    return () => {
      this.#reads.clear();
      this.#sums.clear();
      this.#areSums.clear();
      for (const [name, total, weight] of figures) this.#sums.set(name, new Figure(total, weight));
    };
  }
}

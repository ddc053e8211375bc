import { CheckpointError } from '../../errors.js';
import { isJsonObject, type Json, type JsonObject } from '../../io/json.js';

/**
 * A curve over the steps of a run of any length, in bounded memory: means over blocks of steps, which double in length
 * whenever there are too many.
 */
export class StepSeries {
  readonly #most: number;
  /** Values in a full block. */
  #blockSize = 1;
  #steps: number[] = [];
  #means: number[] = [];
  #count = 0;
  #sum = 0;
  #step = 0;

  /** @param most blocks to keep, an even number */
  constructor(most = 600) {
    this.#most = most;
  }

  add(step: number, value: number): void {
    this.#step = step;
    this.#sum += value;
    this.#count++;
    if (this.#count < this.#blockSize) return;
    this.#steps.push(step);
    this.#means.push(this.#sum / this.#count);
    this.#count = 0;
    this.#sum = 0;
    if (this.#steps.length === this.#most) this.#halve();
  }

  /** Blocks so far, the last perhaps of fewer values: the step at which each ends, and its mean. */
  get points(): { readonly steps: readonly number[]; readonly values: readonly number[] } {
    if (this.#count === 0) return { steps: this.#steps, values: this.#means };
    return {
      steps: [...this.#steps, this.#step],
      values: [...this.#means, this.#sum / this.#count],
    };
  }

  stateDict(): JsonObject {
    return {
      blockSize: this.#blockSize,
      steps: this.#steps,
      means: this.#means,
      count: this.#count,
      sum: this.#sum,
      step: this.#step,
    };
  }

  /** @throws CheckpointError if that is no curve, before anything changes */
  loadStateDict(state: Json | undefined): void {
    const { blockSize, count, sum, step, ...lists } = isJsonObject(state) ? state : {};
    const steps = numbersOf(lists.steps);
    const means = numbersOf(lists.means);
    const isBlock = Number.isSafeInteger(blockSize) && Number(blockSize) >= 1;
    const isOpen =
      Number.isSafeInteger(count) && typeof sum === 'number' && typeof step === 'number';
    const fits = steps !== null && means?.length === steps.length && steps.length < this.#most;
    if (!isBlock || !isOpen || !fits) {
      throw new CheckpointError('checkpoint: a curve over the steps is not as it should be');
    }
    this.#blockSize = Number(blockSize);
    this.#steps = steps;
    this.#means = means;
    this.#count = Number(count);
    this.#sum = sum;
    this.#step = step;
  }

  #halve(): void {
    const means = this.#means;
    this.#steps = this.#steps.filter((_, i) => i % 2 === 1);
    this.#means = this.#steps.map((_, i) => ((means[2 * i] ?? 0) + (means[2 * i + 1] ?? 0)) / 2);
    this.#blockSize *= 2;
  }
}

/** A copy of a list of numbers; null if it is none. */
function numbersOf(value: Json | undefined): number[] | null {
  if (!Array.isArray(value)) return null;
  const numbers = value.filter((item) => typeof item === 'number');
  return numbers.length === value.length ? numbers : null;
}

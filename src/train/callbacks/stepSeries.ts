import type { Json, JsonObject } from '../../io/json.js';
import { fieldsOf, isCount, MOST_COUNT, noStateOf, plainCopy } from '../../io/savedState.js';
import { inWords } from '../../options.js';

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

  /**
   * Checks a saved curve, and returns what takes it over.
   * @param lastStep the most that a step of it may be
   * @throws CheckpointError if that is no curve
   */
  prepareStateDict(name: string, state: unknown, lastStep: number = MOST_COUNT): () => void {
    const owner = `the curve ${name}`;
    const fields = fieldsOf(owner, state, ['blockSize', 'steps', 'means', 'count', 'sum', 'step']);
    const { blockSize, count, sum, step } = fields;
    const steps = numbersOf(plainCopy(owner, 'steps', fields.steps));
    const means = numbersOf(plainCopy(owner, 'means', fields.means));
    const faults: string[] = [];
    if (!isCount(blockSize) || !Number.isInteger(Math.log2(blockSize))) {
      faults.push(`blockSize is ${inWords(blockSize)}, expected a power of two`);
    }
    if (!isCount(step) || step > lastStep) {
      faults.push(`step is ${inWords(step)}, expected a count up to ${lastStep}`);
    }
    if (!isCount(count) || count >= Number(blockSize)) {
      faults.push(`count is ${inWords(count)}, expected a count below that of a block`);
    }
    if (typeof sum !== 'number') faults.push(`sum is ${inWords(sum)}, expected a number`);
    if (steps === null || !isRising(steps, Number(step)) || steps.length >= this.#most) {
      faults.push(`steps: expected fewer than ${this.#most} rising counts up to step`);
    }
    if (means === null || means.length !== steps?.length) {
      faults.push('means: expected a number for each of steps');
    }
    if (faults.length > 0) throw noStateOf(owner, faults);
    return () => {
      this.#blockSize = Number(blockSize);
      this.#steps = steps ?? [];
      this.#means = means ?? [];
      this.#count = Number(count);
      this.#sum = Number(sum);
      this.#step = Number(step);
    };
  }

  #halve(): void {
    const means = this.#means;
    this.#steps = this.#steps.filter((_, i) => i % 2 === 1);
    this.#means = this.#steps.map((_, i) => ((means[2 * i] ?? 0) + (means[2 * i + 1] ?? 0)) / 2);
    this.#blockSize *= 2;
  }
}

function isRising(steps: readonly number[], last: number): boolean {
  return steps.every((step, i) => isCount(step) && step > (steps[i - 1] ?? -1) && step <= last);
}

/** A list of numbers; null if it is none. */
function numbersOf(value: Json | undefined): number[] | null {
  if (!Array.isArray(value)) return null;
  const numbers = value.filter((item) => typeof item === 'number');
  return numbers.length === value.length ? numbers : null;
}

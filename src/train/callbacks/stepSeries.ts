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
  constructor(most = 1000) {
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

  #halve(): void {
    const means = this.#means;
    this.#steps = this.#steps.filter((_, i) => i % 2 === 1);
    this.#means = this.#steps.map((_, i) => ((means[2 * i] ?? 0) + (means[2 * i + 1] ?? 0)) / 2);
    this.#blockSize *= 2;
  }
}

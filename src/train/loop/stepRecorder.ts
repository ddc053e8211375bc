import type { StepValues } from './callback.js';
import { Figure } from './figure.js';

/** The numbers of a step while some of them are still being computed. */
class StepRecord {
  readonly step: number;
  readonly epoch: number;
  readonly #loss = new Figure();
  readonly #reported = new Map<string, Figure>();
  /** Numbers that are not known yet. */
  #missing = 0;
  #samples = 0;
  #lr = 0;
  #gradNorm: number | undefined;
  #isQueued = false;

  constructor(step: number, epoch: number) {
    this.step = step;
    this.epoch = epoch;
  }

  get isComplete(): boolean {
    return this.#isQueued && this.#missing === 0;
  }

  /** Expects the loss of a batch, and what it weighs; call the result with them. */
  expectLoss(samples: number, isSum: boolean): (loss: number, weight: number) => void {
    this.#samples += samples;
    return this.#expect((loss, weight) => this.#loss.add(loss, weight, isSum));
  }

  expectReport(name: string, isSum: boolean): (value: number, weight: number) => void {
    const figure = this.#reported.get(name) ?? new Figure();
    this.#reported.set(name, figure);
    return this.#expect((value, weight) => figure.add(value, weight, isSum));
  }

  expectGradNorm(): (norm: number) => void {
    return this.#expect((norm) => {
      this.#gradNorm = norm;
    });
  }

  #expect<A extends number[]>(take: (...values: A) => void): (...values: A) => void {
    this.#missing++;
    return (...values) => {
      this.#missing--;
      take(...values);
    };
  }

  /** All of the step is on the queue. */
  queued(lr: number): void {
    this.#lr = lr;
    this.#isQueued = true;
  }

  values(): StepValues {
    return {
      step: this.step,
      epoch: this.epoch,
      samples: this.#samples,
      loss: this.#loss.value,
      lr: this.#lr,
      gradNorm: this.#gradNorm,
      reported: Object.fromEntries(
        Array.from(this.#reported, ([name, { value }]) => [name, value]),
      ),
    };
  }
}

/** Puts the numbers of each step together as they become known. */
export class StepRecorder {
  readonly #open: StepRecord[] = [];

  /** The record of a step that is being queued; begun if need be. */
  at(step: number, epoch: number): StepRecord {
    const last = this.#open.at(-1);
    if (last?.step === step) return last;
    const record = new StepRecord(step, epoch);
    this.#open.push(record);
    return record;
  }

  /** Hands out the steps whose numbers are all known, in order. */
  take(): StepValues[] {
    const known: StepValues[] = [];
    while (this.#open[0]?.isComplete) {
      const record = this.#open.shift();
      if (record !== undefined) known.push(record.values());
    }
    return known;
  }
}

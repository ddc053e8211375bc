import type { StepValues } from './callback.js';

/** The numbers of a step while some of them are still being computed. */
class StepRecord {
  readonly step: number;
  readonly epoch: number;
  readonly #reported = new Map<string, number>();
  #loss = 0;
  #weight = 0;
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
    return this.#expect((loss, weight) => {
      if (weight !== 0) this.#loss += loss * weight;
      this.#weight = isSum ? 1 : this.#weight + weight;
    });
  }

  expectReport(name: string): (value: number) => void {
    return this.#expect((value) => this.#reported.set(name, value));
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
      loss: this.#loss / this.#weight,
      lr: this.#lr,
      gradNorm: this.#gradNorm,
      reported: Object.fromEntries(this.#reported),
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

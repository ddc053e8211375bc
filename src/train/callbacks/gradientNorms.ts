import { ArgumentError } from '../../errors.js';
import { gradNorm } from '../../optim/clip.js';
import type { PendingUpdate, StepValues, TrainingRun } from '../loop/callback.js';
import { LazyReads } from '../metrics/lazyReads.js';

/** Steps at the start of a run, where gradients change most, that are all measured. */
const FIRST_STEPS = 50;

/** Norms of all gradients together at some steps, before clipping; nothing waits for them. */
export class GradientNorms {
  readonly #every: number;
  readonly #take: (step: number, norm: number) => void;
  readonly #reads = new LazyReads();
  /** The run clips, so the norm comes with the step's other numbers. */
  #isGiven = false;

  /**
   * @param every steps between two that are measured; 0 for none
   * @param take called with each norm once it is known, in order
   * @throws ArgumentError unless `every` is an integer ≥ 0
   */
  constructor(owner: string, every: number, take: (step: number, norm: number) => void) {
    if (!Number.isInteger(every) || every < 0) {
      throw new ArgumentError(`${owner}: gradNorms is ${every}, expected an integer ≥ 0`);
    }
    this.#every = every;
    this.#take = take;
  }

  /** For `onBeforeUpdate`. */
  measure(run: TrainingRun, { step }: PendingUpdate): void {
    const isDue = step <= FIRST_STEPS || step % this.#every === 0;
    if (this.#every === 0 || this.#isGiven || !isDue) return;
    const norm = gradNorm(run.model.parameters());
    this.#reads.read(norm, ([value = Number.NaN]) => {
      if (!this.#isGiven) this.#take(step, value);
    });
  }

  /** For `onStepValues`. */
  note({ step, gradNorm: norm }: StepValues): void {
    if (norm !== undefined && this.#every > 0) {
      this.#isGiven = true;
      this.#take(step, norm);
    }
    this.#reads.drain();
  }

  /** Reads what is left. */
  async flush(): Promise<void> {
    await this.#reads.flush();
  }

  /** Forgets what is left; the queue may be broken. */
  clear(): void {
    this.#reads.clear();
  }
}

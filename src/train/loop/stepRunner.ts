import { clipGradNorm } from '../../optim/clip.js';
import { getRandomState, type RandomState, setRandomState } from '../../tensor/random.js';
import { scope } from '../../tensor/scope.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { PendingUpdate, StepInfo, StepValues } from './callback.js';
import { type Outcome, outcomeOf } from './step.js';
import { StepRecorder } from './stepRecorder.js';
import type { Tally } from './tally.js';
import type { TrainerOptions } from './trainer.js';

/** What a {@link StepRunner} needs to know of the run. */
export interface StepRunnerOptions<B, O, T>
  extends Pick<
    TrainerOptions<B, O, T>,
    'step' | 'optimizers' | 'isAutomatic' | 'schedules' | 'clipGradNorm'
  > {
  readonly tally: Tally<O, T>;
  /** Whether somebody wants the numbers of each step. */
  readonly wantsValues: boolean;
  /** Told of gradients before they are applied; null if nobody listens. */
  readonly beforeUpdate: ((update: PendingUpdate) => Promise<void>) | null;
}

/** Trains on batches: forward, backward, and an update of the weights after every so many of them. */
export class StepRunner<B, O, T> {
  readonly #options: StepRunnerOptions<B, O, T>;
  readonly #recorder: StepRecorder | null;
  /** Updates of the weights. */
  step = 0;
  /** Samples trained on. */
  samples = 0;
  /** Batches since the last update. */
  #gathered = 0;
  /** Samples of the update under way, or of the last one. */
  #windowSamples = 0;
  #loss: Tensor | null = null;

  constructor(options: StepRunnerOptions<B, O, T>) {
    this.#options = options;
    this.#recorder = options.wantsValues ? new StepRecorder() : null;
  }

  /** Batches whose gradients wait for an update. */
  get gathered(): number {
    return this.#gathered;
  }

  /** Learning rate of the first group of the first optimiser. */
  get lr(): number {
    for (const { paramGroups } of this.#options.optimizers.values()) {
      return paramGroups[0]?.lr ?? Number.NaN;
    }
    return Number.NaN;
  }

  /** The last update. Its loss is let go of by the next batch. */
  get last(): StepInfo | null {
    const loss = this.#loss;
    return loss === null ? null : { step: this.step, samples: this.#windowSamples, loss };
  }

  /** Steps whose numbers are known, each once. */
  takeValues(): StepValues[] {
    return this.#recorder?.take() ?? [];
  }

  /** What a batch comes to. */
  async compute(batch: B, training: boolean, epoch: number): Promise<Outcome<O, T>> {
    const result = this.#options.step(batch, { training, epoch, step: this.step });
    return outcomeOf(result instanceof Promise ? await result : result, batch);
  }

  /**
   * Trains on a batch.
   * @param window batches that make up the update that it belongs to
   */
  async train(batch: B, epoch: number, window: number): Promise<void> {
    const { isAutomatic, beforeUpdate } = this.#options;
    const before = beforeUpdate === null ? null : getRandomState();
    await scope(async () => {
      if (this.#gathered === 0) this.#begin();
      const outcome = await this.compute(batch, true, epoch);
      this.#count(outcome, epoch);
      const { loss } = outcome;
      if (isAutomatic) (window > 1 ? loss.div(window) : loss).backward();
      this.#gathered++;
      this.dropLoss();
      this.#loss = loss.detach().keep();
      if (this.#gathered < window) return;
      if (before !== null) {
        const replay = (): Promise<Tensor> => this.#replay(batch, epoch, before);
        await beforeUpdate?.({ step: this.step + 1, loss, replay });
      }
      this.update(epoch);
    });
  }

  #begin(): void {
    this.#windowSamples = 0;
    if (!this.#options.isAutomatic) return;
    for (const optimizer of this.#options.optimizers.values()) optimizer.zeroGrad();
  }

  /** Notes what a batch came to. */
  #count({ loss, output, target, report, samples }: Outcome<O, T>, epoch: number): void {
    const { tally } = this.#options;
    const record = this.#recorder?.at(this.step + 1, epoch);
    this.samples += samples;
    this.#windowSamples += samples;
    tally.addScalar('loss', loss, samples, record?.expectLoss(samples));
    for (const [name, value] of Object.entries(report ?? {})) {
      tally.addScalar(name, value, samples, record?.expectReport(name));
    }
    if (output !== undefined && target !== undefined) tally.updateMetrics(output, target);
  }

  async #replay(batch: B, epoch: number, from: RandomState): Promise<Tensor> {
    const now = getRandomState();
    setRandomState(from);
    try {
      return (await this.compute(batch, true, epoch)).loss;
    } finally {
      setRandomState(now);
    }
  }

  /** Applies the gradients of the batches since the last update. */
  update(epoch: number): void {
    const { isAutomatic, clipGradNorm: maxNorm, optimizers, schedules, tally } = this.#options;
    const record = this.#recorder?.at(this.step + 1, epoch);
    const { lr } = this;
    if (isAutomatic) {
      if (maxNorm !== null) {
        const norm = clipGradNorm(this.#parameters(), maxNorm);
        if (record !== undefined) tally.whenKnown(norm, record.expectGradNorm());
        norm.dispose();
      }
      for (const optimizer of optimizers.values()) optimizer.step();
    }
    this.step++;
    this.#gathered = 0;
    record?.queued(lr);
    for (const schedule of schedules) if (schedule.interval === 'batch') schedule.step();
  }

  #parameters(): Tensor[] {
    const groups = [...this.#options.optimizers.values()].flatMap(({ paramGroups }) => paramGroups);
    return groups.flatMap(({ params }) => params);
  }

  dropLoss(): void {
    this.#loss?.dispose();
    this.#loss = null;
  }
}

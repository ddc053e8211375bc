import { isThenable } from '../../realm.js';
import { getRandomState, type RandomState, setRandomState } from '../../tensor/random.js';
import { scope } from '../../tensor/scope.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { PendingUpdate, StepInfo, StepValues } from './callback.js';
import type { Position } from './position.js';
import { type Outcome, outcomeOf } from './step.js';
import { StepRecorder } from './stepRecorder.js';
import type { Tally } from './tally.js';
import type { TrainerOptions } from './trainerOptions.js';
import { type AppliedUpdate, TrainingStep } from './trainingStep.js';

/** What a {@link StepRunner} needs to know of the run. */
export interface StepRunnerOptions<B, O, T>
  extends Pick<
    TrainerOptions<B, O, T>,
    'step' | 'optimizers' | 'isAutomatic' | 'schedules' | 'clipGradNorm' | 'exchange'
  > {
  /** Is moved on by each batch and each update. */
  readonly position: Position;
  readonly tally: Tally<O, T>;
  /** Whether somebody wants the numbers of each step. */
  readonly wantsValues: boolean;
  /** Told of gradients before they are clipped and applied; null if nobody listens. */
  readonly beforeUpdate: ((update: PendingUpdate) => Promise<void>) | null;
}

/** Takes training steps for `fit`, and notes what comes of them. */
export class StepRunner<B, O, T> {
  readonly #options: StepRunnerOptions<B, O, T>;
  readonly #position: Position;
  readonly #step: TrainingStep;
  readonly #recorder: StepRecorder | null;
  /** Samples of the update under way, or of the last one. */
  #windowSamples = 0;
  #loss: Tensor | null = null;

  constructor(options: StepRunnerOptions<B, O, T>) {
    this.#options = options;
    this.#position = options.position;
    const optimizers = [...options.optimizers.values()];
    this.#step = new TrainingStep({ ...options, optimizers }, options.position);
    this.#recorder = options.wantsValues ? new StepRecorder() : null;
  }

  /** Batches whose gradients wait for an update. */
  get gathered(): number {
    return this.#step.gathered;
  }

  /** Learning rate of the first group of the first optimiser. */
  get lr(): number {
    return this.#step.lr;
  }

  /** The last update. The next batch frees its loss. */
  get last(): StepInfo | null {
    const loss = this.#loss;
    const { step } = this.#position;
    return loss === null ? null : { step, samples: this.#windowSamples, loss };
  }

  /** Steps whose numbers are known, each once. */
  takeValues(): StepValues[] {
    return this.#recorder?.take() ?? [];
  }

  /** What a batch comes to. */
  async compute(batch: B, training: boolean, epoch: number): Promise<Outcome<O, T>> {
    const result = this.#options.step(batch, { training, epoch, step: this.#position.step });
    return outcomeOf(isThenable(result) ? await result : result, batch);
  }

  /**
   * Trains on a batch.
   * @param window batches that make up the update that it belongs to
   */
  train(batch: B, epoch: number, window: number): Promise<void> {
    const hook = this.#beforeUpdate(batch, epoch);
    return scope(async () => {
      if (this.#step.gathered === 0) this.#windowSamples = 0;
      const { update } = await this.#step.batch(() => this.#forward(batch, epoch), window, hook);
      if (update !== null) this.#note(update, epoch);
    });
  }

  /** Applies what a last window has gathered, whose other batches never came. */
  async finish(epoch: number): Promise<void> {
    const update = await this.#step.finish();
    if (update !== null) this.#note(update, epoch);
  }

  /** The loss of a batch; no promise where the step function gives none. */
  #forward(batch: B, epoch: number): Tensor | Promise<Tensor> {
    const context = { training: true, epoch, step: this.#position.step };
    const result = this.#options.step(batch, context);
    if (!isThenable(result)) return this.#take(outcomeOf(result, batch), epoch);
    return result.then((later) => this.#take(outcomeOf(later, batch), epoch));
  }

  /** Notes what a batch came to. */
  #take({ loss, output, target, report, samples }: Outcome<O, T>, epoch: number): Tensor {
    const { tally } = this.#options;
    const record = this.#recorder?.at(this.#position.step + 1, epoch);
    this.#position.samples += samples;
    this.#windowSamples += samples;
    tally.addScalar('loss', loss, samples, record?.expectLoss(samples));
    for (const [name, value] of Object.entries(report ?? {})) {
      tally.addScalar(name, value, samples, record?.expectReport(name));
    }
    if (output !== undefined && target !== undefined) tally.updateMetrics(output, target);
    this.dropLoss();
    this.#loss = loss.detach().keep();
    return loss;
  }

  /** Notes the numbers of an update. */
  #note({ lr, gradNorm }: AppliedUpdate, epoch: number): void {
    const record = this.#recorder?.at(this.#position.step, epoch);
    if (gradNorm !== null) {
      if (record !== undefined) this.#options.tally.whenKnown(gradNorm, record.expectGradNorm());
      gradNorm.dispose();
    }
    record?.queued(lr);
  }

  /** Tells listeners of the gradients of a batch; null if nobody listens. */
  #beforeUpdate(batch: B, epoch: number): ((loss: Tensor) => Promise<void>) | null {
    const { beforeUpdate } = this.#options;
    if (beforeUpdate === null) return null;
    const from = getRandomState();
    const replay = (): Promise<Tensor> => this.#replay(batch, epoch, from);
    return (loss) => beforeUpdate({ step: this.#position.step + 1, loss, replay });
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

  dropLoss(): void {
    this.#loss?.dispose();
    this.#loss = null;
  }
}

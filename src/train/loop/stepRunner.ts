import { isThenable } from '../../realm.js';
import { getRandomState, type RandomState, setRandomState } from '../../tensor/random.js';
import { noGrad, scope } from '../../tensor/scope.js';
import { Tensor } from '../../tensor/tensor.js';
import { knownContribution, ownContribution } from '../metrics/weight.js';
import type { PendingUpdate, StepInfo, StepValues } from './callback.js';
import { lossOfAll } from './gatheredBatches.js';
import type { Position } from './position.js';
import { type LossShare, type Outcome, outcomeOf, type StepResult } from './step.js';
import { StepRecorder } from './stepRecorder.js';
import type { Tally } from './tally.js';
import type { TrainerOptions } from './trainerOptions.js';
import { type AppliedUpdate, TrainingStep } from './trainingStep.js';

/** What a {@link StepRunner} needs to know of the run. */
export interface StepRunnerOptions<B, O, T>
  extends Pick<
    TrainerOptions<B, O, T>,
    'step' | 'batchAxis' | 'optimizers' | 'isAutomatic' | 'schedules' | 'clipGradNorm' | 'exchange'
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
  /** The losses of the update under way, where somebody listens. */
  #shares: LossShare[] = [];

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
    const { step, batchAxis } = this.#options;
    const result = step(batch, { training, epoch, step: this.#position.step });
    return outcomeOf(isThenable(result) ? await result : result, batch, batchAxis);
  }

  /**
   * Trains on a batch.
   * @param window batches that make up the update that it belongs to
   */
  train(batch: B, epoch: number, window: number): Promise<void> {
    const from = this.#options.beforeUpdate === null ? null : getRandomState();
    return scope(async () => {
      if (this.#step.gathered === 0) this.#windowSamples = 0;
      const hook = from === null ? null : () => this.#tell(() => this.#replay(batch, epoch, from));
      const { update } = await this.#step.batch(() => this.#forward(batch, epoch), window, hook);
      if (update !== null) this.#note(update, epoch);
    });
  }

  /** Applies what a last window has gathered, whose other batches never came. */
  async finish(epoch: number): Promise<void> {
    const given = async (): Promise<Tensor> => lossOfAll(this.#shares.slice(-1)).keep();
    const isHeard = this.#options.beforeUpdate !== null;
    const hook = isHeard ? () => scope(() => this.#tell(given)) : null;
    const update = await this.#step.finish(hook);
    if (update !== null) this.#note(update, epoch);
  }

  /** The loss of a batch; no promise where the step function gives none, and nothing has to be waited for. */
  #forward(batch: B, epoch: number): LossShare | Promise<LossShare> {
    const { step, batchAxis } = this.#options;
    const take = (result: Tensor | StepResult<O, T>): LossShare | Promise<LossShare> => {
      const outcome = outcomeOf(result, batch, batchAxis);
      const contribution = this.#options.isAutomatic
        ? knownContribution(outcome.contribution)
        : outcome.contribution;
      if (!isThenable(contribution)) return this.#take({ ...outcome, contribution }, epoch);
      return contribution.then((known) => this.#take({ ...outcome, contribution: known }, epoch));
    };
    const result = step(batch, { training: true, epoch, step: this.#position.step });
    return isThenable(result) ? result.then(take) : take(result);
  }

  /** Notes what a batch came to. */
  #take(outcome: Outcome<O, T>, epoch: number): LossShare {
    const { tally, beforeUpdate } = this.#options;
    const { loss, contribution, output, target, report, samples } = outcome;
    const record = this.#recorder?.at(this.#position.step + 1, epoch);
    this.#position.samples += samples;
    this.#windowSamples += samples;
    tally.addScalar('loss', loss, contribution, record?.expectLoss(samples, contribution.isSum));
    for (const [name, value, own] of report) {
      tally.addScalar(name, value, own, record?.expectReport(name, own.isSum));
    }
    if (output !== undefined && target !== undefined) tally.updateMetrics(output, target);
    this.dropLoss();
    this.#loss = loss.detach().keep();
    if (beforeUpdate !== null) {
      const own = loss.detach().keep();
      this.#shares.push({ loss: own, contribution: ownContribution(contribution) });
    }
    return outcome;
  }

  /** Notes the numbers of an update. */
  #note({ lr, gradNorm }: AppliedUpdate, epoch: number): void {
    const record = this.#recorder?.at(this.#position.step, epoch);
    if (gradNorm !== null) {
      if (record !== undefined) this.#options.tally.whenKnown(gradNorm, record.expectGradNorm());
      gradNorm.dispose();
    }
    record?.queued(lr);
    this.#dropShares();
  }

  /** Tells listeners of the gradients of an update. */
  async #tell(replay: () => Promise<Tensor>): Promise<void> {
    const shares = this.#shares;
    let loss: Tensor | null = null;
    await this.#options.beforeUpdate?.({
      step: this.#position.step + 1,
      get loss() {
        loss ??= noGrad(() => lossOfAll(shares));
        return loss;
      },
      replay,
    });
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

  /** Frees all that is held. */
  dispose(): void {
    this.dropLoss();
    this.#dropShares();
  }

  #dropShares(): void {
    for (const { loss, contribution } of this.#shares) {
      loss.dispose();
      if (contribution.weight instanceof Tensor) contribution.weight.dispose();
    }
    this.#shares = [];
  }
}

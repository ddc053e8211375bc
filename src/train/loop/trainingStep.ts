import { backward } from '../../autograd/backward.js';
import { clipGradNorm, scaleGradients } from '../../optim/clip.js';
import type { Optimizer } from '../../optim/optimizer.js';
import { isThenable } from '../../realm.js';
import { Tensor } from '../../tensor/tensor.js';
import { GatheredBatches } from './gatheredBatches.js';
import type { Scheduler } from './schedule.js';
import { type LossShare, lossShareOf } from './step.js';

/** What a training step needs of an optimiser. */
export type StepOptimizer = Pick<Optimizer, 'zeroGrad' | 'step' | 'paramGroups'>;

/**
 * Makes the gradients of several machines one. It is called once an update, when all gradients of the update are
 * there and none is clipped, and may change them in place.
 */
export type GradientExchange = (parameters: readonly Tensor[]) => void | Promise<void>;

export interface TrainingStepOptions {
  readonly optimizers: readonly StepOptimizer[];
  /** False where `forward` runs backward() and the optimisers itself: then updates are only counted. */
  readonly isAutomatic: boolean;
  /** Limit of the norm of all gradients together; Infinity measures it only, null does neither. */
  readonly clipGradNorm: number | null;
  /** Null on a single machine. */
  readonly exchange: GradientExchange | null;
  /** Those by the batch move on after each update. */
  readonly schedules: readonly Scheduler[];
}

/** An update that has been queued. */
export interface AppliedUpdate {
  /** Its learning rate, of the first group of the first optimiser. */
  readonly lr: number;
  /** The norm of the gradients before clipping, a scalar, for the caller to dispose of; null if not measured. */
  readonly gradNorm: Tensor | null;
}

/** What came of a batch. */
export interface BatchResult {
  readonly loss: Tensor;
  /** Null while the update needs more batches. */
  readonly update: AppliedUpdate | null;
}

/** Where updates are counted: the position of a run, or a count of its own. */
export interface UpdateCount {
  /** Updates of the weights. */
  step: number;
}

/** The loss of a batch, beside what it contributes to that of an update where it is not a mean over its elements. */
type BatchLoss = Tensor | LossShare;

/**
 * The one training step, which all loops of this library take: forward, backward, exchange of gradients, clip, update.
 * An update may gather the gradients of several batches; they are those of all their samples in one batch. Nothing waits
 * for the queue.
 */
export class TrainingStep {
  readonly #options: TrainingStepOptions;
  readonly #count: UpdateCount;
  readonly #batches = new GatheredBatches();

  /** @param count is moved on by each update */
  constructor(options: TrainingStepOptions, count: UpdateCount) {
    this.#options = options;
    this.#count = count;
  }

  /** Batches whose gradients wait for an update. */
  get gathered(): number {
    return this.#batches.count;
  }

  /** Learning rate of the first group of the first optimiser. */
  get lr(): number {
    return this.#options.optimizers[0]?.paramGroups[0]?.lr ?? Number.NaN;
  }

  /**
   * Takes the gradients of a batch and, if the update has all its batches, applies them.
   *
   * @param forward computes the loss of the batch
   * @param window batches that make up the update
   * @param beforeUpdate is awaited when the gradients are exchanged; if it throws, nothing is updated
   */
  async batch(
    forward: () => BatchLoss | Promise<BatchLoss>,
    window = 1,
    beforeUpdate: ((loss: Tensor) => Promise<void>) | null = null,
  ): Promise<BatchResult> {
    const { optimizers, isAutomatic } = this.#options;
    if (isAutomatic && this.gathered === 0) {
      for (const optimizer of optimizers) optimizer.zeroGrad();
    }
    const result = forward();
    const made = isThenable(result) ? await result : result;
    const share = made instanceof Tensor ? lossShareOf('fit', made, undefined, 1) : made;
    const { loss } = share;
    const part = this.#batches.add(share, window);
    if (isAutomatic && part !== null) backward(part);
    if (this.gathered < window) return { loss, update: null };
    const hook = beforeUpdate === null ? null : (): Promise<void> => beforeUpdate(loss);
    return { loss, update: await this.#update(hook) };
  }

  /** Applies the gradients of an update whose last batches never came; null if there are none. */
  async finish(beforeUpdate: (() => Promise<void>) | null = null): Promise<AppliedUpdate | null> {
    return this.gathered === 0 ? null : await this.#update(beforeUpdate);
  }

  async #update(beforeUpdate: (() => Promise<void>) | null): Promise<AppliedUpdate> {
    const { isAutomatic, exchange } = this.#options;
    const factor = this.#batches.takeFactor();
    if (isAutomatic && factor !== null) scaleGradients(this.#parameters(), factor);
    if (factor instanceof Tensor) factor.dispose();
    if (isAutomatic && exchange !== null) await exchange(this.#parameters());
    if (beforeUpdate !== null) await beforeUpdate();
    return this.#apply();
  }

  /** Clips, updates the weights, and moves the schedules on. */
  #apply(): AppliedUpdate {
    const { optimizers, isAutomatic, clipGradNorm: maxNorm, schedules } = this.#options;
    const { lr } = this;
    let gradNorm: Tensor | null = null;
    if (isAutomatic) {
      if (maxNorm !== null) gradNorm = clipGradNorm(this.#parameters(), maxNorm).keep();
      for (const optimizer of optimizers) optimizer.step();
    }
    this.#count.step++;
    for (const schedule of schedules) if (schedule.interval === 'batch') schedule.step();
    return { lr, gradNorm };
  }

  #parameters(): Tensor[] {
    const groups = this.#options.optimizers.flatMap(({ paramGroups }) => paramGroups);
    return groups.flatMap(({ params }) => params);
  }
}

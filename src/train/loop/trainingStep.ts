import { backward } from '../../autograd/backward.js';
import { div } from '../../ops/elementwise.js';
import { clipGradNorm } from '../../optim/clip.js';
import type { Optimizer } from '../../optim/optimizer.js';
import { isThenable } from '../../realm.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { Scheduler } from './schedule.js';

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

/**
 * The one training step, which all loops of this library take: forward, backward, exchange of gradients, clip, update.
 * An update may gather the gradients of several batches. Nothing waits for the queue.
 */
export class TrainingStep {
  readonly #options: TrainingStepOptions;
  readonly #count: UpdateCount;
  readonly #exchange: GradientExchange | null;
  #gathered = 0;

  /** @param count is moved on by each update */
  constructor(options: TrainingStepOptions, count: UpdateCount) {
    this.#options = options;
    this.#count = count;
    this.#exchange = options.isAutomatic ? options.exchange : null;
  }

  /** Batches whose gradients wait for an update. */
  get gathered(): number {
    return this.#gathered;
  }

  /** Learning rate of the first group of the first optimiser. */
  get lr(): number {
    return this.#options.optimizers[0]?.paramGroups[0]?.lr ?? Number.NaN;
  }

  /**
   * Takes the gradients of a batch and, if the update has all its batches, applies them.
   *
   * @param forward computes the loss of the batch, the mean over it
   * @param window batches that make up the update; the gradient is the mean of theirs
   * @param beforeUpdate is awaited when the gradients are exchanged; if it throws, nothing is updated
   */
  async batch(
    forward: () => Tensor | Promise<Tensor>,
    window = 1,
    beforeUpdate: ((loss: Tensor) => Promise<void>) | null = null,
  ): Promise<BatchResult> {
    const { optimizers, isAutomatic } = this.#options;
    if (isAutomatic && this.#gathered === 0) {
      for (const optimizer of optimizers) optimizer.zeroGrad();
    }
    const result = forward();
    const loss = isThenable(result) ? await result : result;
    if (isAutomatic) backward(window > 1 ? div(loss, window) : loss);
    this.#gathered++;
    if (this.#gathered < window) return { loss, update: null };
    if (this.#exchange !== null) await this.#exchange(this.#parameters());
    if (beforeUpdate !== null) await beforeUpdate(loss);
    return { loss, update: this.#apply() };
  }

  /** Applies the gradients of an update whose last batches never came; null if there are none. */
  async finish(): Promise<AppliedUpdate | null> {
    if (this.#gathered === 0) return null;
    if (this.#exchange !== null) await this.#exchange(this.#parameters());
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
    this.#gathered = 0;
    for (const schedule of schedules) if (schedule.interval === 'batch') schedule.step();
    return { lr, gradNorm };
  }

  #parameters(): Tensor[] {
    const groups = this.#options.optimizers.flatMap(({ paramGroups }) => paramGroups);
    return groups.flatMap(({ params }) => params);
  }
}

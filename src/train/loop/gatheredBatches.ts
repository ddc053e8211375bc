import { zeros } from '../../ops/creation.js';
import { add, cast, div, mul, notEqual, where } from '../../ops/elementwise.js';
import { noGrad } from '../../tensor/scope.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { LossShare } from './step.js';

/**
 * Batches whose gradients make up one update: the gradient of all their samples in one batch. What they weigh together
 * is known at the end only. So each takes its share as if all weighed as much as the first, and the sum is scaled once,
 * if they did not.
 */
export class GatheredBatches {
  /** Batches so far. */
  count = 0;
  /** Batches that the update is expected to have. */
  #window = 1;
  /** What weighs one: the first weight that is not 0, or about as much. */
  #unit = 0;
  /** The weights so far in that unit: those that are known, and those on the queue. */
  #known = 0;
  #queued: Tensor | null = null;
  #isSum = false;

  /**
   * Takes up a batch.
   * @param window batches that make up the update
   * @returns what to run backward() on; null if the batch weighs nothing
   */
  add({ loss, contribution }: LossShare, window: number): Tensor | null {
    if (this.count++ === 0) this.#window = window;
    const { isSum, weight, about, canVanish } = contribution;
    this.#isSum = isSum;
    if (isSum) return loss;
    if (typeof weight === 'number') return this.#addKnown(loss, weight);
    if (this.#window === 1) return canVanish ? where(notEqual(weight, 0), loss, 0) : loss;
    if (this.#unit === 0) this.#unit = about || 1;
    return this.#addQueued(loss, weight);
  }

  #addKnown(loss: Tensor, weight: number): Tensor | null {
    if (weight === 0) return null;
    if (this.#window === 1) return loss;
    if (this.#unit === 0) this.#unit = weight;
    const share = weight / this.#unit;
    this.#known += share;
    return share === 1 ? div(loss, this.#window) : mul(loss, share / this.#window);
  }

  #addQueued(loss: Tensor, weight: Tensor): Tensor {
    const before = this.#queued;
    const share = noGrad(() => {
      const own = div(cast(weight.detach(), loss.dtype), this.#unit);
      this.#queued = (before === null ? own.detach() : add(before, own)).keep();
      return div(own, this.#window).reshape([]);
    });
    before?.dispose();
    return mul(loss, share);
  }

  /** What all gradients are to be multiplied by, for the caller to dispose of; null if they are right. Starts over. */
  takeFactor(): number | Tensor | null {
    const [known, queued, window] = [this.#known, this.#queued, this.#window];
    const isRight = this.#isSum || window === 1 || (queued === null && known === window);
    this.reset();
    if (queued === null) return isRight || known === 0 ? null : window / known;
    return noGrad(() => {
      const total = add(queued, known);
      queued.dispose();
      // Of batches that weigh nothing all gradients are 0.
      return where(notEqual(total, 0), div(window, total), 0).keep();
    });
  }

  /** Starts over. */
  reset(): void {
    this.count = 0;
    this.#unit = 0;
    this.#known = 0;
    this.#queued = null;
    this.#isSum = false;
  }
}

/**
 * The loss of several batches: that of all their samples in one. Batches that weigh nothing are left out, whatever their
 * losses are; it is 0 if all do.
 */
export function lossOfAll(shares: readonly LossShare[]): Tensor {
  const [first] = shares;
  if (first === undefined) return zeros([]);
  if (first.contribution.isSum) return shares.map(({ loss }) => loss).reduce((a, b) => add(a, b));
  const { dtype } = first.loss;
  const weights = shares.map(({ contribution: { weight } }) =>
    typeof weight === 'number' ? weight : cast(weight.detach(), dtype).reshape([]),
  );
  const total = weights.reduce(sumOf);
  const parts = shares.map(({ loss }, i) => partOf(loss, weights[i] ?? 0, total));
  return parts.reduce((a, b) => add(a, b));
}

function sumOf(a: number | Tensor, b: number | Tensor): number | Tensor {
  return typeof a === 'number' && typeof b === 'number' ? a + b : add(a, b);
}

/** loss · weight / total, and 0 without a gradient where the weight is 0. */
function partOf(loss: Tensor, weight: number | Tensor, total: number | Tensor): Tensor {
  if (weight === 0) return zeros([], { dtype: loss.dtype });
  if (typeof weight === 'number' && typeof total === 'number') return mul(loss, weight / total);
  const counted = typeof weight === 'number' ? loss : where(notEqual(weight, 0), loss, 0);
  const all = typeof total === 'number' ? total : where(notEqual(total, 0), total, 1);
  return mul(counted, div(weight, all));
}

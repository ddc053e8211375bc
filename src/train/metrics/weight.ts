import { ArgumentError } from '../../errors.js';
import { inWords } from '../../options.js';
import { formatShape } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';

/**
 * What a mean over a batch weighs among those of other batches: what its sum was divided by, such as the number of
 * targets that count, or the sum of their weights; `'sum'` if it was divided by nothing, so that values of batches are
 * added up. A batch of weight 0 counts for nothing, even where its mean is NaN. A tensor has one element.
 */
export type Weight = number | Tensor | 'sum';

/** What a value of a batch contributes to that of all batches. */
export interface Contribution {
  /** True for values that add up, false for means. */
  readonly isSum: boolean;
  /** What a mean weighs. */
  readonly weight: number | Tensor;
  /** A number of the size of the weight, which is known at once. */
  readonly about: number;
  /** True where a user's function gave the weight. */
  readonly isTold: boolean;
  /** True where a loss that weighs nothing must get no gradient, lest its own be NaN. */
  readonly canVanish: boolean;
}

function checkWeight(owner: string, weight: Exclude<Weight, 'sum'>): void {
  if (weight instanceof Tensor) {
    if (weight.size === 1) return;
    throw new ArgumentError(
      `${owner}: the weight is a tensor ${formatShape(weight.shape)}, expected one element`,
    );
  }
  if (typeof weight === 'number' && weight >= 0 && Number.isFinite(weight)) return;
  throw new ArgumentError(
    `${owner}: the weight is ${inWords(weight)}, expected a finite number ≥ 0, a tensor of one element, or 'sum'`,
  );
}

/**
 * The contribution of a batch: what was told, else what the function that made the value knows, else its samples.
 * @throws ArgumentError for a weight that is none
 */
export function contributionOf(
  owner: string,
  value: Tensor,
  told: Weight | undefined,
  samples: number,
): Contribution {
  const weight = told === undefined ? (value.batchWeight ?? samples) : told;
  if (weight === 'sum') return { ...weighing(1), isSum: true };
  if (typeof weight === 'object' && weight !== null && 'divisor' in weight) {
    const { divisor, about, canVanish } = weight;
    return { isSum: false, weight: divisor, about, isTold: false, canVanish };
  }
  if (told !== undefined) checkWeight(owner, weight);
  if (typeof weight === 'number') return weighing(weight);
  return { isSum: false, weight, about: samples, isTold: true, canVanish: false };
}

/**
 * The same with a weight that is known where a user's function gave it, for training: of a batch that weighs nothing,
 * such a loss may have gradients that are NaN, so that its backward pass has to be left out. Those of this library are
 * 0 then, and are not waited for.
 */
export function knownContribution(given: Contribution): Contribution | Promise<Contribution> {
  const { isTold, weight } = given;
  if (!isTold || typeof weight === 'number') return given;
  return weight.item().then((value) => {
    checkWeight('fit: the loss', value);
    return weighing(value);
  });
}

/** What a mean of a known weight contributes. */
export function weighing(weight: number): Contribution {
  return { isSum: false, weight, about: weight, isTold: false, canVanish: false };
}

/** The same with a weight in a handle that outlives the batch. */
export function ownContribution(given: Contribution): Contribution {
  const { weight } = given;
  return typeof weight === 'number' ? given : { ...given, weight: weight.detach().keep() };
}

/**
 * The samples of a batch: the size along an axis, 0 by default, of the first tensor in it; 1 where there is none. Of a
 * tensor with fewer axes it is the first.
 */
export function samplesOf(batch: unknown, axis = 0): number {
  if (batch instanceof Tensor) return batch.shape[axis] ?? batch.shape[0] ?? 1;
  if (typeof batch !== 'object' || batch === null) return 1;
  for (const item of Object.values(batch)) if (item instanceof Tensor) return samplesOf(item, axis);
  return 1;
}

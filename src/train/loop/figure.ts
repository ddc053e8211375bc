/** A value of several batches, as it would be of all of them in one: a mean, or a sum. */
export class Figure {
  total: number;
  /** Of values that add up it is 1. */
  weight: number;

  constructor(total = 0, weight = 0) {
    this.total = total;
    this.weight = weight;
  }

  /** Adds the value of a batch. What weighs nothing may be NaN, as a mean of nothing is. */
  add(value: number, weight: number, isSum: boolean): void {
    if (weight !== 0) this.total += value * weight;
    this.weight = isSum ? 1 : this.weight + weight;
  }

  /** NaN of nothing. */
  get value(): number {
    return this.total / this.weight;
  }
}

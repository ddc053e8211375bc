/** Visits one row: where it starts in each of up to three operands (0 for operands that there are not). */
export type RowVisitor = (first: number, second: number, third: number) => void;

/**
 * The rows (innermost dims) of strided operands over common dims. Neighbouring dims that lie evenly in all
 * operands are merged, and dims of one element dropped, so that rows are as long as they can be.
 */
export class StridedRows {
  /** Elements of a row. */
  readonly length: number;
  /** Distance between the elements of a row, one for each operand. */
  readonly steps: readonly number[];
  readonly #dims: number[] = [];
  readonly #strides: number[][];

  /** @param strides for each operand, the stride of each dim */
  constructor(dims: readonly number[], strides: readonly (readonly number[])[]) {
    this.#strides = strides.map(() => []);
    for (const [k, dim] of dims.entries()) {
      if (dim !== 1) this.#append(dim, strides, k);
    }
    this.length = this.#dims.pop() ?? 1;
    this.steps = this.#strides.map((ofOperand) => ofOperand.pop() ?? 0);
  }

  #append(dim: number, strides: readonly (readonly number[])[], k: number): void {
    const last = this.#dims.length - 1;
    const merges =
      last >= 0 &&
      strides.every((s, x) => this.#strides[x]?.[last] === dim * (s[k] as number));
    if (merges) this.#dims[last] = (this.#dims[last] as number) * dim;
    else this.#dims.push(dim);
    for (const [x, ofOperand] of this.#strides.entries()) {
      ofOperand[this.#dims.length - 1] = strides[x]?.[k] as number;
    }
  }

  /** Visits all rows in row-major order; the operands' elements begin at the given offsets. */
  forEach(visit: RowVisitor, firstStart = 0, secondStart = 0, thirdStart = 0): void {
    if (this.length === 0 || this.#dims.includes(0)) return;
    this.#descend(0, visit, firstStart, secondStart, thirdStart);
  }

  #descend(level: number, visit: RowVisitor, first: number, second: number, third: number): void {
    if (level === this.#dims.length) {
      visit(first, second, third);
      return;
    }
    const [strides1, strides2, strides3] = this.#strides;
    const step1 = strides1?.[level] ?? 0;
    const step2 = strides2?.[level] ?? 0;
    const step3 = strides3?.[level] ?? 0;
    const dim = this.#dims[level] as number;
    for (let i = 0; i < dim; i++) {
      this.#descend(level + 1, visit, first + i * step1, second + i * step2, third + i * step3);
    }
  }
}

/** Row-major strides of contiguous dims. */
export function contiguousStrides(dims: readonly number[]): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (const dim of dims.toReversed()) {
    strides.unshift(stride);
    stride *= dim;
  }
  return strides;
}

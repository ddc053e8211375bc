import type { IndexArray } from '../../kernels/index.js';

/** Visits one row: where it starts in each of up to three operands (0 for operands that there are not). */
type RowVisitor = (first: number, second: number, third: number) => void;

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
      last >= 0 && strides.every((s, x) => this.#strides[x]?.[last] === dim * (s[k] as number));
    if (merges) this.#dims[last] = (this.#dims[last] as number) * dim;
    else this.#dims.push(dim);
    for (const [x, ofOperand] of this.#strides.entries()) {
      ofOperand[this.#dims.length - 1] = strides[x]?.[k] as number;
    }
  }

  /** Visits all rows in row-major order; the first two operands begin at the given offsets. */
  walk(visit: RowVisitor, firstStart = 0, secondStart = 0): void {
    if (this.length === 0 || this.#dims.includes(0)) return;
    this.#descend(0, visit, firstStart, secondStart, 0);
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

/** Reads `[rank, ...dims, ...aStrides, ...bStrides]`; the operands are a contiguous out, a and b. */
export function broadcastRows(plan: IndexArray): StridedRows {
  const [rank = 0, ...rest] = plan;
  const dims = rest.slice(0, rank);
  const aStrides = rest.slice(rank, 2 * rank);
  const bStrides = rest.slice(2 * rank, 3 * rank);
  return new StridedRows(dims, [contiguousStrides(dims), aStrides, bStrides]);
}

/** Row-major strides of contiguous dims. */
function contiguousStrides(dims: readonly number[]): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (const dim of dims.toReversed()) {
    strides.unshift(stride);
    stride *= dim;
  }
  return strides;
}

import type { IndexArray, Kernels, NumericArray } from '../../kernels/index.js';
import { StridedRows } from '../kit/strided.js';

/** Rows from this length on are worth the two objects that a block copy costs. */
const BLOCK_COPY_LENGTH = 64;
/** A tile of a transposition has its source and destination lines in the first-level cache. */
const TRANSPOSE_TILE = 16;

export const fill: Kernels['fill'] = (out, n, value) => {
  out.fill(value, 0, n);
};

export const cast: Kernels['cast'] = (out, x, n) => {
  out.set(x.subarray(0, n));
};

/** Nothing is queued here, so no fault can wait. */
export const assign: Kernels['assign'] = cast;

export const copyStrided: Kernels['copyStrided'] = (out, x, plan) => {
  const { rows, outStart, xStart } = readPlan(plan);
  const [outStep = 0, xStep = 0] = rows.steps;
  const n = rows.length;
  const visit =
    outStep === 1 && xStep === 1 && n >= BLOCK_COPY_LENGTH
      ? (o: number, i: number) => out.set(x.subarray(i, i + n), o)
      : (o: number, i: number) => copyRow(out, o, outStep, x, i, xStep, n);
  rows.walk(visit, outStart, xStart);
};

/** Reads `[rank, outStart, xStart, ...dims, ...outStrides, ...xStrides]`. */
function readPlan(plan: IndexArray): { rows: StridedRows; outStart: number; xStart: number } {
  const [rank = 0, outStart = 0, xStart = 0, ...rest] = plan;
  const dims = rest.slice(0, rank);
  const outStrides = rest.slice(rank, 2 * rank);
  const xStrides = rest.slice(2 * rank, 3 * rank);
  return { rows: new StridedRows(dims, [outStrides, xStrides]), outStart, xStart };
}

function copyRow(
  out: NumericArray,
  o: number,
  outStep: number,
  x: NumericArray,
  i: number,
  xStep: number,
  n: number,
): void {
  for (let k = 0; k < n; k++, o += outStep, i += xStep) out[o] = x[i] as number;
}

export const transpose: Kernels['transpose'] = (out, x, batch, rows, cols) => {
  for (let b = 0; b < batch; b++) {
    const start = b * rows * cols;
    for (let r = 0; r < rows; r += TRANSPOSE_TILE) {
      const rowEnd = Math.min(rows, r + TRANSPOSE_TILE);
      for (let c = 0; c < cols; c += TRANSPOSE_TILE) {
        const columnEnd = Math.min(cols, c + TRANSPOSE_TILE);
        transposeTile(out, x, start, rows, cols, r, rowEnd, c, columnEnd);
      }
    }
  }
};

function transposeTile(
  out: NumericArray,
  x: NumericArray,
  start: number,
  rows: number,
  columns: number,
  row: number,
  rowEnd: number,
  column: number,
  columnEnd: number,
): void {
  for (let c = column; c < columnEnd; c++) {
    const o = start + c * rows;
    const i = start + c;
    for (let r = row; r < rowEnd; r++) out[o + r] = x[i + r * columns] as number;
  }
}

export const addScaled: Kernels['addScaled'] = (y, x, n, alpha) => {
  for (let i = 0; i < n; i++) y[i] = (y[i] as number) + alpha * (x[i] as number);
};

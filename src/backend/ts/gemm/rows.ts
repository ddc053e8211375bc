import { Scratch } from '../kit/scratch.js';
import type { Matrix } from './matrix.js';

const rowSums = new Scratch();

/** One row of c += a·b, without packing: for so few rows that packing b would cost more than it saves. */
export function multiplyAddRow(
  c: Matrix,
  a: Matrix,
  b: Matrix,
  row: number,
  n: number,
  k: number,
): void {
  const { data, columnStride } = c;
  const start = c.offset + row * c.rowStride;
  const sums = rowSums.float64(n);
  if (b.rowStride === 1) dotColumns(sums, a, b, row, n, k);
  else addScaledRows(sums, a, b, row, n, k);
  for (let j = 0; j < n; j++) {
    const o = start + j * columnStride;
    data[o] = (data[o] as number) + (sums[j] as number);
  }
}

function dotColumns(
  sums: Float64Array,
  a: Matrix,
  b: Matrix,
  row: number,
  n: number,
  k: number,
): void {
  const x = a.data;
  const y = b.data;
  const step = a.columnStride;
  const start = a.offset + row * a.rowStride;
  for (let j = 0; j < n; j++) {
    let ix = start;
    let iy = b.offset + j * b.columnStride;
    let even = 0;
    let odd = 0;
    let p = 0;
    for (; p + 1 < k; p += 2) {
      even += (x[ix] as number) * (y[iy] as number);
      odd += (x[ix + step] as number) * (y[iy + 1] as number);
      ix += 2 * step;
      iy += 2;
    }
    if (p < k) even += (x[ix] as number) * (y[iy] as number);
    sums[j] = even + odd;
  }
}

function addScaledRows(
  sums: Float64Array,
  a: Matrix,
  b: Matrix,
  row: number,
  n: number,
  k: number,
): void {
  const x = a.data;
  const y = b.data;
  const step = b.columnStride;
  sums.fill(0, 0, n);
  for (let p = 0; p < k; p++) {
    const factor = x[a.offset + row * a.rowStride + p * a.columnStride] as number;
    const from = b.offset + p * b.rowStride;
    for (let j = 0; j < n; j++)
      sums[j] = (sums[j] as number) + factor * (y[from + j * step] as number);
  }
}

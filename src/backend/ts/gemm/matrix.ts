import type { FloatArray } from '../../kernels/index.js';

/** A matrix within a flat array: element (i, j) lies at offset + i·rowStride + j·columnStride. */
export interface Matrix {
  readonly data: FloatArray;
  readonly offset: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** The matrix op(data) of [rows, columns], stored row-major, or column-major when transposed = 1. */
export function rowMajor(
  data: FloatArray,
  offset: number,
  rows: number,
  columns: number,
  isTransposed: number,
): Matrix {
  return isTransposed === 1
    ? { data, offset, rowStride: 1, columnStride: rows }
    : { data, offset, rowStride: columns, columnStride: 1 };
}

/** The same elements, rows and columns exchanged. */
export function transposed(x: Matrix): Matrix {
  const { data, offset, rowStride, columnStride } = x;
  return { data, offset, rowStride: columnStride, columnStride: rowStride };
}

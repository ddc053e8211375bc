import { multiplyAddBlocked, TILE_ROWS } from './blocked.js';
import { type Matrix, transposed } from './matrix.js';
import { multiplyAddRow } from './rows.js';

/** c += a·b; a: [m, k], b: [k, n], c: [m, n]. */
export function multiplyAdd(
  c: Matrix,
  a: Matrix,
  b: Matrix,
  m: number,
  n: number,
  k: number,
): void {
  if (m === 0 || n === 0 || k === 0) return;
  if (n < TILE_ROWS && m > n) {
    multiplyAdd(transposed(c), transposed(b), transposed(a), n, m, k);
  } else if (m < TILE_ROWS) {
    for (let i = 0; i < m; i++) multiplyAddRow(c, a, b, i, n, k);
  } else {
    multiplyAddBlocked(c, a, b, m, n, k);
  }
}

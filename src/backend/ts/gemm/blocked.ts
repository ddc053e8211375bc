import type { FloatArray } from '../../kernels/index.js';
import { Scratch } from '../kit/scratch.js';
import type { Matrix } from './matrix.js';

// The blocked product of Goto and van de Geijn (2008), "Anatomy of high-performance matrix multiplication".
// Panels are float64 whatever the matrices are: V8 computes in float64 anyway, so this saves a conversion
// at each load, keeps the micro-kernel monomorphic, and adds up exactly enough. 4 x 2 accumulators, unrolled
// twice, were the fastest of the tile shapes that were measured: 16 registers leave no room for more.
export const TILE_ROWS = 4;
const TILE_COLUMNS = 2;
const BLOCK_ROWS = 64;
const BLOCK_COLUMNS = 256;
const BLOCK_DEPTH = 256;

const packedA = new Scratch();
const packedB = new Scratch();
const tile = new Float64Array(TILE_ROWS * TILE_COLUMNS);

/** c += a·b, through packed panels. */
export function multiplyAddBlocked(
  c: Matrix,
  a: Matrix,
  b: Matrix,
  m: number,
  n: number,
  k: number,
): void {
  const depthLimit = Math.min(BLOCK_DEPTH, k + (k % 2));
  const panelsA = packedA.float64(roundUp(Math.min(m, BLOCK_ROWS), TILE_ROWS) * depthLimit);
  const panelsB = packedB.float64(roundUp(Math.min(n, BLOCK_COLUMNS), TILE_COLUMNS) * depthLimit);
  for (let j = 0; j < n; j += BLOCK_COLUMNS) {
    const columns = Math.min(BLOCK_COLUMNS, n - j);
    for (let p = 0; p < k; p += BLOCK_DEPTH) {
      const depth = Math.min(BLOCK_DEPTH, k - p);
      const startB = b.offset + p * b.rowStride + j * b.columnStride;
      pack(panelsB, b.data, startB, b.columnStride, b.rowStride, columns, depth, TILE_COLUMNS);
      for (let i = 0; i < m; i += BLOCK_ROWS) {
        const rows = Math.min(BLOCK_ROWS, m - i);
        const startA = a.offset + i * a.rowStride + p * a.columnStride;
        pack(panelsA, a.data, startA, a.rowStride, a.columnStride, rows, depth, TILE_ROWS);
        multiplyPanels(c, i, j, panelsA, panelsB, rows, columns, depth + (depth % 2));
      }
    }
  }
}

function roundUp(n: number, multiple: number): number {
  return Math.ceil(n / multiple) * multiple;
}

/**
 * Packs lines (rows of A, columns of B) into panels of `width` lines, [lines / width, depth, width]. The
 * last panel is filled up with zero lines, an odd depth with a zero.
 */
function pack(
  out: Float64Array,
  x: FloatArray,
  start: number,
  lineStride: number,
  depthStride: number,
  lines: number,
  depth: number,
  width: number,
): void {
  const panel = (depth + (depth % 2)) * width;
  if (depth % 2 === 1 || lines % width > 0) out.fill(0, 0, Math.ceil(lines / width) * panel);
  let o = 0;
  for (let line = 0; line < lines; line += width, o += panel) {
    const count = Math.min(width, lines - line);
    const from = start + line * lineStride;
    if (depthStride === 1) {
      for (let w = 0; w < count; w++) {
        const row = from + w * lineStride;
        for (let p = 0; p < depth; p++) out[o + p * width + w] = x[row + p] as number;
      }
    } else {
      for (let p = 0; p < depth; p++) {
        const row = from + p * depthStride;
        for (let w = 0; w < count; w++) out[o + p * width + w] = x[row + w * lineStride] as number;
      }
    }
  }
}

/** Multiplies packed blocks and adds the product to c from (row, column) on. */
function multiplyPanels(
  c: Matrix,
  row: number,
  column: number,
  panelsA: Float64Array,
  panelsB: Float64Array,
  rows: number,
  columns: number,
  depth: number,
): void {
  const { data, rowStride, columnStride } = c;
  for (let i = 0; i < rows; i += TILE_ROWS) {
    const tileRows = Math.min(TILE_ROWS, rows - i);
    const start = c.offset + (row + i) * rowStride + column * columnStride;
    for (let j = 0; j < columns; j += TILE_COLUMNS) {
      multiplyTile(panelsA, i * depth, panelsB, j * depth, depth);
      const tileColumns = Math.min(TILE_COLUMNS, columns - j);
      addTile(data, start + j * columnStride, rowStride, columnStride, tileRows, tileColumns);
    }
  }
}

/** tile = one panel of A times one panel of B; depth is even. */
function multiplyTile(
  a: Float64Array,
  ia: number,
  b: Float64Array,
  ib: number,
  depth: number,
): void {
  let c00 = 0;
  let c01 = 0;
  let c10 = 0;
  let c11 = 0;
  let c20 = 0;
  let c21 = 0;
  let c30 = 0;
  let c31 = 0;
  const end = ia + TILE_ROWS * depth;
  while (ia < end) {
    const b00 = b[ib] as number;
    const b01 = b[ib + 1] as number;
    const a00 = a[ia] as number;
    c00 += a00 * b00;
    c01 += a00 * b01;
    const a10 = a[ia + 1] as number;
    c10 += a10 * b00;
    c11 += a10 * b01;
    const a20 = a[ia + 2] as number;
    c20 += a20 * b00;
    c21 += a20 * b01;
    const a30 = a[ia + 3] as number;
    c30 += a30 * b00;
    c31 += a30 * b01;
    const b10 = b[ib + 2] as number;
    const b11 = b[ib + 3] as number;
    const a01 = a[ia + 4] as number;
    c00 += a01 * b10;
    c01 += a01 * b11;
    const a11 = a[ia + 5] as number;
    c10 += a11 * b10;
    c11 += a11 * b11;
    const a21 = a[ia + 6] as number;
    c20 += a21 * b10;
    c21 += a21 * b11;
    const a31 = a[ia + 7] as number;
    c30 += a31 * b10;
    c31 += a31 * b11;
    ia += 2 * TILE_ROWS;
    ib += 2 * TILE_COLUMNS;
  }
  tile[0] = c00;
  tile[1] = c01;
  tile[2] = c10;
  tile[3] = c11;
  tile[4] = c20;
  tile[5] = c21;
  tile[6] = c30;
  tile[7] = c31;
}

function addTile(
  c: FloatArray,
  start: number,
  rowStride: number,
  columnStride: number,
  rows: number,
  columns: number,
): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const o = start + i * rowStride + j * columnStride;
      c[o] = (c[o] as number) + (tile[i * TILE_COLUMNS + j] as number);
    }
  }
}

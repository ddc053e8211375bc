import { isInt32Array } from 'node:util/types';
import { ArgOp, type FloatArray, type Kernels, ReduceOp } from '../../kernels/index.js';
import { Scratch } from '../kit/scratch.js';
import { reduceIntegers } from './reduceIntegers.js';

/** Elements added one after another before partial results are combined. */
const BLOCK = 256;

const totals = new Scratch();
const partials = new Scratch();

/** How one reduction runs over contiguous elements and over the columns of a matrix. */
interface Reducer {
  readonly neutral: number;
  readonly combine: (a: number, b: number) => number;
  /** The reduction of n contiguous elements. */
  readonly row: (x: FloatArray, start: number, n: number) => number;
  /** Combines `rows` rows of `inner` elements into the sums, elementwise. */
  readonly columns: (
    sums: Float64Array,
    x: FloatArray,
    start: number,
    rows: number,
    inner: number,
  ) => void;
}

export const reduce: Kernels['reduce'] = (out, x, outer, axis, inner, op) => {
  if (isInt32Array(x)) {
    reduceIntegers(out, x, outer, axis, inner, op);
    return;
  }
  const reducer = reducers[op];
  const scale = op === ReduceOp.mean ? 1 / axis : 1;
  for (let o = 0; o < outer; o++) {
    const start = o * axis * inner;
    if (inner === 1) {
      out[o] = reduceRow(reducer, x, start, axis) * scale;
    } else {
      const sums = reduceColumns(reducer, x, start, axis, inner);
      for (let i = 0; i < inner; i++) out[o * inner + i] = (sums[i] as number) * scale;
    }
  }
};

/** Pairwise: halves until a block is left. */
function reduceRow(reducer: Reducer, x: FloatArray, start: number, n: number): number {
  if (n <= BLOCK) return reducer.row(x, start, n);
  const half = Math.ceil(n / 2 / BLOCK) * BLOCK;
  return reducer.combine(
    reduceRow(reducer, x, start, half),
    reduceRow(reducer, x, start + half, n - half),
  );
}

/** Blocks of rows, then the sum of their results. */
function reduceColumns(
  reducer: Reducer,
  x: FloatArray,
  start: number,
  axis: number,
  inner: number,
): Float64Array {
  const total = totals.float64(inner).fill(reducer.neutral, 0, inner);
  const partial = partials.float64(inner);
  for (let r = 0; r < axis; r += BLOCK) {
    partial.fill(reducer.neutral, 0, inner);
    reducer.columns(partial, x, start + r * inner, Math.min(BLOCK, axis - r), inner);
    for (let i = 0; i < inner; i++) {
      total[i] = reducer.combine(total[i] as number, partial[i] as number);
    }
  }
  return total;
}

const sum: Reducer = {
  neutral: 0,
  combine: (a, b) => a + b,
  row: (x, start, n) => {
    let even = 0;
    let odd = 0;
    const end = start + n;
    let i = start;
    for (; i + 1 < end; i += 2) {
      even += x[i] as number;
      odd += x[i + 1] as number;
    }
    return i < end ? even + (x[i] as number) + odd : even + odd;
  },
  columns: (sums, x, start, rows, inner) => {
    for (let r = 0, k = start; r < rows; r++) {
      for (let i = 0; i < inner; i++, k++) sums[i] = (sums[i] as number) + (x[k] as number);
    }
  },
};

const sumSquares: Reducer = {
  neutral: 0,
  combine: (a, b) => a + b,
  row: (x, start, n) => {
    let total = 0;
    for (let i = start; i < start + n; i++) total += (x[i] as number) * (x[i] as number);
    return total;
  },
  columns: (sums, x, start, rows, inner) => {
    for (let r = 0, k = start; r < rows; r++) {
      for (let i = 0; i < inner; i++, k++) {
        sums[i] = (sums[i] as number) + (x[k] as number) * (x[k] as number);
      }
    }
  },
};

const sumAbs: Reducer = {
  neutral: 0,
  combine: (a, b) => a + b,
  row: (x, start, n) => {
    let total = 0;
    for (let i = start; i < start + n; i++) total += Math.abs(x[i] as number);
    return total;
  },
  columns: (sums, x, start, rows, inner) => {
    for (let r = 0, k = start; r < rows; r++) {
      for (let i = 0; i < inner; i++, k++) sums[i] = (sums[i] as number) + Math.abs(x[k] as number);
    }
  },
};

const max: Reducer = {
  neutral: -Infinity,
  combine: (a, b) => Math.max(a, b),
  row: (x, start, n) => {
    let largest = -Infinity;
    for (let i = start; i < start + n; i++) largest = Math.max(largest, x[i] as number);
    return largest;
  },
  columns: (sums, x, start, rows, inner) => {
    for (let r = 0, k = start; r < rows; r++) {
      for (let i = 0; i < inner; i++, k++) sums[i] = Math.max(sums[i] as number, x[k] as number);
    }
  },
};

const min: Reducer = {
  neutral: Infinity,
  combine: (a, b) => Math.min(a, b),
  row: (x, start, n) => {
    let smallest = Infinity;
    for (let i = start; i < start + n; i++) smallest = Math.min(smallest, x[i] as number);
    return smallest;
  },
  columns: (sums, x, start, rows, inner) => {
    for (let r = 0, k = start; r < rows; r++) {
      for (let i = 0; i < inner; i++, k++) sums[i] = Math.min(sums[i] as number, x[k] as number);
    }
  },
};

const prod: Reducer = {
  neutral: 1,
  combine: (a, b) => a * b,
  row: (x, start, n) => {
    let product = 1;
    for (let i = start; i < start + n; i++) product *= x[i] as number;
    return product;
  },
  columns: (sums, x, start, rows, inner) => {
    for (let r = 0, k = start; r < rows; r++) {
      for (let i = 0; i < inner; i++, k++) sums[i] = (sums[i] as number) * (x[k] as number);
    }
  },
};

const reducers: Record<ReduceOp, Reducer> = {
  [ReduceOp.sum]: sum,
  [ReduceOp.mean]: sum,
  [ReduceOp.max]: max,
  [ReduceOp.min]: min,
  [ReduceOp.prod]: prod,
  [ReduceOp.sumSquares]: sumSquares,
  [ReduceOp.sumAbs]: sumAbs,
};

export const argReduce: Kernels['argReduce'] = (out, x, outer, axis, inner, op) => {
  const find = op === ArgOp.max ? argmax : argmin;
  for (let o = 0; o < outer; o++) {
    const start = o * axis * inner;
    for (let i = 0; i < inner; i++) out[o * inner + i] = find(x, start + i, inner, axis);
  }
};

function argmax(x: FloatArray | Int32Array, start: number, step: number, n: number): number {
  let best = 0;
  let largest = x[start] as number;
  for (let i = 1; i < n && !Number.isNaN(largest); i++) {
    const v = x[start + i * step] as number;
    if (v > largest || Number.isNaN(v)) {
      largest = v;
      best = i;
    }
  }
  return best;
}

function argmin(x: FloatArray | Int32Array, start: number, step: number, n: number): number {
  let best = 0;
  let smallest = x[start] as number;
  for (let i = 1; i < n && !Number.isNaN(smallest); i++) {
    const v = x[start + i * step] as number;
    if (v < smallest || Number.isNaN(v)) {
      smallest = v;
      best = i;
    }
  }
  return best;
}

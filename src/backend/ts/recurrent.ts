import type { FloatArray, IndexArray, Kernels } from '../kernels/index.js';
import { type Matrix, multiplyAdd, transposed } from './gemm.js';
import { Scratch } from './kit/scratch.js';

const hiddenRows = new Scratch();

/** Rows of the packed arrays that belong to one time step. */
interface Step {
  readonly first: number;
  readonly rows: number;
}
const NO_STEP: Step = { first: 0, rows: 0 };

/** Visits the steps in time, or backwards, each with the one visited before and the one to be visited after. */
function walk(
  sizes: IndexArray,
  isBackwards: boolean,
  visit: (now: Step, before: Step, after: Step) => void,
): void {
  const steps: Step[] = [];
  let first = 0;
  for (const rows of sizes) {
    steps.push({ first, rows });
    first += rows;
  }
  if (isBackwards) steps.reverse();
  for (const [i, now] of steps.entries())
    visit(now, steps[i - 1] ?? NO_STEP, steps[i + 1] ?? NO_STEP);
}

function at(data: FloatArray, row: number, columns: number): Matrix {
  return { data, offset: row * columns, rowStride: columns, columnStride: 1 };
}

/** A stored state: row b of a step is the step before's row b, or, where a sequence begins, that of the start. */
interface State {
  readonly values: FloatArray;
  readonly start: FloatArray | null;
  readonly columns: number;
}

/** Element j of row b before a step. */
function previous({ values, start, columns }: State, before: Step, b: number, j: number): number {
  if (b < before.rows) return values[(before.first + b) * columns + j] as number;
  return start === null ? 0 : (start[b * columns + j] as number);
}

/** The rows of `target` for this step += state · weightᵀ + bias. weight: [units, columns of the state]. */
function addRecurrent(
  target: Matrix,
  state: State,
  weight: Matrix,
  bias: FloatArray | null,
  biasStart: number,
  units: number,
  now: Step,
  before: Step,
): void {
  const { values, start, columns } = state;
  const carried = Math.min(now.rows, before.rows);
  const turned = transposed(weight);
  multiplyAdd(target, at(values, before.first, columns), turned, carried, units, columns);
  if (start !== null && now.rows > carried) {
    const rest = { ...target, offset: target.offset + carried * target.rowStride };
    multiplyAdd(rest, at(start, carried, columns), turned, now.rows - carried, units, columns);
  }
  if (bias === null) return;
  const { data } = target;
  for (let b = 0; b < now.rows; b++) {
    const row = target.offset + b * target.rowStride;
    for (let j = 0; j < units; j++) {
      data[row + j] = (data[row + j] as number) + (bias[biasStart + j] as number);
    }
  }
}

/** Copies the states of the sequences that end with this step. */
function keepFinal(
  final: FloatArray,
  values: FloatArray,
  columns: number,
  now: Step,
  after: Step,
): void {
  for (let b = Math.min(after.rows, now.rows); b < now.rows; b++) {
    const from = (now.first + b) * columns;
    final.set(values.subarray(from, from + columns), b * columns);
  }
}

/** The start of a carried gradient: that of the final state, or zero. */
function startCarry(carry: FloatArray, final: FloatArray | null, n: number): void {
  if (final === null) carry.fill(0, 0, n);
  else carry.set(final.subarray(0, n));
}

/** carry: [batch, columns] += this step's gates · weight, which the step before receives. weight: [units, columns]. */
function sendBack(
  carry: FloatArray,
  gates: FloatArray,
  weight: FloatArray,
  now: Step,
  columns: number,
  units: number,
): void {
  const source = at(gates, now.first, units);
  multiplyAdd(at(carry, 0, columns), source, at(weight, 0, columns), now.rows, columns, units);
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

// --- plain ---------------------------------------------------------------------------------------------------

export const rnn: Kernels['rnn'] = (
  out,
  hn,
  h0,
  weight,
  bias,
  sizes,
  _batch,
  hidden,
  reverse,
  relu,
) => {
  const state: State = { values: out, start: h0, columns: hidden };
  const matrix = at(weight, 0, hidden);
  walk(sizes, reverse === 1, (now, before, after) => {
    addRecurrent(at(out, now.first, hidden), state, matrix, bias, 0, hidden, now, before);
    const end = (now.first + now.rows) * hidden;
    for (let i = now.first * hidden; i < end; i++) {
      const x = out[i] as number;
      out[i] = relu === 1 ? (x < 0 ? 0 : x) : Math.tanh(x);
    }
    keepFinal(hn, out, hidden, now, after);
  });
};

export const rnnGrad: Kernels['rnnGrad'] = (
  dgates,
  dh0,
  g,
  ghn,
  out,
  weight,
  sizes,
  batch,
  hidden,
  reverse,
  relu,
) => {
  startCarry(dh0, ghn, batch * hidden);
  walk(sizes, reverse === 0, (now) => {
    const start = now.first * hidden;
    for (let i = 0; i < now.rows * hidden; i++) {
      const y = out[start + i] as number;
      const dh = (dh0[i] as number) + (g === null ? 0 : (g[start + i] as number));
      dgates[start + i] = relu === 1 ? (y <= 0 ? 0 : dh) : dh * (1 - y * y);
    }
    dh0.fill(0, 0, now.rows * hidden);
    sendBack(dh0, dgates, weight, now, hidden, hidden);
  });
};

// --- LSTM ----------------------------------------------------------------------------------------------------

export const lstm: Kernels['lstm'] = (
  out,
  hn,
  cn,
  cells,
  gates,
  h0,
  c0,
  weight,
  bias,
  projection,
  sizes,
  batch,
  hidden,
  outputs,
  reverse,
) => {
  const state: State = { values: out, start: h0, columns: outputs };
  const cellState: State = { values: cells, start: c0, columns: hidden };
  const matrix = at(weight, 0, outputs);
  const units = 4 * hidden;
  // Of one step, before their projection.
  const inner = projection === null ? null : hiddenRows.like(out, batch * hidden);
  walk(sizes, reverse === 1, (now, before, after) => {
    addRecurrent(at(gates, now.first, units), state, matrix, bias, 0, units, now, before);
    for (let b = 0; b < now.rows; b++) {
      const row = now.first + b;
      for (let j = 0; j < hidden; j++) {
        const k = row * units + j;
        const i = sigmoid(gates[k] as number);
        const f = sigmoid(gates[k + hidden] as number);
        const c = Math.tanh(gates[k + 2 * hidden] as number);
        const o = sigmoid(gates[k + 3 * hidden] as number);
        gates[k] = i;
        gates[k + hidden] = f;
        gates[k + 2 * hidden] = c;
        gates[k + 3 * hidden] = o;
        const cell = f * previous(cellState, before, b, j) + i * c;
        cells[row * hidden + j] = cell;
        if (inner === null) out[row * hidden + j] = o * Math.tanh(cell);
        else inner[b * hidden + j] = o * Math.tanh(cell);
      }
    }
    if (inner !== null && projection !== null) {
      out.fill(0, now.first * outputs, (now.first + now.rows) * outputs);
      const turned = transposed(at(projection, 0, hidden));
      const target = at(out, now.first, outputs);
      multiplyAdd(target, at(inner, 0, hidden), turned, now.rows, outputs, hidden);
    }
    keepFinal(hn, out, outputs, now, after);
    keepFinal(cn, cells, hidden, now, after);
  });
};

export const lstmGrad: Kernels['lstmGrad'] = (
  dgates,
  dh0,
  dc0,
  dh,
  inner,
  g,
  ghn,
  gcn,
  gates,
  cells,
  c0,
  weight,
  projection,
  sizes,
  batch,
  hidden,
  outputs,
  reverse,
) => {
  const cellState: State = { values: cells, start: c0, columns: hidden };
  const units = 4 * hidden;
  const rowsOf = hiddenRows.like(dgates, batch * Math.max(hidden, outputs));
  startCarry(dh0, ghn, batch * outputs);
  startCarry(dc0, gcn, batch * hidden);
  walk(sizes, reverse === 0, (now, _, after) => {
    const start = now.first * outputs;
    const total = projection === null ? rowsOf : dh.subarray(start, start + now.rows * outputs);
    for (let i = 0; i < now.rows * outputs; i++) {
      total[i] = (dh0[i] as number) + (g === null ? 0 : (g[start + i] as number));
    }
    if (projection !== null) {
      rowsOf.fill(0, 0, now.rows * hidden);
      const matrix = at(projection, 0, hidden);
      const source = at(dh, now.first, outputs);
      multiplyAdd(at(rowsOf, 0, hidden), source, matrix, now.rows, hidden, outputs);
    }
    for (let b = 0; b < now.rows; b++) {
      const row = now.first + b;
      for (let j = 0; j < hidden; j++) {
        const k = row * units + j;
        const [i, f] = [gates[k] as number, gates[k + hidden] as number];
        const [c, o] = [gates[k + 2 * hidden] as number, gates[k + 3 * hidden] as number];
        const e = rowsOf[b * hidden + j] as number;
        const bent = Math.tanh(cells[row * hidden + j] as number);
        const dcell = (dc0[b * hidden + j] as number) + e * o * (1 - bent * bent);
        if (projection !== null) inner[row * hidden + j] = o * bent;
        dgates[k] = dcell * c * i * (1 - i);
        dgates[k + hidden] = dcell * previous(cellState, after, b, j) * f * (1 - f);
        dgates[k + 2 * hidden] = dcell * i * (1 - c * c);
        dgates[k + 3 * hidden] = e * bent * o * (1 - o);
        dc0[b * hidden + j] = dcell * f;
      }
    }
    dh0.fill(0, 0, now.rows * outputs);
    sendBack(dh0, dgates, weight, now, outputs, units);
  });
};

// --- GRU -----------------------------------------------------------------------------------------------------

export const gru: Kernels['gru'] = (
  out,
  hn,
  candidate,
  gates,
  h0,
  weight,
  bias,
  sizes,
  _batch,
  hidden,
  reverse,
) => {
  const state: State = { values: out, start: h0, columns: hidden };
  const units = 3 * hidden;
  walk(sizes, reverse === 1, (now, before, after) => {
    const target = at(gates, now.first, units);
    addRecurrent(target, state, at(weight, 0, hidden), bias, 0, 2 * hidden, now, before);
    candidate.fill(0, now.first * hidden, (now.first + now.rows) * hidden);
    const last = at(weight, 2 * hidden, hidden);
    const own = at(candidate, now.first, hidden);
    addRecurrent(own, state, last, bias, 2 * hidden, hidden, now, before);
    for (let b = 0; b < now.rows; b++) {
      const row = now.first + b;
      for (let j = 0; j < hidden; j++) {
        const k = row * units + j;
        const r = sigmoid(gates[k] as number);
        const z = sigmoid(gates[k + hidden] as number);
        const inside = r * (candidate[row * hidden + j] as number);
        const n = Math.tanh((gates[k + 2 * hidden] as number) + inside);
        gates[k] = r;
        gates[k + hidden] = z;
        gates[k + 2 * hidden] = n;
        out[row * hidden + j] = n + z * (previous(state, before, b, j) - n);
      }
    }
    keepFinal(hn, out, hidden, now, after);
  });
};

export const gruGrad: Kernels['gruGrad'] = (
  dgates,
  dinner,
  dh0,
  g,
  ghn,
  out,
  gates,
  candidate,
  h0,
  weight,
  sizes,
  batch,
  hidden,
  reverse,
) => {
  const state: State = { values: out, start: h0, columns: hidden };
  const units = 3 * hidden;
  startCarry(dh0, ghn, batch * hidden);
  walk(sizes, reverse === 0, (now, _, after) => {
    for (let b = 0; b < now.rows; b++) {
      const row = now.first + b;
      for (let j = 0; j < hidden; j++) {
        const [k, at] = [row * units + j, row * hidden + j];
        const [r, z] = [gates[k] as number, gates[k + hidden] as number];
        const n = gates[k + 2 * hidden] as number;
        const e = (dh0[b * hidden + j] as number) + (g === null ? 0 : (g[at] as number));
        const dn = e * (1 - z) * (1 - n * n);
        const dr = dn * (candidate[at] as number) * r * (1 - r);
        const dz = e * (previous(state, after, b, j) - n) * z * (1 - z);
        dgates[k] = dr;
        dgates[k + hidden] = dz;
        dgates[k + 2 * hidden] = dn;
        dinner[k] = dr;
        dinner[k + hidden] = dz;
        dinner[k + 2 * hidden] = dn * r;
        dh0[b * hidden + j] = e * z;
      }
    }
    sendBack(dh0, dinner, weight, now, hidden, units);
  });
};

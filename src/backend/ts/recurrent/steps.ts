import type { FloatArray, IndexArray } from '../../kernels/index.js';
import { type Matrix, transposed } from '../gemm/matrix.js';
import { multiplyAdd } from '../gemm/multiply.js';

// What the recurrent kernels share: the steps of packed sequences, and products with the states between them.

/** Rows of the packed arrays that belong to one time step. */
export interface Step {
  readonly first: number;
  readonly rows: number;
}
const NO_STEP: Step = { first: 0, rows: 0 };

/** Visits the steps in time, or backwards, each with the one visited before and the one to be visited after. */
export function walk(
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

export function at(data: FloatArray, row: number, columns: number): Matrix {
  return { data, offset: row * columns, rowStride: columns, columnStride: 1 };
}

/** A stored state: row b of a step is the step before's row b, or, where a sequence begins, that of the start. */
export interface State {
  readonly values: FloatArray;
  readonly start: FloatArray | null;
  readonly columns: number;
}

/** Element j of row b before a step. */
export function previous(
  { values, start, columns }: State,
  before: Step,
  b: number,
  j: number,
): number {
  if (b < before.rows) return values[(before.first + b) * columns + j] as number;
  return start === null ? 0 : (start[b * columns + j] as number);
}

/** The rows of `target` for this step += state · weightᵀ + bias. weight: [units, columns of the state]. */
export function addRecurrent(
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
export function keepFinal(
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
export function startCarry(carry: FloatArray, final: FloatArray | null, n: number): void {
  if (final === null) carry.fill(0, 0, n);
  else carry.set(final.subarray(0, n));
}

/** carry: [batch, columns] += this step's gates · weight, which the step before receives. weight: [units, columns]. */
export function sendBack(
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

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

import { type PackedSequences, packSequences } from '../../backend/kernels/index.js';
import { kernels } from '../../backend/select.js';
import { ArgumentError, AutogradError, ShapeError } from '../../errors.js';
import type { Node, Saves } from '../../tape/node.js';
import { isRecording } from '../../tensor/scope.js';
import { dim, formatShape, type Shape, sameShape } from '../../tensor/shape.js';
import { empty, type Tensor } from '../../tensor/tensor.js';
import { tensor, zeros } from '../creation.js';
import { concat } from '../join.js';
import { unrecorded } from '../kit/composite.js';
import { checkFloat, checkOneDType, floats, ints } from '../kit/define.js';
import { linear } from '../linear.js';
import { multiply } from '../matmul.js';
import { sum } from '../reduce.js';

// What the recurrent ops share: their arguments, and the gradients that follow from those of the gates.

/** Weights of one layer and direction, in PyTorch's layout; gates are stacked along the first axis. */
export interface RecurrentWeights {
  /** [gates·hidden, inputs] */
  readonly weightIh: Tensor;
  /** [gates·hidden, outputs] */
  readonly weightHh: Tensor;
  /** [gates·hidden] each; both or none. */
  readonly biases?: readonly [ih: Tensor, hh: Tensor] | null;
}

export interface LstmWeights extends RecurrentWeights {
  /** Projection of the hidden state, [outputs, hidden]. Default: none. */
  readonly weightHr?: Tensor | null;
}

export interface SequenceOptions {
  /**
   * How many sequences each time step has: packed by time, the rows of x are those of step 0, then those of
   * step 1, and so on. Sequences are sorted by length, longest first, so the numbers never rise.
   */
  batchSizes: ArrayLike<number>;
  /** Goes through each sequence from its end. Default: false. */
  reverse?: boolean;
}

/** What the rows of packed sequences are. */
export interface Packing {
  readonly sizes: Int32Array;
  readonly batch: number;
  readonly reverse: 0 | 1;
}

// --- checks ----------------------------------------------------------------------------------------------------

function checkShape(op: string, name: string, x: Tensor, expected: Shape): void {
  if (!sameShape(x.shape, expected)) {
    throw new ShapeError(
      `${op}: ${name} ${formatShape(x.shape)}, expected ${formatShape(expected)}`,
    );
  }
}

function checkPacking(op: string, x: Tensor, { batchSizes, reverse }: SequenceOptions): Packing {
  const sizes = Int32Array.from(batchSizes);
  let rows = 0;
  for (const [t, size] of sizes.entries()) {
    if (size !== batchSizes[t] || size < 1 || size > (sizes[Math.max(0, t - 1)] ?? 0)) {
      throw new ArgumentError(
        `${op}: batchSizes has ${batchSizes[t]} at step ${t}, expected integers ≥ 1 that never rise`,
      );
    }
    rows += size;
  }
  if (rows === 0) throw new ArgumentError(`${op}: batchSizes is empty, expected a step at least`);
  if (rows !== dim(x.shape, 0)) {
    throw new ShapeError(
      `${op}: input ${formatShape(x.shape)}, expected ${rows} rows, the sum of batchSizes`,
    );
  }
  return { sizes, batch: sizes[0] ?? 0, reverse: reverse === true ? 1 : 0 };
}

/** What an op was called with, checked. */
export interface Call {
  readonly x: Tensor;
  readonly packing: Packing;
  readonly hidden: number;
  readonly outputs: number;
  readonly weights: LstmWeights;
  readonly states: readonly Tensor[];
}

export function checkCall(
  op: string,
  gates: number,
  x: Tensor,
  states: readonly Tensor[],
  weights: LstmWeights,
  options: SequenceOptions,
): Call {
  const { weightIh, weightHh, biases, weightHr } = weights;
  const all = [
    x,
    weightIh,
    weightHh,
    ...(biases ?? []),
    ...(weightHr ? [weightHr] : []),
    ...states,
  ];
  for (const each of all) checkFloat(each, op);
  checkOneDType(op, all);
  for (const each of [x, weightIh, weightHh]) {
    if (each.rank !== 2) {
      throw new ShapeError(`${op}: ${formatShape(each.shape)}, expected two axes`);
    }
  }
  const packing = checkPacking(op, x, options);
  const hidden = Math.floor(dim(weightHh.shape, 0) / gates);
  const outputs = dim(weightHh.shape, 1);
  if (hidden === 0 || outputs === 0) {
    throw new ShapeError(`${op}: weightHh ${formatShape(weightHh.shape)} has no units`);
  }
  checkShape(op, 'weightHh', weightHh, [gates * hidden, weightHr ? outputs : hidden]);
  checkShape(op, 'weightIh', weightIh, [gates * hidden, dim(x.shape, 1)]);
  for (const bias of biases ?? []) checkShape(op, 'bias', bias, [gates * hidden]);
  if (weightHr) checkShape(op, 'weightHr', weightHr, [outputs, hidden]);
  const [h0, c0] = states;
  if (h0) checkShape(op, 'state h', h0, [packing.batch, outputs]);
  if (c0) checkShape(op, 'state c', c0, [packing.batch, hidden]);
  return { x, packing, hidden, outputs, weights, states };
}

// --- what the gradients share ----------------------------------------------------------------------------------

/** The attributes of a recurrent op, and behind them what the kernels take. */
export class RecurrentAttrs {
  readonly hiddenSize: number;
  /** How many sequences each time step has. */
  readonly batchSizes: readonly number[];
  readonly reverse: boolean;
  readonly #call: Pick<Call, 'packing' | 'hidden' | 'outputs'>;

  constructor({ packing, hidden, outputs }: Call) {
    this.hiddenSize = hidden;
    this.batchSizes = Array.from(packing.sizes);
    this.reverse = packing.reverse === 1;
    this.#call = { packing, hidden, outputs };
  }

  get packing(): Packing {
    return this.#call.packing;
  }

  get hidden(): number {
    return this.#call.hidden;
  }

  get outputs(): number {
    return this.#call.outputs;
  }
}

/** What all recurrent ops save. */
export interface RecurrentSaves extends Saves {
  readonly x: Tensor;
  readonly weightIh: Tensor;
  readonly weightHh: Tensor;
  /** The states of all steps. */
  readonly out: Tensor;
  readonly h0: Tensor | null;
}

/** The operands that all have, in the order of {@link gradients}; others and the states follow. */
export function inputsOf({ x, weights }: Call): (Tensor | null)[] {
  const { weightIh, weightHh, biases } = weights;
  return [x, weightIh, weightHh, biases?.[0] ?? null, biases?.[1] ?? null];
}

export function refuseSecondDerivative(op: string, cell: string): void {
  if (isRecording()) {
    throw new AutogradError(
      `${op}: this fused op has no second derivative; for gradients of gradients write the loop over time ` +
        `with nn.${cell}`,
    );
  }
}

/** dw += dyᵀ·x, or dw = dyᵀ·x. */
export function addOuter(dw: Tensor, dy: Tensor, x: Tensor, accumulate: boolean): void {
  const [rows, m, n] = [dim(x.shape, 0), dim(dw.shape, 0), dim(dw.shape, 1)];
  const [a, b] = [floats(dy), floats(x)];
  kernels().gemm(floats(dw), a, b, null, m, n, rows, 1, 0, accumulate ? 1 : 0, 1, 0, 0, 0);
}

/** Rows [start, start + count) of a matrix, as a view. */
function rowsAt(x: Tensor, start: number, count: number): Tensor {
  const columns = dim(x.shape, 1);
  return x.share([count, columns], x.offset + start * columns);
}

/** For each packed row, where the state before it is in [start; out]. */
function previousRows({ sizes, batch, reverse }: Packing, rows: number): Int32Array {
  const index = new Int32Array(rows);
  const first = new Int32Array(sizes.length + 1);
  for (const [t, size] of sizes.entries()) first[t + 1] = (first[t] ?? 0) + size;
  for (const [t, size] of sizes.entries()) {
    const before = reverse === 1 ? t + 1 : t - 1;
    const carried = sizes[before] ?? 0;
    for (let b = 0; b < size; b++) {
      index[(first[t] ?? 0) + b] = b < carried ? batch + (first[before] ?? 0) + b : b;
    }
  }
  return index;
}

/** Σ dyᵀ·(the state before each row): the gradient of weightHh. */
function stateWeightGradient(dy: Tensor, out: Tensor, h0: Tensor | null, packing: Packing): Tensor {
  const { batch, sizes, reverse } = packing;
  const [rows, outputs] = [dim(out.shape, 0), dim(out.shape, 1)];
  const dw = empty([dim(dy.shape, 1), outputs], out.dtype);
  if (sizes.at(-1) !== batch) {
    const start = h0 ?? zeros([batch, outputs], { dtype: out.dtype });
    const states = concat([start, out]);
    const before = empty(out.shape, out.dtype);
    const index = tensor(previousRows(packing, rows));
    const all = batch + rows;
    kernels().indexSelect(before.raw, states.raw, ints(index), 1, all, outputs, rows);
    addOuter(dw, dy, before, false);
    return dw;
  }
  // All of one length: the state before a row is `batch` rows away.
  const rest = rows - batch;
  const [from, to, ends] = reverse === 1 ? [batch, 0, rest] : [0, batch, 0];
  addOuter(dw, rowsAt(dy, to, rest), rowsAt(out, from, rest), false);
  if (h0 !== null) addOuter(dw, rowsAt(dy, ends, batch), h0, true);
  return dw;
}

/**
 * Gradients of the operands of {@link inputsOf}, from those of the gates' two parts, x·weightIhᵀ + biasIh and
 * h·weightHhᵀ + biasHh.
 */
export function gradients(
  { saved, attrs, needs }: Pick<Node<RecurrentSaves, RecurrentAttrs>, 'saved' | 'attrs' | 'needs'>,
  dinput: Tensor,
  dstate: Tensor,
): (Tensor | null)[] {
  const { x, weightIh, out, h0 } = saved;
  const wantsBiases = needs(3) || needs(4);
  const dih = wantsBiases ? sum(dinput, 0) : null;
  return [
    needs(0) ? multiply(dinput, weightIh, false, false) : null,
    needs(1) ? multiply(dinput, x, true, false) : null,
    needs(2) ? stateWeightGradient(dstate, out, h0, attrs.packing) : null,
    dih,
    dstate === dinput || !wantsBiases ? dih : sum(dstate, 0),
  ];
}

/** What the kernels take. */
export function sequencesOf(
  call: Pick<RecurrentAttrs, 'packing' | 'hidden' | 'outputs'>,
): PackedSequences {
  const { packing, hidden, outputs } = call;
  const { sizes, reverse } = packing;
  return packSequences({ sizes, hidden, outputs, reverse });
}

/** x·weightIhᵀ + biasIh of all gates and rows, for a kernel to go on with. */
export function inputPart(x: Tensor, { weightIh, biases }: RecurrentWeights): Tensor {
  return unrecorded(() => linear(x, weightIh, biases ? biases[0] : null));
}

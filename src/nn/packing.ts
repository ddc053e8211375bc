import { isTypedArray } from 'node:util/types';
import { ArgumentError } from '../errors.js';
import { tensor, zeros } from '../ops/creation.js';
import { indexAdd, indexSelect } from '../ops/indexing.js';
import { permute, reshape } from '../ops/view.js';
import { inWords } from '../options.js';
import { isFloat } from '../tensor/dtype.js';
import { dim, formatShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';

/** Sequences as the recurrent ops take them: rows of time steps, longest sequence first, without padding. */
export interface Packed {
  readonly rows: Tensor;
  readonly batchSizes: Int32Array;
  /** Makes [steps, batch, features], or [batch, steps, features], of rows; zeros where there were none. */
  unpack(rows: Tensor): Tensor;
  /** States [layers, batch, features] in the order of the packed sequences, and back. */
  sort(states: Tensor): Tensor;
  unsort(states: Tensor): Tensor;
}

/** Steps of each sequence: numbers, a typed array of them, or a vector of integers. */
export type Lengths = readonly number[] | Int32Array | Uint8Array | Tensor;

function numbersOf(op: string, lengths: Lengths): readonly number[] {
  if (Array.isArray(lengths)) return lengths;
  if (lengths instanceof Tensor) {
    if (isFloat(lengths.dtype) || lengths.rank !== 1) {
      throw new ArgumentError(
        `${op}: lengths are a tensor ${formatShape(lengths.shape)} ${lengths.dtype}, expected a vector of int32, or a list of numbers`,
      );
    }
    return Array.from(lengths.dataSync());
  }
  if (isTypedArray(lengths)) {
    return Array.from(lengths as ArrayLike<number>, Number);
  }
  throw new ArgumentError(
    `${op}: lengths are ${lengths === null ? 'null' : `a ${typeof lengths}`}, expected a list of numbers or a vector of int32`,
  );
}

/** The lengths as numbers. Throws unless there is one from 1 to `steps` for each sequence. */
export function checkedLengths(
  op: string,
  given: Lengths,
  batch: number,
  steps: number,
): readonly number[] {
  const lengths = numbersOf(op, given);
  if (lengths.length !== batch) {
    throw new ArgumentError(
      `${op}: ${lengths.length} lengths, expected one for each of ${batch} sequences`,
    );
  }
  for (const [i, length] of lengths.entries()) {
    if (!Number.isInteger(length) || length < 1 || length > steps) {
      throw new ArgumentError(
        `${op}: lengths[${i}] is ${inWords(length)}, expected an integer from 1 to ${steps}, the time steps of the input`,
      );
    }
  }
  return lengths;
}

/** Sequences of one length: packed as they are, once time comes first. */
function packWhole(x: Tensor, batchFirst: boolean): Packed {
  const inTime = batchFirst ? permute(x, [1, 0, 2]) : x;
  const [steps, batch, features] = [0, 1, 2].map((axis) => dim(inTime.shape, axis));
  return {
    rows: reshape(inTime, [(steps ?? 0) * (batch ?? 0), features ?? 0]),
    batchSizes: new Int32Array(steps ?? 0).fill(batch ?? 0),
    unpack: (rows) => {
      const out = reshape(rows, [steps ?? 0, batch ?? 0, dim(rows.shape, 1)]);
      return batchFirst ? permute(out, [1, 0, 2]) : out;
    },
    sort: (states) => states,
    unsort: (states) => states,
  };
}

/**
 * Packs padded sequences; `lengths` in any order, see {@link checkedLengths}. All of one length when undefined.
 * @param x [steps, batch, features], or [batch, steps, features] when batchFirst
 */
export function pack(
  x: Tensor,
  batchFirst: boolean,
  lengths: readonly number[] | undefined,
): Packed {
  const [batchAxis, timeAxis] = batchFirst ? [0, 1] : [1, 0];
  const [batch, steps] = [dim(x.shape, batchAxis), dim(x.shape, timeAxis)];
  if (lengths === undefined || lengths.every((length) => length === steps)) {
    return packWhole(x, batchFirst);
  }
  const lengthOf = (sequence: number): number => lengths[sequence] ?? 0;
  const order = Array.from(lengths.keys()).sort((a, b) => lengthOf(b) - lengthOf(a) || a - b);
  const batchSizes = new Int32Array(lengthOf(order[0] ?? 0));
  for (const length of lengths)
    for (let t = 0; t < length; t++) batchSizes[t] = (batchSizes[t] ?? 0) + 1;
  const places: number[] = [];
  for (const [t, size] of batchSizes.entries()) {
    for (const sequence of order.slice(0, size)) {
      places.push(batchFirst ? sequence * steps + t : t * batch + sequence);
    }
  }
  const index = tensor(Int32Array.from(places));
  const back = new Int32Array(batch);
  for (const [at, sequence] of order.entries()) back[sequence] = at;
  const [sorted, unsorted] = [tensor(Int32Array.from(order)), tensor(back)];
  return {
    rows: indexSelect(reshape(x, [batch * steps, dim(x.shape, 2)]), 0, index),
    batchSizes,
    unpack: (rows) => {
      const features = dim(rows.shape, 1);
      const padding = zeros([batch * steps, features], { dtype: rows.dtype });
      return reshape(indexAdd(padding, 0, index, rows), [...x.shape.slice(0, 2), features]);
    },
    sort: (states) => indexSelect(states, 1, sorted),
    unsort: (states) => indexSelect(states, 1, unsorted),
  };
}

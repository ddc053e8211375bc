import { DTypeError } from '../../../errors.js';
import { type FloatArray, ReduceOp } from '../../kernels/index.js';

/** The reduction of n elements that lie `step` apart, in wrapping 32-bit arithmetic. */
type IntegerReducer = (x: Int32Array, start: number, step: number, n: number) => number;

/** {@link Kernels.reduce} for Int32: sum, max, min and prod. */
export function reduceIntegers(
  out: FloatArray | Int32Array,
  x: Int32Array,
  outer: number,
  axis: number,
  inner: number,
  op: ReduceOp,
): void {
  const reducer = reducerFor(op);
  for (let o = 0; o < outer; o++) {
    const start = o * axis * inner;
    for (let i = 0; i < inner; i++) out[o * inner + i] = reducer(x, start + i, inner, axis);
  }
}

const sum: IntegerReducer = (x, start, step, n) => {
  let total = 0;
  for (let i = 0; i < n; i++) total = (total + (x[start + i * step] as number)) | 0;
  return total;
};

const prod: IntegerReducer = (x, start, step, n) => {
  let product = 1;
  for (let i = 0; i < n; i++) product = Math.imul(product, x[start + i * step] as number);
  return product;
};

const max: IntegerReducer = (x, start, step, n) => {
  let largest = -(2 ** 31);
  for (let i = 0; i < n; i++) largest = Math.max(largest, x[start + i * step] as number);
  return largest;
};

const min: IntegerReducer = (x, start, step, n) => {
  let smallest = 2 ** 31 - 1;
  for (let i = 0; i < n; i++) smallest = Math.min(smallest, x[start + i * step] as number);
  return smallest;
};

function reducerFor(op: ReduceOp): IntegerReducer {
  switch (op) {
    case ReduceOp.sum:
      return sum;
    case ReduceOp.prod:
      return prod;
    case ReduceOp.max:
      return max;
    case ReduceOp.min:
      return min;
    default:
      throw new DTypeError('reduce: int32 has sum, prod, max and min only');
  }
}

import type { BinaryOp, CompareOp, UnaryGradOp, UnaryOp } from './opCodes.js';
import type { FloatArray, IndexArray, MaskArray, NumericArray } from './types.js';

/** Functions of each element by itself. See index.ts for the conventions. */
export interface ElementwiseKernels {
  /** out = f(x). out may be x. Int32: see {@link INT32_CODES}. */
  unary(
    out: FloatArray | Int32Array,
    x: FloatArray | Int32Array,
    n: number,
    op: UnaryOp,
    p: number,
    q: number,
  ): void;
  /** out = g · f'(s), see {@link UnaryGradOp}. out may be g. */
  unaryGrad(
    out: FloatArray,
    g: FloatArray,
    s: FloatArray,
    n: number,
    op: UnaryGradOp,
    p: number,
    q: number,
  ): void;
  /** out = a ∘ b, all of n elements. out may be a or b. Int32: all but atan2; div and rdiv divide truncating. */
  binary(
    out: FloatArray | Int32Array,
    a: FloatArray | Int32Array,
    b: FloatArray | Int32Array,
    n: number,
    op: BinaryOp,
  ): void;
  /** out = a ∘ scalar. out may be a. */
  binaryScalar(
    out: FloatArray | Int32Array,
    a: FloatArray | Int32Array,
    scalar: number,
    n: number,
    op: BinaryOp,
  ): void;
  /**
   * out (contiguous, row-major over dims) = a ∘ b with broadcasting. out may be a, where that is not broadcast.
   * @param plan `[rank, ...dims, ...aStrides, ...bStrides]`, strides 0 where broadcast, rank ≤ 8;
   *   collapsed by the caller, so that the last dim is as long as it can be
   */
  binaryBroadcast(
    out: FloatArray | Int32Array,
    a: FloatArray | Int32Array,
    b: FloatArray | Int32Array,
    plan: IndexArray,
    op: BinaryOp,
  ): void;
  /** As binaryBroadcast, with a mask as result; any one kind of inputs (also uint8). */
  compare(out: MaskArray, a: NumericArray, b: NumericArray, plan: IndexArray, op: CompareOp): void;
  /** out = a ∘ scalar, as mask. */
  compareScalar(out: MaskArray, a: NumericArray, scalar: number, n: number, op: CompareOp): void;
  /** out = condition ? a : b, elementwise; one kind for out, a, b. */
  where(out: NumericArray, condition: MaskArray, a: NumericArray, b: NumericArray, n: number): void;
}

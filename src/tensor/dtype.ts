import {
  isFloat32Array,
  isFloat64Array,
  isInt32Array,
  isUint8Array,
  isUint8ClampedArray,
} from 'node:util/types';
import { DTypeError } from '../errors.js';
import { allocating } from '../numeric/allocation.js';
import { inWords } from '../options.js';

/**
 * Element kinds. `float32` is the default and the only floating kind of the native backend; `float64` exists
 * on the TypeScript backend for gradient checks; `int32` holds indices; `uint8` holds images and masks.
 */
export type DType = 'float32' | 'float64' | 'int32' | 'uint8';

/** What holds the elements of each dtype. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

const BYTES: Record<DType, number> = { float32: 4, float64: 8, int32: 4, uint8: 1 };

/** Bytes of one element. */
export function bytesPerElement(dtype: DType): number {
  return BYTES[dtype];
}

export function isDType(value: unknown): value is DType {
  return typeof value === 'string' && Object.hasOwn(BYTES, value);
}

export function isFloat(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float64';
}

/** Throws unless value names a dtype. */
export function checkDType(value: unknown, where: string): DType {
  if (isDType(value)) return value;
  throw new DTypeError(
    `${where}: unknown dtype ${inWords(value)}; expected float32, float64, int32 or uint8`,
  );
}

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint8: Uint8Array,
} as const;

/**
 * A fresh typed array of a dtype on the JavaScript heap.
 * @param what it is for, as an error says it
 * @throws BackendError when there is no memory for it
 */
export function newArray(dtype: DType, length: number, what: string): TypedArray {
  return allocating(what, length * BYTES[dtype], () => new ARRAYS[dtype](length));
}

/** The dtype of a typed array, or null for kinds that tensors do not have. */
export function dtypeOf(array: ArrayBufferView): DType | null {
  if (isFloat32Array(array)) return 'float32';
  if (isFloat64Array(array)) return 'float64';
  if (isInt32Array(array)) return 'int32';
  if (isUint8Array(array) || isUint8ClampedArray(array)) return 'uint8';
  return null;
}

/** True for the kinds of typed arrays that tensors have. */
export function hasDType(array: ArrayBufferView): array is TypedArray | Uint8ClampedArray {
  return dtypeOf(array) !== null;
}

const RANK: Record<DType, number> = { uint8: 0, int32: 1, float32: 2, float64: 3 };

/** The dtype that an op of two dtypes computes in: uint8 < int32 < float32 < float64. */
export function promote(a: DType, b: DType): DType {
  return RANK[a] >= RANK[b] ? a : b;
}

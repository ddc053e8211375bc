import { shown } from '../arguments.js';
import { DTypeError } from '../errors.js';

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
    `${where}: unknown dtype ${shown(value)}; expected float32, float64, int32 or uint8`,
  );
}

/** A fresh typed array of a dtype on the JavaScript heap. */
export function newArray(dtype: DType, length: number): TypedArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(length);
    case 'float64':
      return new Float64Array(length);
    case 'int32':
      return new Int32Array(length);
    case 'uint8':
      return new Uint8Array(length);
  }
}

/** The dtype of a typed array, or null for kinds that tensors do not have. */
export function dtypeOf(array: ArrayBufferView): DType | null {
  if (array instanceof Float32Array) return 'float32';
  if (array instanceof Float64Array) return 'float64';
  if (array instanceof Int32Array) return 'int32';
  if (array instanceof Uint8Array || array instanceof Uint8ClampedArray) return 'uint8';
  return null;
}

const RANK: Record<DType, number> = { uint8: 0, int32: 1, float32: 2, float64: 3 };

/** The dtype that an op of two dtypes computes in: uint8 < int32 < float32 < float64. */
export function promote(a: DType, b: DType): DType {
  return RANK[a] >= RANK[b] ? a : b;
}

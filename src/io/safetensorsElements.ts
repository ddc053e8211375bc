import { endianness } from 'node:os';
import type { DType, TypedArray } from '../tensor/dtype.js';
import { toHostOrder } from './bytes.js';

/** Element kinds of safetensors files that can be read, and their sizes in bytes. */
const ELEMENT_SIZE: ReadonlyMap<string, number> = new Map([
  ['F64', 8],
  ['F32', 4],
  ['F16', 2],
  ['BF16', 2],
  ['I64', 8],
  ['I32', 4],
  ['I16', 2],
  ['I8', 1],
  ['U8', 1],
  ['BOOL', 1],
]);

/** How our dtypes are stored. */
export const STORED_AS: Readonly<Record<DType, string>> = {
  float64: 'F64',
  float32: 'F32',
  int32: 'I32',
  uint8: 'U8',
};

/** The names of the element kinds that can be read, for messages. */
export const READABLE_KINDS = [...ELEMENT_SIZE.keys()].join(', ');

/** Bytes of one element, or undefined for kinds that cannot be read. */
export function elementSize(kind: string): number | undefined {
  return ELEMENT_SIZE.get(kind);
}

/** True for kinds that {@link decodeElements} understands. */
export function isReadable(kind: string): boolean {
  return ELEMENT_SIZE.has(kind);
}

export interface Elements {
  readonly dtype: DType;
  readonly data: TypedArray;
}

/**
 * Elements as a file stores them, as a dtype of ours. F16 and BF16 widen to float32, which holds them exactly;
 * small integers widen to int32; BOOL is uint8.
 *
 * @param bytes little-endian, a whole number of elements; may be changed, and shared with the result
 * @param float64 what F64 becomes
 * @throws RangeError for an I64 outside int32, an F64 that float32 would make infinite, or a BOOL other than 0 and 1
 */
export function decodeElements(
  kind: string,
  bytes: Uint8Array<ArrayBuffer>,
  float64: 'float32' | 'float64',
): Elements {
  const size = ELEMENT_SIZE.get(kind) ?? 1;
  toHostOrder(bytes, size, 'LE');
  const { buffer, byteOffset } = bytes;
  const length = bytes.byteLength / size;
  switch (kind) {
    case 'F32':
      return { dtype: 'float32', data: new Float32Array(buffer, byteOffset, length) };
    case 'F64': {
      const data = new Float64Array(buffer, byteOffset, length);
      return float64 === 'float64'
        ? { dtype: 'float64', data }
        : { dtype: 'float32', data: rounded(data) };
    }
    case 'F16':
      return { dtype: 'float32', data: halfToFloat(new Uint16Array(buffer, byteOffset, length)) };
    case 'BF16':
      return { dtype: 'float32', data: bfloatToFloat(new Uint16Array(buffer, byteOffset, length)) };
    case 'I64':
      return { dtype: 'int32', data: narrow(new BigInt64Array(buffer, byteOffset, length)) };
    case 'I32':
      return { dtype: 'int32', data: new Int32Array(buffer, byteOffset, length) };
    case 'I16':
      return { dtype: 'int32', data: Int32Array.from(new Int16Array(buffer, byteOffset, length)) };
    case 'I8':
      return { dtype: 'int32', data: Int32Array.from(new Int8Array(buffer, byteOffset, length)) };
    case 'BOOL':
      return { dtype: 'uint8', data: checkFlags(bytes) };
    default:
      return { dtype: 'uint8', data: bytes };
  }
}

/** IEEE 754 half precision: 1 sign bit, 5 of the exponent, 10 of the fraction. */
function halfToFloat(half: Uint16Array): Float32Array {
  const out = new Float32Array(half.length);
  const bits = new Uint32Array(out.buffer);
  for (let i = 0; i < half.length; i++) {
    const h = half[i] ?? 0;
    const sign = (h & 0x8000) << 16;
    const exponent = (h >> 10) & 31;
    const fraction = h & 0x3ff;
    if (exponent === 31) {
      bits[i] = sign | 0x7f800000 | (fraction << 13);
    } else if (exponent > 0) {
      bits[i] = sign | ((exponent + 112) << 23) | (fraction << 13);
    } else {
      // Zero, or a subnormal: units of 2⁻²⁴.
      out[i] = fraction * 2 ** -24 * (sign ? -1 : 1);
    }
  }
  return out;
}

/** bfloat16 is the upper half of a float32. */
function bfloatToFloat(upper: Uint16Array): Float32Array {
  const bits = new Uint32Array(upper.length);
  for (let i = 0; i < upper.length; i++) bits[i] = (upper[i] ?? 0) << 16;
  return new Float32Array(bits.buffer);
}

/** Rounded to float32. Infinities stay; a number that would become one is a fault. */
function rounded(wide: Float64Array): Float32Array {
  const out = new Float32Array(wide);
  for (let i = 0; i < out.length; i++) {
    const value = wide[i] ?? 0;
    if (Number.isFinite(out[i]) || !Number.isFinite(value)) continue;
    throw new RangeError(
      `element ${i} is ${value}, which float32 cannot hold; { float64: 'float64' } keeps F64 as it is`,
    );
  }
  return out;
}

function narrow(wide: BigInt64Array): Int32Array {
  // Halves of each element: thousands of BigInts would take their time.
  const halves = new Int32Array(wide.buffer, wide.byteOffset, 2 * wide.length);
  const low = endianness() === 'LE' ? 0 : 1;
  const out = new Int32Array(wide.length);
  for (let i = 0; i < out.length; i++) {
    const value = halves[2 * i + low] ?? 0;
    // The upper half of what fits is its sign, all over.
    if (halves[2 * i + 1 - low] !== value >> 31) {
      throw new RangeError(`element ${i} is ${wide[i]}, which int32 cannot hold`);
    }
    out[i] = value;
  }
  return out;
}

function checkFlags(bytes: Uint8Array): Uint8Array {
  const wrong = bytes.findIndex((flag) => flag > 1);
  if (wrong >= 0) throw new RangeError(`element ${wrong} is ${bytes[wrong]}, a BOOL is 0 or 1`);
  return bytes;
}

import { Buffer } from 'node:buffer';
import { ArgumentError } from '../errors.js';
import { littleEndianBytes } from './bytes.js';

/**
 * Fields of Protocol Buffers messages as bytes (https://protobuf.dev/programming-guides/encoding/). A message is its
 * fields one after the other.
 */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

function varint(value: number): number[] {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new ArgumentError(`protobuf: ${value} is no integer from 0 to 2^53 − 1`);
  }
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}

function fixed(field: number, wireType: number, array: Float32Array | Float64Array): Uint8Array {
  return Buffer.concat([Uint8Array.from(varint(field * 8 + wireType)), littleEndianBytes(array)]);
}

/** int32, int64, uint64, bool or enum, of at least 0. */
export function integerField(field: number, value: number): Uint8Array {
  return Uint8Array.from([...varint(field * 8 + VARINT), ...varint(value)]);
}

export function doubleField(field: number, value: number): Uint8Array {
  return fixed(field, FIXED64, Float64Array.of(value));
}

export function floatField(field: number, value: number): Uint8Array {
  return fixed(field, FIXED32, Float32Array.of(value));
}

/** bytes, or a message within a message. */
export function bytesField(field: number, ...pieces: readonly Uint8Array[]): Uint8Array {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const head = [...varint(field * 8 + LENGTH_DELIMITED), ...varint(length)];
  return Buffer.concat([Uint8Array.from(head), ...pieces]);
}

export function stringField(field: number, text: string): Uint8Array {
  return bytesField(field, Buffer.from(text, 'utf8'));
}

/** repeated double, packed. */
export function doublesField(field: number, values: ArrayLike<number>): Uint8Array {
  return bytesField(field, littleEndianBytes(Float64Array.from(values)));
}

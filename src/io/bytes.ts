import { Buffer } from 'node:buffer';
import { endianness } from 'node:os';
import type { TypedArray } from '../tensor/dtype.js';

/** A copy of `bytes[start, end)` in a buffer of its own, so that any kind of typed array can view it. */
export function copyBytes(bytes: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(end - start);
  copy.set(bytes.subarray(start, end));
  return copy;
}

/**
 * Turns elements as a file orders their bytes into what this machine's typed arrays read, or back: reverses the
 * bytes of each element where the two differ.
 *
 * @param bytes changed in place; a whole number of elements
 * @param elementSize 1, 2, 4 or 8
 */
export function toHostOrder(
  bytes: Uint8Array<ArrayBuffer>,
  elementSize: number,
  fileOrder: 'LE' | 'BE',
): void {
  if (fileOrder === endianness()) return;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (elementSize === 2) buffer.swap16();
  else if (elementSize === 4) buffer.swap32();
  else if (elementSize === 8) buffer.swap64();
}

/** The bytes of an array as little-endian files hold them: a view where this machine's order is that, too. */
export function littleEndianBytes(array: TypedArray): Uint8Array {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  if (endianness() === 'LE') return bytes;
  const copy = copyBytes(bytes, 0, bytes.length);
  toHostOrder(copy, array.BYTES_PER_ELEMENT, 'LE');
  return copy;
}

/** Pieces joined into one. */
export function concatBytes(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

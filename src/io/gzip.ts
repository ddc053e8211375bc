import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { AxonodeError, DataError } from '../errors.js';
import { reasonOf } from './path.js';
import type { RegularFile } from './regularFile.js';

/** Bytes that are unpacked at a time. */
const CHUNK_BYTES = 2 ** 18;

/** Pieces of bytes, to be gone through once. */
export type Pieces = AsyncIterable<Uint8Array>;

/** True for bytes that begin as gzip does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Deflate makes at most about a thousand bytes of one. */
const MOST_RATIO = 1100;

/** The size that gzip says it unpacks to, modulo 2³²; of files that were joined, that of the last. */
function claimedSize(end: Uint8Array, packedBytes: number, maxBytes: number): number {
  const at = end.length - 4;
  if (at < 0) return 0;
  const claimed = new DataView(end.buffer, end.byteOffset, end.byteLength).getUint32(at, true);
  return Math.min(claimed, maxBytes, packedBytes * MOST_RATIO);
}

/**
 * Unpacks gzip piece by piece, on another thread; holds no more than a piece.
 *
 * @param maxBytes refuses to unpack more than this: a small file can hold gigabytes of zeros
 * @throws DataError if the packed data is damaged, incomplete or too large
 */
export async function* gunzipPieces(
  packed: Pieces,
  file: string,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  // What goes wrong in there is thrown by the loop.
  const feeding = pipeline(Readable.from(packed, { objectMode: true }), gunzip).catch(() => {});
  let total = 0;
  try {
    for await (const chunk of gunzip) {
      const piece: Uint8Array = chunk;
      total += piece.length;
      if (total > maxBytes) throw new DataError(`${file}: unpacks to more than ${maxBytes} bytes`);
      yield piece;
    }
  } catch (cause) {
    if (cause instanceof AxonodeError) throw cause;
    throw new DataError(`${file}: damaged or truncated gzip: ${reasonOf(cause)}`, { cause });
  } finally {
    gunzip.destroy();
    await feeding;
  }
}

/**
 * The pieces of a file, unpacked if it is gzip, which its content says and not its name. Neither the file nor what it
 * unpacks to may have more than `maxBytes`.
 */
export async function* unpackedPieces(
  file: RegularFile,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  const start = await file.readRange(0, Math.min(2, file.size));
  const pieces = file.pieces(maxBytes);
  yield* isGzip(start) ? gunzipPieces(pieces, file.name, maxBytes) : pieces;
}

/** The bytes of a file, unpacked as by {@link unpackedPieces}. */
export async function readUnpacked(
  file: RegularFile,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const { name, size } = file;
  const start = await file.readRange(0, Math.min(2, size));
  if (!isGzip(start)) return file.readAll(maxBytes);
  const end = await file.readRange(Math.max(0, size - 4), Math.min(4, size));
  const open = () => gunzipPieces(file.pieces(maxBytes), name, maxBytes);
  return gather(open, claimedSize(end, size, maxBytes), name);
}

/** Unpacks gzip that is in memory; other bytes are given back as they are. See {@link gunzipPieces}. */
export async function unpack(
  bytes: Uint8Array,
  file: string,
  maxBytes: number,
): Promise<Uint8Array> {
  if (!isGzip(bytes)) return bytes;
  const open = () => gunzipPieces(inPieces(bytes), file, maxBytes);
  return gather(open, claimedSize(bytes.subarray(-4), bytes.length, maxBytes), file);
}

/** Bytes in memory as pieces: nobody is to wait for long. */
export async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 2 ** 20) yield bytes.subarray(at, at + 2 ** 20);
}

/**
 * All pieces as one array. Its memory is taken once and never grows, so that a limit is what is held, and not half of it.
 *
 * @param open begins to go through the pieces; asked again if the expected size was too small
 * @param expected how many bytes there will be, as somebody claims
 */
async function gather(
  open: () => Pieces,
  expected: number,
  file: string,
): Promise<Uint8Array<ArrayBuffer>> {
  let whole = room(expected);
  let length = 0;
  for await (const piece of open()) {
    if (length + piece.length <= whole.length) whole.set(piece, length);
    // The claim was wrong: from here on, the pieces are only counted.
    else whole = new Uint8Array(0);
    length += piece.length;
  }
  if (length <= whole.length) return whole.subarray(0, length);
  whole = new Uint8Array(length);
  let at = 0;
  for await (const piece of open()) {
    if (at + piece.length > length) break;
    whole.set(piece, at);
    at += piece.length;
  }
  if (at !== length) throw new DataError(`${file}: changed while it was read`);
  return whole;
}

/** None, if a claim is larger than the memory. */
function room(bytes: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch {
    return new Uint8Array(0);
  }
}

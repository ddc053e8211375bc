import { Buffer } from 'node:buffer';
import { type FileHandle, open } from 'node:fs/promises';
import { isMap } from 'node:util/types';
import { CheckpointError } from '../errors.js';
import { checkOptions, type OptionNames } from '../options.js';
import { isError } from '../realm.js';
import { type DType, dtypeOf, type TypedArray } from '../tensor/dtype.js';
import { formatShape, type Shape, sizeOf } from '../tensor/shape.js';
import { writeFileAtomic } from './atomicFile.js';
import { concatBytes, copyBytes, littleEndianBytes } from './bytes.js';
import { decodeElements, STORED_AS } from './safetensorsElements.js';
import {
  headerLength,
  LENGTH_BYTES,
  MAX_HEADER_BYTES,
  parseHeader,
  type TensorRecord,
} from './safetensorsHeader.js';
import { isWellFormed } from './strictJson.js';

/** A tensor's content on the host, row-major. */
export interface SafetensorsEntry {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: TypedArray;
}

export interface SafetensorsContent {
  readonly metadata: Map<string, string>;
  /** By name, in the order of the file's header. */
  readonly entries: Map<string, SafetensorsEntry>;
}

export interface SafetensorsReadOptions {
  /** What F64 becomes: `float32` (default), the dtype of models, or `float64`, as it is. */
  float64?: 'float32' | 'float64';
  /** What messages call the file. Default: its path, or `safetensors` for bytes. */
  file?: string;
}

export interface SafetensorsWriteOptions {
  /** Notes to go with the tensors, strings only. Default: none. */
  metadata?: Named<string>;
}

/** @internal */
export const READ_NAMES: OptionNames<SafetensorsReadOptions> = { float64: true, file: true };

/** @internal */
export const WRITE_NAMES: OptionNames<SafetensorsWriteOptions> = { metadata: true };

/** Names and values, as a Map or a plain object. */
export type Named<T> = ReadonlyMap<string, T> | Readonly<Record<string, T>>;

/**
 * Reads a whole safetensors file from memory (https://github.com/huggingface/safetensors). The file is hostile
 * until proven otherwise: duplicate keys, offsets with holes or overlaps, sizes that do not match the shapes
 * and bytes that belong to no tensor are refused.
 *
 * F32, F64, F16, BF16, I64, I32, I16, I8, U8 and BOOL can be read; F16 and BF16 become float32, I64 (checked to
 * fit), I16 and I8 become int32, BOOL becomes uint8.
 *
 * @throws CheckpointError that names the tensor and the fault
 */
export function parseSafetensors(
  bytes: Uint8Array,
  options: SafetensorsReadOptions = {},
): SafetensorsContent {
  checkOptions('parseSafetensors', options, READ_NAMES);
  const file = options.file ?? 'safetensors';
  const length = headerLength(bytes.subarray(0, LENGTH_BYTES), bytes.length, file);
  const base = LENGTH_BYTES + length;
  const { metadata, tensors } = parseHeader(
    bytes.subarray(LENGTH_BYTES, base),
    bytes.length - base,
    file,
  );
  const entries = new Map<string, SafetensorsEntry>();
  for (const record of tensors) {
    const own = copyBytes(bytes, base + record.start, base + record.end);
    entries.set(record.name, toEntry(record, own, options, file));
  }
  return { metadata, entries };
}

/**
 * Reads a safetensors file, of any size: one tensor after the other, so that little more memory is used than
 * the tensors take. See {@link parseSafetensors}.
 *
 * @throws CheckpointError that names the file and the fault
 */
export async function readSafetensors(
  path: string,
  options: SafetensorsReadOptions = {},
): Promise<SafetensorsContent> {
  const name = options.file ?? path;
  const file = await openFile(path, name);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new CheckpointError(`${name}: not a file`);
    const prefix = await readRange(file, 0, Math.min(stat.size, LENGTH_BYTES), name);
    const length = headerLength(prefix, stat.size, name);
    const base = LENGTH_BYTES + length;
    const header = await readRange(file, LENGTH_BYTES, length, name);
    const { metadata, tensors } = parseHeader(header, stat.size - base, name);
    const entries = new Map<string, SafetensorsEntry>();
    for (const record of tensors) {
      const own = await readRange(file, base + record.start, record.end - record.start, name);
      entries.set(record.name, toEntry(record, own, options, name));
    }
    return { metadata, entries };
  } finally {
    await file.close();
  }
}

/**
 * A safetensors file as bytes. Tensors are ordered as the reference implementation orders them (wide dtypes
 * first, then by name), so that the same tensors give the same bytes.
 *
 * @throws CheckpointError for a name that a file cannot hold, or data that does not match its shape
 */
export function serializeSafetensors(
  entries: Named<SafetensorsEntry>,
  options: SafetensorsWriteOptions = {},
): Uint8Array {
  checkOptions('serializeSafetensors', options, WRITE_NAMES);
  return concatBytes(layOut(entries, options.metadata ?? {}));
}

/**
 * Writes a safetensors file, in one piece or not at all. See {@link serializeSafetensors}.
 */
export async function writeSafetensors(
  path: string,
  entries: Named<SafetensorsEntry>,
  options: SafetensorsWriteOptions = {},
): Promise<void> {
  await writeFileAtomic(path, layOut(entries, options.metadata ?? {}));
}

async function openFile(path: string, name: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    const reason = isError(cause) ? cause.message : String(cause);
    throw new CheckpointError(`${name}: cannot be opened: ${reason}`, { cause });
  }
}

/** The most that one read call is asked for. */
const READ_BYTES = 2 ** 30;

async function readRange(
  file: FileHandle,
  position: number,
  length: number,
  name: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = allocateBytes(length, name);
  let done = 0;
  while (done < length) {
    const wanted = Math.min(length - done, READ_BYTES);
    const { bytesRead } = await file.read(bytes, done, wanted, position + done);
    if (bytesRead === 0) throw new CheckpointError(`${name}: became shorter while it was read`);
    done += bytesRead;
  }
  return bytes;
}

/** A sparse file can claim any size without taking it. */
function allocateBytes(length: number, name: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(length);
  } catch (cause) {
    throw new CheckpointError(`${name}: no memory for a piece of ${length} bytes`, { cause });
  }
}

function toEntry(
  record: TensorRecord,
  bytes: Uint8Array<ArrayBuffer>,
  options: SafetensorsReadOptions,
  file: string,
): SafetensorsEntry {
  try {
    const { dtype, data } = decodeElements(record.kind, bytes, options.float64 ?? 'float32');
    return { dtype, shape: record.shape, data };
  } catch (cause) {
    if (!isError(cause) || cause.name !== 'RangeError') throw cause;
    throw new CheckpointError(`${file}: tensor ${JSON.stringify(record.name)}: ${cause.message}`, {
      cause,
    });
  }
}

const ORDER: Record<DType, number> = { float64: 0, float32: 1, int32: 2, uint8: 3 };

/** Code points, as UTF-8 and the reference implementation order names. */
function compareNames(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/**
 * The pieces of a file: length, header, then the tensors. The header starts with the metadata, by name.
 * @throws CheckpointError as {@link serializeSafetensors}
 */
export function layOut(entries: Named<SafetensorsEntry>, metadata: Named<string>): Uint8Array[] {
  const tensors = pairs(entries).sort(
    ([a, x], [b, y]) => ORDER[x.dtype] - ORDER[y.dtype] || compareNames(a, b),
  );
  const records: string[] = [];
  const pieces: Uint8Array[] = [];
  const notes = pairs(metadata).sort(([a], [b]) => compareNames(a, b));
  if (notes.length > 0) {
    for (const [key, text] of notes) checkText(key, text);
    const fields = notes.map(([key, text]) => `${JSON.stringify(key)}:${JSON.stringify(text)}`);
    records.push(`"__metadata__":{${fields.join(',')}}`);
  }
  let start = 0;
  for (const [name, entry] of tensors) {
    checkEntry(name, entry);
    const bytes = littleEndianBytes(entry.data);
    const record = {
      dtype: STORED_AS[entry.dtype],
      shape: entry.shape,
      data_offsets: [start, start + bytes.length],
    };
    records.push(`${JSON.stringify(name)}:${JSON.stringify(record)}`);
    pieces.push(bytes);
    start += bytes.length;
  }
  return [...encodeHeader(`{${records.join(',')}}`), ...pieces];
}

function encodeHeader(json: string): Uint8Array[] {
  // Spaces at the end let the data start at a multiple of eight bytes.
  const unpadded = Buffer.byteLength(json);
  const header = Buffer.from(json + ' '.repeat(-unpadded & 7));
  if (header.length > MAX_HEADER_BYTES) {
    throw new CheckpointError(
      `safetensors: names, shapes and metadata take ${header.length} bytes, at most ${MAX_HEADER_BYTES} fit`,
    );
  }
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setBigUint64(0, BigInt(header.length), true);
  return [length, header];
}

/** The names and values of either form. */
export function pairs<T>(named: Named<T>): [string, T][] {
  return isMap(named) ? [...named] : Object.entries(named as Readonly<Record<string, T>>);
}

function checkText(key: string, text: unknown): void {
  if (typeof text !== 'string' || !isWellFormed(key) || !isWellFormed(text)) {
    throw new CheckpointError(
      `safetensors: metadata ${JSON.stringify(key)} is not Unicode text; metadata maps strings to strings`,
    );
  }
}

function checkEntry(name: string, { dtype, shape, data }: SafetensorsEntry): void {
  const where = `safetensors: tensor ${JSON.stringify(name)}`;
  if (name === '__metadata__' || !isWellFormed(name)) {
    throw new CheckpointError(`${where}: a file cannot hold this name`);
  }
  if (dtypeOf(data) !== dtype || data.length !== sizeOf(shape)) {
    throw new CheckpointError(
      `${where}: ${dtype} of shape ${formatShape(shape)} needs ${sizeOf(shape)} elements, ` +
        `the data is a ${data.constructor.name} of ${data.length}`,
    );
  }
}

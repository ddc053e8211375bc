import { Buffer } from 'node:buffer';
import { isMap } from 'node:util/types';
import { ArgumentError, CheckpointError } from '../errors.js';
import { checkOptions, type OptionNames } from '../options.js';
import { isError } from '../realm.js';
import { type DType, dtypeOf, type TypedArray } from '../tensor/dtype.js';
import { formatShape, type Shape, sizeOf } from '../tensor/shape.js';
import { writeFileAtomic } from './atomicFile.js';
import { concatBytes, copyBytes, littleEndianBytes } from './bytes.js';
import { compareNames } from './names.js';
import { checkMaxBytes } from './path.js';
import { RegularFile } from './regularFile.js';
import { decodeElements, isReadable, READABLE_KINDS, STORED_AS } from './safetensorsElements.js';
import {
  headerLength,
  headerSteps,
  LENGTH_BYTES,
  MAX_HEADER_BYTES,
  type SafetensorsHeader,
  type TensorRecord,
} from './safetensorsHeader.js';
import { isWellFormed } from './strictJson.js';
import { runAtOnce, runInTurns, Turns } from './turns.js';

/** A tensor's content on the host, row-major. */
export interface SafetensorsEntry {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: TypedArray;
}

/** What the header of a file says of a tensor. */
export interface SafetensorsInfo {
  /** As the format names it: `F32`, `BF16`, `F8_E4M3`. */
  readonly dtype: string;
  readonly shape: Shape;
}

export interface SafetensorsContent {
  readonly metadata: Map<string, string>;
  /** By name, in the order of the file's header. */
  readonly entries: Map<string, SafetensorsEntry>;
  /** Tensors that `unreadable: 'skip'` has left out. */
  readonly skipped: Map<string, SafetensorsInfo>;
}

export interface SafetensorsReadOptions {
  /** What F64 becomes: `float32` (default), the dtype of models, or `float64`, as it is. */
  float64?: 'float32' | 'float64';
  /** What messages call the file. Default: its path, or `safetensors` for bytes. */
  file?: string;
  /**
   * Names of the tensors to read, or a function that says it of each; the others are not touched, whatever their
   * dtype. Default: all.
   */
  only?: Iterable<string> | ((name: string, info: SafetensorsInfo) => boolean);
  /** Tensors of a dtype that cannot be read, of those to be read: `refuse` the file (default), or `skip` them. */
  unreadable?: 'refuse' | 'skip';
  /** Refuses to read more bytes of tensors than this. Default: no limit, since weights may be large. */
  maxBytes?: number;
}

export interface SafetensorsWriteOptions {
  /** Notes to go with the tensors, strings only. Default: none. */
  metadata?: Named<string>;
}

/** @internal */
export const READ_NAMES: OptionNames<SafetensorsReadOptions> = {
  float64: true,
  file: true,
  only: true,
  unreadable: true,
  maxBytes: true,
};

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
 * fit), I16 and I8 become int32, BOOL becomes uint8. Tensors of other dtypes can be left out, see `only` and
 * `unreadable`.
 *
 * @throws CheckpointError that names the tensor and the fault: damage, a dtype that cannot be read, a number that the
 *   dtype it is to become cannot hold
 */
export function parseSafetensors(
  bytes: Uint8Array,
  options: SafetensorsReadOptions = {},
): SafetensorsContent {
  checkOptions('parseSafetensors', options, READ_NAMES);
  const file = options.file ?? 'safetensors';
  const length = headerLength(bytes.subarray(0, LENGTH_BYTES), bytes.length, file);
  const base = LENGTH_BYTES + length;
  const header = runAtOnce(
    headerSteps(bytes.subarray(LENGTH_BYTES, base), bytes.length - base, file),
  );
  const { chosen, skipped } = choose(header, options, file);
  const entries = new Map<string, SafetensorsEntry>();
  for (const record of chosen) {
    const own = copyBytes(bytes, base + record.start, base + record.end);
    entries.set(record.name, toEntry(record, own, options, file));
  }
  return { metadata: header.metadata, entries, skipped };
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
  const open = { fault: CheckpointError, name: options.file };
  return RegularFile.use(path, open, (file) => readSafetensorsFrom(file, options));
}

/**
 * {@link readSafetensors} of a file that is open.
 * @param onBytes told all bytes of the file, in order, if all tensors are read; may not change them
 */
export async function readSafetensorsFrom(
  file: RegularFile,
  options: SafetensorsReadOptions,
  onBytes: (bytes: Uint8Array) => Promise<void> = async () => {},
): Promise<SafetensorsContent> {
  const { name, size } = file;
  const prefix = await file.readRange(0, Math.min(size, LENGTH_BYTES));
  const length = headerLength(prefix, size, name);
  const base = LENGTH_BYTES + length;
  const text = await file.readRange(LENGTH_BYTES, length);
  const header = await runInTurns(headerSteps(text, size - base, name));
  await onBytes(prefix);
  await onBytes(text);
  const { chosen, skipped } = choose(header, options, name);
  const wanted = new Set(chosen);
  const read = new Map<TensorRecord, SafetensorsEntry>();
  const turns = new Turns();
  for (const record of header.ordered) {
    if (!wanted.has(record)) continue;
    const bytes = record.end - record.start;
    const own = bytes === 0 ? new Uint8Array(0) : await file.readRange(base + record.start, bytes);
    if (bytes > 0) await onBytes(own);
    read.set(record, toEntry(record, own, options, name));
    if (turns.isDue) await turns.next();
  }
  const entries = new Map<string, SafetensorsEntry>();
  for (const record of chosen) {
    const entry = read.get(record);
    if (entry !== undefined) entries.set(record.name, entry);
  }
  return { metadata: header.metadata, entries, skipped };
}

/** The tensors to read, in the order of the header. */
function choose(
  { tensors }: SafetensorsHeader,
  { only, unreadable = 'refuse', maxBytes = Number.POSITIVE_INFINITY }: SafetensorsReadOptions,
  file: string,
): { chosen: TensorRecord[]; skipped: Map<string, SafetensorsInfo> } {
  if (unreadable !== 'refuse' && unreadable !== 'skip') {
    throw new ArgumentError(`${file}: unreadable is ${unreadable}, expected 'refuse' or 'skip'`);
  }
  checkMaxBytes(file, maxBytes);
  const isWanted = choiceOf(tensors, only, file);
  const chosen: TensorRecord[] = [];
  const skipped = new Map<string, SafetensorsInfo>();
  let bytes = 0;
  for (const record of tensors) {
    const { name, kind, shape } = record;
    if (!isWanted(name, { dtype: kind, shape })) continue;
    if (isReadable(kind)) {
      chosen.push(record);
      bytes += record.end - record.start;
    } else if (unreadable === 'skip') {
      skipped.set(name, { dtype: kind, shape });
    } else {
      throw new CheckpointError(
        `${file}: tensor ${JSON.stringify(name)}: dtype is ${JSON.stringify(kind)}, expected one of ${READABLE_KINDS}; ` +
          "to read the other tensors, give { unreadable: 'skip' }, or name them in { only }",
      );
    }
  }
  if (bytes > maxBytes) {
    throw new CheckpointError(
      `${file}: the tensors to read have ${bytes} bytes, at most ${maxBytes} are read`,
    );
  }
  return { chosen, skipped };
}

function choiceOf(
  tensors: readonly TensorRecord[],
  only: SafetensorsReadOptions['only'],
  file: string,
): (name: string, info: SafetensorsInfo) => boolean {
  if (only === undefined) return () => true;
  if (typeof only === 'function') return only;
  if (typeof only === 'string' || typeof only?.[Symbol.iterator] !== 'function') {
    throw new ArgumentError(`${file}: only is no list of names, and no function`);
  }
  const names = new Set(only);
  const there = new Set(tensors.map(({ name }) => name));
  const missing = [...names].filter((name) => !there.has(name));
  if (missing.length === 0) return (name) => names.has(name);
  const list = missing.slice(0, 10).map((name) => JSON.stringify(name));
  const more = missing.length > 10 ? ` and ${missing.length - 10} more` : '';
  throw new CheckpointError(`${file}: it has no tensor ${list.join(', ')}${more}`);
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
  if (typeof named !== 'object' || named === null) {
    throw new ArgumentError(`safetensors: expected a Map or an object, got ${String(named)}`);
  }
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

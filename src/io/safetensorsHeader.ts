import { TextDecoder } from 'node:util';
import { isMap } from 'node:util/types';
import { CheckpointError } from '../errors.js';
import { isError } from '../realm.js';
import { checkShape, formatShape, type Shape, sizeOf } from '../tensor/shape.js';
import { elementSize, READABLE_KINDS } from './safetensorsElements.js';
import { parseStrictJson, type StrictJson } from './strictJson.js';

/** Bytes of the header's length, at the start of the file. */
export const LENGTH_BYTES = 8;

/** Longest header, as in the reference implementation: what is longer is no header. */
export const MAX_HEADER_BYTES = 100_000_000;

/** Largest size of one axis. */
const MAX_DIM = 2 ** 31 - 1;

/** Where a tensor lies in the file. */
export interface TensorRecord {
  readonly name: string;
  /** The element kind as the file names it, one that can be read. */
  readonly kind: string;
  readonly shape: Shape;
  /** First byte, and the byte after the last, counted from the end of the header. */
  readonly start: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly metadata: Map<string, string>;
  /** In the order of the header. */
  readonly tensors: TensorRecord[];
}

/**
 * The length of the header from the first 8 bytes of a file.
 * @param fileBytes the size of the whole file
 * @param file the name for messages
 */
export function headerLength(prefix: Uint8Array, fileBytes: number, file: string): number {
  if (prefix.length < LENGTH_BYTES || fileBytes < LENGTH_BYTES) {
    throw new CheckpointError(`${file}: ${fileBytes} bytes are too few for a safetensors file`);
  }
  const view = new DataView(prefix.buffer, prefix.byteOffset, LENGTH_BYTES);
  const length = Number(view.getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES) {
    throw new CheckpointError(
      `${file}: not a safetensors file: a header of ${length} bytes, at most ${MAX_HEADER_BYTES} are allowed`,
    );
  }
  if (length > fileBytes - LENGTH_BYTES) {
    throw new CheckpointError(
      `${file}: the header should have ${length} bytes, but only ${fileBytes - LENGTH_BYTES} follow: ` +
        'truncated, or not a safetensors file',
    );
  }
  return length;
}

/**
 * Parses and checks a header: every tensor's bytes fit its shape and kind, lie within the file, and together
 * cover it exactly, without hole or overlap.
 *
 * @param dataBytes bytes of the file after the header
 * @param file the name for messages
 */
export function parseHeader(bytes: Uint8Array, dataBytes: number, file: string): SafetensorsHeader {
  const root = parseRoot(bytes, file);
  const metadata = parseMetadata(root.get('__metadata__'), file);
  const tensors: TensorRecord[] = [];
  for (const [name, value] of root) {
    if (name !== '__metadata__') tensors.push(parseRecord(name, value, file));
  }
  checkCoverage(tensors, dataBytes, file);
  return { metadata, tensors };
}

function parseRoot(bytes: Uint8Array, file: string): Map<string, StrictJson> {
  let root: StrictJson;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!text.startsWith('{')) throw new SyntaxError("it does not start with '{'");
    root = parseStrictJson(text);
  } catch (cause) {
    const reason = isError(cause) ? cause.message : String(cause);
    throw new CheckpointError(`${file}: the header is not valid JSON: ${reason}`, { cause });
  }
  if (!isMap(root)) throw new CheckpointError(`${file}: the header is not a JSON object`);
  return root;
}

function parseMetadata(value: StrictJson | undefined, file: string): Map<string, string> {
  const metadata = new Map<string, string>();
  if (value === undefined) return metadata;
  if (!isMap(value)) throw new CheckpointError(`${file}: __metadata__ is not an object`);
  for (const [key, text] of value) {
    if (typeof text !== 'string') {
      throw new CheckpointError(`${file}: __metadata__ ${JSON.stringify(key)} is not a string`);
    }
    metadata.set(key, text);
  }
  return metadata;
}

function parseRecord(name: string, value: StrictJson, file: string): TensorRecord {
  const where = `${file}: tensor ${JSON.stringify(name)}`;
  if (!isMap(value)) throw new CheckpointError(`${where}: its entry is not an object`);
  for (const key of value.keys()) {
    if (key !== 'dtype' && key !== 'shape' && key !== 'data_offsets') {
      throw new CheckpointError(`${where}: unknown field ${JSON.stringify(key)}`);
    }
  }
  const kind = value.get('dtype');
  const bytesEach = typeof kind === 'string' ? elementSize(kind) : undefined;
  if (typeof kind !== 'string' || bytesEach === undefined) {
    const found = kind === undefined ? 'missing' : JSON.stringify(kind);
    throw new CheckpointError(`${where}: dtype is ${found}, expected one of ${READABLE_KINDS}`);
  }
  const shape = naturals(value.get('shape'));
  if (!shape)
    throw new CheckpointError(`${where}: shape is not a list of integers from 0 to 2³¹ − 1`);
  try {
    checkShape(shape, where);
  } catch (cause) {
    throw new CheckpointError(isError(cause) ? cause.message : String(cause), { cause });
  }
  const offsets = naturals(value.get('data_offsets'), Number.MAX_SAFE_INTEGER);
  const [start, end] = offsets ?? [];
  if (start === undefined || end === undefined || offsets?.length !== 2 || end < start) {
    throw new CheckpointError(`${where}: data_offsets is not a pair [begin, end] with begin ≤ end`);
  }
  const expected = sizeOf(shape) * bytesEach;
  if (end - start !== expected) {
    throw new CheckpointError(
      `${where}: ${kind} of shape ${formatShape(shape)} takes ${expected} bytes, ` +
        `data_offsets [${start}, ${end}] give ${end - start}`,
    );
  }
  return { name, kind, shape, start, end };
}

/** The value as a list of integers from 0 to `largest`, or null. */
function naturals(value: StrictJson | undefined, largest = MAX_DIM): number[] | null {
  if (!Array.isArray(value)) return null;
  const list: number[] = [];
  for (const item of value) {
    const fits = typeof item === 'number' && Number.isInteger(item) && item >= 0 && item <= largest;
    if (!fits || Object.is(item, -0)) return null;
    list.push(item);
  }
  return list;
}

function checkCoverage(tensors: readonly TensorRecord[], dataBytes: number, file: string): void {
  const ordered = tensors.toSorted((a, b) => a.start - b.start || a.end - b.end);
  let covered = 0;
  for (const { name, start, end } of ordered) {
    if (start !== covered) {
      const fault = start < covered ? 'overlaps the tensor before it' : 'leaves a hole before it';
      throw new CheckpointError(
        `${file}: tensor ${JSON.stringify(name)} ${fault}: it starts at byte ${start}, expected ${covered}`,
      );
    }
    covered = end;
  }
  if (covered !== dataBytes) {
    const fault = covered > dataBytes ? 'truncated' : 'bytes that belong to no tensor';
    throw new CheckpointError(
      `${file}: the tensors take ${covered} bytes, the file has ${dataBytes}: ${fault}`,
    );
  }
}

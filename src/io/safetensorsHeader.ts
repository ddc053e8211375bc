import { TextDecoder } from 'node:util';
import { isMap } from 'node:util/types';
import { CheckpointError } from '../errors.js';
import { isError } from '../realm.js';
import { checkShape, formatShape, type Shape, sizeOf } from '../tensor/shape.js';
import { elementSize } from './safetensorsElements.js';
import { type StrictJson, strictJsonSteps } from './strictJson.js';
import { type Steps, sortSteps } from './turns.js';

/** Bytes of the header's length, at the start of the file. */
export const LENGTH_BYTES = 8;

/** Longest header, as in the reference implementation: what is longer is no header. */
export const MAX_HEADER_BYTES = 100_000_000;

/** Largest size of one axis. */
const MAX_DIM = 2 ** 31 - 1;

/** Tensors between two moments at which others may run. */
const TENSORS_PER_STEP = 500;

/** Where a tensor lies in the file. */
export interface TensorRecord {
  readonly name: string;
  /** The element kind as the file names it, which may be one that cannot be read. */
  readonly kind: string;
  readonly shape: Shape;
  /** First byte, and the byte after the last, counted from the end of the header. */
  readonly start: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly metadata: Map<string, string>;
  /** In the order of the header. */
  readonly tensors: readonly TensorRecord[];
  /** The same in the order of their bytes. */
  readonly ordered: readonly TensorRecord[];
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
export function* headerSteps(
  bytes: Uint8Array,
  dataBytes: number,
  file: string,
): Steps<SafetensorsHeader> {
  const root = yield* rootSteps(bytes, file);
  const metadata = parseMetadata(root.get('__metadata__'), file);
  const tensors: TensorRecord[] = [];
  for (const [name, value] of root) {
    if (name === '__metadata__') continue;
    tensors.push(parseRecord(name, value, file));
    if (tensors.length % TENSORS_PER_STEP === 0) yield;
  }
  const ordered = yield* orderSteps(tensors);
  checkCoverage(ordered, dataBytes, file);
  return { metadata, tensors, ordered };
}

function* rootSteps(bytes: Uint8Array, file: string): Steps<Map<string, StrictJson>> {
  let root: StrictJson;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!text.startsWith('{')) throw new SyntaxError("it does not start with '{'");
    root = yield* strictJsonSteps(text);
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
  const fault = (what: string, cause?: unknown): CheckpointError =>
    new CheckpointError(`${file}: tensor ${JSON.stringify(name)}: ${what}`, { cause });
  if (!isMap(value)) throw fault('its entry is not an object');
  for (const key of value.keys()) {
    if (key !== 'dtype' && key !== 'shape' && key !== 'data_offsets') {
      throw fault(`unknown field ${JSON.stringify(key)}`);
    }
  }
  const kind = value.get('dtype');
  if (typeof kind !== 'string') {
    throw fault(`dtype is ${kind === undefined ? 'missing' : 'not text'}`);
  }
  const shape = naturals(value.get('shape'));
  if (!shape) throw fault('shape is not a list of integers from 0 to 2³¹ − 1');
  try {
    checkShape(shape, file);
  } catch (cause) {
    const reason = isError(cause) ? cause.message : String(cause);
    throw fault(reason.replace(`${file}: `, ''), cause);
  }
  const offsets = naturals(value.get('data_offsets'), Number.MAX_SAFE_INTEGER);
  const [start, end] = offsets ?? [];
  if (start === undefined || end === undefined || offsets?.length !== 2 || end < start) {
    throw fault('data_offsets is not a pair [begin, end] with begin ≤ end');
  }
  const each = elementSize(kind);
  // Of a kind that we do not know, nobody can say how many bytes it takes.
  const expected = each === undefined ? end - start : sizeOf(shape) * each;
  if (end - start !== expected) {
    throw fault(
      `${kind} of shape ${formatShape(shape)} takes ${expected} bytes, ` +
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

function* orderSteps(tensors: readonly TensorRecord[]): Steps<readonly TensorRecord[]> {
  const isInOrder = tensors.every(({ start }, i) => start >= (tensors[i - 1]?.end ?? 0));
  if (isInOrder) return tensors;
  return yield* sortSteps(tensors, (a, b) => a.start - b.start || a.end - b.end);
}

function checkCoverage(ordered: readonly TensorRecord[], dataBytes: number, file: string): void {
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

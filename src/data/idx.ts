import { isUint8Array } from 'node:util/types';
import { kindOf } from '../arguments.js';
import { ArgumentError, DataError } from '../errors.js';
import { copyBytes, toHostOrder } from '../io/bytes.js';
import { readUnpacked } from '../io/gzip.js';
import { checkMaxBytes } from '../io/path.js';
import { RegularFile } from '../io/regularFile.js';
import { checkOptions, type OptionNames } from '../options.js';

/** Kinds of elements that IDX files hold. */
export type IdxKind = 'uint8' | 'int8' | 'int16' | 'int32' | 'float32' | 'float64';

export interface IdxArray {
  readonly kind: IdxKind;
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
}

export interface IdxOptions {
  /** What messages call the file. Default: `IDX`. */
  file?: string;
}

const NAMES: OptionNames<IdxOptions> = { file: true };

const KINDS: ReadonlyMap<number, { kind: IdxKind; size: number }> = new Map([
  [0x08, { kind: 'uint8', size: 1 }],
  [0x09, { kind: 'int8', size: 1 }],
  [0x0b, { kind: 'int16', size: 2 }],
  [0x0c, { kind: 'int32', size: 4 }],
  [0x0d, { kind: 'float32', size: 4 }],
  [0x0e, { kind: 'float64', size: 8 }],
]);

/** Largest array that is read: no dataset in this format comes near. */
const MAX_BYTES = 2 ** 30;

const MAX_AXES = 8;

/** What an IDX file says before its elements. */
export interface IdxHeader {
  readonly kind: IdxKind;
  readonly shape: readonly number[];
  /** Where the elements begin. */
  readonly start: number;
  /** Bytes of an element. */
  readonly size: number;
}

/**
 * Parses an IDX file, the format of MNIST (http://yann.lecun.com/exdb/mnist/): two zero bytes, the kind of the
 * elements, the number of axes, the size of each as a big-endian 32-bit integer, the elements, big-endian.
 *
 * @throws DataError if the bytes are anything but exactly one such array
 */
export function parseIdx(bytes: Uint8Array, options: IdxOptions = {}): IdxArray {
  checkOptions('parseIdx', options, NAMES);
  const { file = 'IDX' } = options;
  if (!isUint8Array(bytes)) {
    throw new ArgumentError(`parseIdx: got ${kindOf(bytes)}, expected a Uint8Array`);
  }
  const { kind, shape, start, size } = parseIdxHeader(bytes, file);
  const elements = copyBytes(bytes, start, bytes.length);
  toHostOrder(elements, size, 'BE');
  return { kind, shape, data: viewAs(kind, elements.buffer) };
}

/**
 * What is before the elements, which are checked to be there, and nothing else.
 * @throws DataError as {@link parseIdx}
 */
export function parseIdxHeader(bytes: Uint8Array, file: string): IdxHeader {
  if (bytes.length < 4)
    throw new DataError(`${file}: ${bytes.length} bytes are too few for an IDX file`);
  const [zero, nought, code = 0, axes = 0] = bytes;
  if (zero !== 0 || nought !== 0) {
    throw new DataError(`${file}: not an IDX file: it starts with ${hex(bytes.subarray(0, 4))}`);
  }
  const element = KINDS.get(code);
  if (!element)
    throw new DataError(
      `${file}: not an IDX file: 0x${code.toString(16)} names no kind of element`,
    );
  if (axes < 1 || axes > MAX_AXES) {
    throw new DataError(`${file}: ${axes} axes, expected 1 to ${MAX_AXES}`);
  }
  const start = 4 + 4 * axes;
  if (bytes.length < start) {
    throw new DataError(
      `${file}: ends after ${bytes.length} bytes, within the sizes of its ${axes} axes`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
  const expected = start + shape.reduce((a, b) => a * b, element.size);
  if (bytes.length !== expected) {
    const fault = bytes.length < expected ? 'truncated' : 'bytes that belong to no element';
    throw new DataError(
      `${file}: ${element.kind} of shape [${shape.join(', ')}] takes ${expected} bytes with its header, ` +
        `there are ${bytes.length}: ${fault}`,
    );
  }
  return { kind: element.kind, shape, start, size: element.size };
}

/** The bytes of a file. Gzip is recognised by its content, not by the file's name, and unpacked. */
export async function readMaybeGzip(path: string, maxBytes = MAX_BYTES): Promise<Uint8Array> {
  checkMaxBytes(path, maxBytes);
  return RegularFile.use(path, { fault: DataError }, (file) => readUnpacked(file, maxBytes));
}

function viewAs(kind: IdxKind, buffer: ArrayBuffer): IdxArray['data'] {
  switch (kind) {
    case 'uint8':
      return new Uint8Array(buffer);
    case 'int8':
      return new Int8Array(buffer);
    case 'int16':
      return new Int16Array(buffer);
    case 'int32':
      return new Int32Array(buffer);
    case 'float32':
      return new Float32Array(buffer);
    case 'float64':
      return new Float64Array(buffer);
  }
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

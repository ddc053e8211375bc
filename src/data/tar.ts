import { TextDecoder } from 'node:util';
import { DataError } from '../errors.js';
import type { Pieces } from '../io/gzip.js';
import { Turns } from '../io/turns.js';

/** A file in an archive. */
export interface TarEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const BLOCK = 512;
const TYPE_AT = 156;
const CHECKSUM_AT = 148;
const CHECKSUM_END = 156;
/** Longest description of the file that follows. */
const MAX_EXTENSION = 2 ** 16;

const SPACE = 0x20;
const NEWLINE = 0x0a;
const EQUALS = 0x3d;
const ZERO = 0x30;
/** Digits of a pax record's length: no record is longer than a description. */
const MAX_DIGITS = 5;

const decoder = new TextDecoder();

/**
 * The regular files of a tar archive (POSIX ustar and pax, GNU's long names), in its order. Links, folders and
 * devices are passed over, and nothing is written to the disk, so no name can lead anywhere. The archive is read as it
 * comes: what is held are the files that are wanted.
 *
 * @param file the archive's name for messages
 * @param isWanted asked before a file takes memory; the others are passed over
 * @throws DataError if it is no such archive, damaged or truncated
 */
export async function* tarEntries(
  archive: Pieces,
  file: string,
  isWanted: (name: string, size: number) => boolean = () => true,
): AsyncGenerator<TarEntry, void> {
  const source = new Source(archive);
  const header = new Uint8Array(BLOCK);
  const turns = new Turns();
  let longName: string | null = null;
  try {
    for (;;) {
      const { at } = source;
      if (turns.isDue) await turns.next();
      if ((await source.fill(header)) < BLOCK) {
        throw new DataError(`${file}: truncated tar: it has no end mark`);
      }
      if (header.every((byte) => byte === 0)) return;
      checkHeader(header, file, at);
      const size = octal(header.subarray(124, 136), file, at);
      const type = header[TYPE_AT] ?? 0;
      const isExtension = isType(type, 'x') || isType(type, 'L');
      if (isExtension && size > MAX_EXTENSION) {
        throw new DataError(`${file}: damaged tar: a name of ${size} bytes at byte ${at}`);
      }
      const name: string = longName ?? nameOf(header);
      const isFile = type === 0 || isType(type, '0');
      const isKept: boolean = isExtension || (isFile && isWanted(name, size));
      const bytes: Uint8Array = new Uint8Array(isKept ? size : 0);
      const found = isKept ? await source.fill(bytes) : await source.skip(size);
      if (found < size) {
        throw new DataError(
          `${file}: truncated tar: ${nameOf(header)} has ${size} bytes, ${found} are there`,
        );
      }
      if (isType(type, 'L')) longName = textOf(bytes);
      else if (isType(type, 'x')) longName = paxPath(bytes, file, at) ?? longName;
      else if (!isType(type, 'g')) longName = null;
      if (isFile && isKept) yield { name, bytes };
      await source.skip(-size & (BLOCK - 1));
    }
  } finally {
    await source.close();
  }
}

/** Bytes that are taken from pieces, one after the other. */
class Source {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array(0);
  /** Bytes taken so far. */
  at = 0;

  constructor(pieces: Pieces) {
    this.#pieces = pieces[Symbol.asyncIterator]();
  }

  /** Fills an array as far as there are bytes; returns how many. */
  fill(target: Uint8Array): Promise<number> {
    return this.#take(target.length, (part, done) => target.set(part, done));
  }

  /** Passes over bytes; returns how many there were. */
  skip(count: number): Promise<number> {
    return this.#take(count, () => {});
  }

  async #take(count: number, use: (part: Uint8Array, done: number) => void): Promise<number> {
    let done = 0;
    while (done < count) {
      if (this.#piece.length === 0) {
        const next = await this.#pieces.next();
        if (next.done === true) break;
        this.#piece = next.value;
        continue;
      }
      const part = this.#piece.subarray(0, count - done);
      this.#piece = this.#piece.subarray(part.length);
      use(part, done);
      done += part.length;
    }
    this.at += done;
    return done;
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
  }
}

function isType(type: number, letter: string): boolean {
  return type === letter.charCodeAt(0);
}

/** Throws unless the sum of the header's bytes is what it says, its own field counted as spaces. */
function checkHeader(header: Uint8Array, file: string, at: number): void {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) {
    sum += i >= CHECKSUM_AT && i < CHECKSUM_END ? 32 : (header[i] ?? 0);
  }
  if (sum !== octal(header.subarray(CHECKSUM_AT, CHECKSUM_END), file, at)) {
    throw new DataError(`${file}: no tar archive, or a damaged one: wrong header at byte ${at}`);
  }
}

function octal(field: Uint8Array, file: string, at: number): number {
  const text = textOf(field).trim();
  if (!/^[0-7]{1,12}$/.test(text)) {
    throw new DataError(`${file}: no tar archive, or a damaged one: wrong number at byte ${at}`);
  }
  return Number.parseInt(text, 8);
}

/** Text up to its first zero byte. */
function textOf(field: Uint8Array): string {
  const end = field.indexOf(0);
  return decoder.decode(end < 0 ? field : field.subarray(0, end));
}

function nameOf(header: Uint8Array): string {
  const name = textOf(header.subarray(0, 100));
  const isUstar = textOf(header.subarray(257, 263)) === 'ustar';
  const prefix = isUstar ? textOf(header.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

/**
 * The path in the records `LENGTH KEY=VALUE\n` of a pax header; null if there is none. A length counts the whole
 * record, so each is gone through once.
 */
function paxPath(bytes: Uint8Array, file: string, at: number): string | null {
  let path: string | null = null;
  for (let start = 0; start < bytes.length; ) {
    let digits = start;
    let length = 0;
    for (; digits - start < MAX_DIGITS; digits++) {
      const digit = (bytes[digits] ?? 0) - ZERO;
      if (!(digit >= 0 && digit <= 9)) break;
      length = length * 10 + digit;
    }
    const end = start + length;
    const isRecord = digits > start && bytes[digits] === SPACE && end > digits + 1;
    if (!isRecord || end > bytes.length || bytes[end - 1] !== NEWLINE) {
      throw new DataError(`${file}: damaged tar: a wrong pax record at byte ${at + BLOCK + start}`);
    }
    const record = bytes.subarray(digits + 1, end - 1);
    const equals = record.indexOf(EQUALS);
    if (equals === 4 && decoder.decode(record.subarray(0, 4)) === 'path') {
      path = decoder.decode(record.subarray(5));
    }
    start = end;
  }
  return path;
}

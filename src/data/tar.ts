import { TextDecoder } from 'node:util';
import { DataError } from '../errors.js';

/** A file in an archive; its bytes are a view of the archive's. */
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

const decoder = new TextDecoder();

/**
 * The regular files of a tar archive (POSIX ustar and pax, GNU's long names), in its order. Links, folders and
 * devices are passed over, and nothing is written to the disk, so no name can lead anywhere.
 *
 * @param file the archive's name for messages
 * @throws DataError if it is no such archive, damaged or truncated
 */
export function* tarEntries(archive: Uint8Array, file: string): Generator<TarEntry, void> {
  let at = 0;
  let longName: string | null = null;
  for (;;) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.length < BLOCK) throw new DataError(`${file}: truncated tar: it has no end mark`);
    if (header.every((byte) => byte === 0)) return;
    checkHeader(header, file, at);
    const size = octal(header.subarray(124, 136), file, at);
    const start = at + BLOCK;
    const bytes = archive.subarray(start, start + size);
    if (bytes.length < size) {
      throw new DataError(
        `${file}: truncated tar: ${nameOf(header)} has ${size} bytes, ${bytes.length} are there`,
      );
    }
    const type = header[TYPE_AT] ?? 0;
    if (isType(type, 'x') || isType(type, 'L')) {
      if (size > MAX_EXTENSION) {
        throw new DataError(`${file}: damaged tar: a name of ${size} bytes at byte ${at}`);
      }
      longName = isType(type, 'L') ? textOf(bytes) : (paxPath(bytes) ?? longName);
    } else {
      if (type === 0 || isType(type, '0')) yield { name: longName ?? nameOf(header), bytes };
      if (!isType(type, 'g')) longName = null;
    }
    at = start + Math.ceil(size / BLOCK) * BLOCK;
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

/** The path in the records `LENGTH KEY=VALUE\n` of a pax header. */
function paxPath(bytes: Uint8Array): string | null {
  for (let at = 0; at < bytes.length; ) {
    const length = Number.parseInt(decoder.decode(bytes.subarray(at, at + 8)), 10);
    if (!(length > 0)) return null;
    const record = decoder.decode(bytes.subarray(at, at + length - 1));
    const [key = '', ...value] = record.slice(record.indexOf(' ') + 1).split('=');
    if (key === 'path') return value.join('=');
    at += length;
  }
  return null;
}

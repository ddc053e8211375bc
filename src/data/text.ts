import { TextDecoder } from 'node:util';
import { DataError } from '../errors.js';
import { unpackedPieces } from '../io/gzip.js';
import { checkMaxBytes, reasonOf } from '../io/path.js';
import { RegularFile } from '../io/regularFile.js';
import { checkOptions, type OptionNames } from '../options.js';

export interface LoadTextOptions {
  /** Refuses larger files, also once unpacked. Default: 1 GiB. */
  maxBytes?: number;
}

const NAMES: OptionNames<LoadTextOptions> = { maxBytes: true };

const MAX_BYTES = 2 ** 30;

/**
 * Reads a text file, as it is or as .gz. It has to be UTF-8; a byte order mark at its start is left out.
 * @throws DataError that names the file and what is wrong with it
 */
export async function loadText(path: string, options: LoadTextOptions = {}): Promise<string> {
  checkOptions('loadText', options, NAMES);
  const { maxBytes = MAX_BYTES } = options;
  checkMaxBytes('loadText', maxBytes);
  return RegularFile.use(path, { fault: DataError }, (file) => textOf(file, maxBytes));
}

/** Decoded as it is read: the bytes are not held beside the text. */
async function textOf(file: RegularFile, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (piece?: Uint8Array): string => {
    try {
      return piece ? decoder.decode(piece, { stream: true }) : decoder.decode();
    } catch (cause) {
      throw new DataError(`${file.name}: is no UTF-8 text`, { cause });
    }
  };
  const texts: string[] = [];
  for await (const piece of unpackedPieces(file, maxBytes)) texts.push(decode(piece));
  texts.push(decode());
  try {
    return texts.join('');
  } catch (cause) {
    throw new DataError(`${file.name}: is longer than a string can be: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

import { TextDecoder } from 'node:util';
import { DataError } from '../errors.js';
import { checkOptions, type OptionNames } from '../options.js';
import { readMaybeGzip } from './idx.js';

export interface LoadTextOptions {
  /** Refuses larger files, also once unpacked. Default: 1 GiB. */
  maxBytes?: number;
}

const NAMES: OptionNames<LoadTextOptions> = { maxBytes: true };

/**
 * Reads a text file, as it is or as .gz. It has to be UTF-8; a byte order mark at its start is left out.
 * @throws DataError that names the file and what is wrong with it
 */
export async function loadText(path: string, options: LoadTextOptions = {}): Promise<string> {
  checkOptions('loadText', options, NAMES);
  const bytes = await readMaybeGzip(path, options.maxBytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DataError(`${path}: is no UTF-8 text`, { cause });
  }
}

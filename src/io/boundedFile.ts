import { readFile, stat } from 'node:fs/promises';
import { DataError } from '../errors.js';
import { isError } from '../realm.js';

/**
 * The bytes of a file of data.
 * @throws DataError that names the file if it cannot be read, or has more than `maxBytes`
 */
export async function readBoundedFile(path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > maxBytes)
      throw new DataError(`${path}: ${size} bytes, at most ${maxBytes} are read`);
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    const reason = isError(cause) ? cause.message : String(cause);
    throw new DataError(`${path}: cannot be read: ${reason}`, { cause });
  }
}

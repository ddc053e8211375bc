import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isUint8Array } from 'node:util/types';
import { checkOptions, type OptionNames } from '../options.js';

export interface AtomicFileOptions {
  /**
   * Always the same temporary name, made of the file's own, so that what a crash has left is replaced by the next
   * write. For files that one writer at a time has to itself. Default: false, a name of its own for each write.
   */
  fixedTemporary?: boolean;
}

const NAMES: OptionNames<AtomicFileOptions> = { fixedTemporary: true };

/**
 * Writes a file so that a reader, or a crash at any moment, finds either the old content or the whole new one:
 * to a temporary name in the same folder, flushed to the disk, then renamed. A failed write leaves nothing.
 *
 * @param path where the file goes; its folder must exist
 * @param content text (UTF-8), bytes, or pieces of bytes to be written one after the other
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array | Iterable<Uint8Array>,
  options: AtomicFileOptions = {},
): Promise<void> {
  checkOptions('writeFileAtomic', options, NAMES);
  const { fixedTemporary = false } = options;
  const folder = dirname(path);
  const unique = fixedTemporary ? basename(path) : randomBytes(8).toString('hex');
  const temporary = join(folder, `.axonode-${unique}.tmp`);
  try {
    if (fixedTemporary) await rm(temporary, { force: true });
    const file = await open(temporary, 'wx');
    try {
      await writeAll(file, content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

async function writeAll(
  file: FileHandle,
  content: string | Uint8Array | Iterable<Uint8Array>,
): Promise<void> {
  if (typeof content === 'string' || isUint8Array(content)) {
    await file.writeFile(content);
    return;
  }
  // writeFile on a handle goes on from where the last one ended.
  for (const piece of content) await file.writeFile(piece);
}

/** Makes the rename itself last. Some systems (Windows) cannot open or flush a folder; the file is safe anyway. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    return;
  }
}

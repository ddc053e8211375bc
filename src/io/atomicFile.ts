import { lstat, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isUint8Array } from 'node:util/types';
import { ArgumentError, WriteError } from '../errors.js';
import { checkOptions, type OptionNames } from '../options.js';
import { makeFolder } from './folder.js';
import { checkPath, kindOf, reasonOf } from './path.js';
import { isLeftover, temporaryName } from './processIdentity.js';

export interface AtomicFileOptions {
  /** Makes the folder of the file, and those on the way to it. Default: false, the folder must exist. */
  makeFolder?: boolean;
}

const NAMES: OptionNames<AtomicFileOptions> = { makeFolder: true };

/**
 * Writes a file so that a reader, or a crash at any moment, finds either the old content or the whole new one:
 * to a temporary name in the same folder, flushed to the disk, then renamed. A failed write leaves nothing; what a
 * crash leaves is removed by a later write into the folder.
 *
 * @param path where the file goes; its folder must exist. What is there already has to be a file
 * @param content text (UTF-8), bytes, or pieces of bytes to be written one after the other
 * @throws WriteError with the system's error as cause: a full disk, no permission, no such folder, a folder or a device
 *   in the place of the file. What was there before is as it was
 * @throws ArgumentError if `path` is no path, or `content` nothing that can be written
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array | Iterable<Uint8Array>,
  options: AtomicFileOptions = {},
): Promise<void> {
  checkOptions('writeFileAtomic', options, NAMES);
  checkPath('writeFileAtomic', path);
  const pieces = piecesOf(content);
  const folder = dirname(path);
  if (options.makeFolder === true) await makeFolder(folder);
  await checkTarget(path);
  await removeLeftoversOnce(folder);
  const temporary = join(folder, await temporaryName());
  try {
    await fill(path, temporary, pieces);
    await attempt(path, () => rename(temporary, path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(folder);
}

async function attempt<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    throw new WriteError(`${path}: cannot be written: ${reasonOf(cause)}`, { cause });
  }
}

function piecesOf(content: string | Uint8Array | Iterable<Uint8Array>): Iterable<unknown> {
  if (typeof content === 'string' || ArrayBuffer.isView(content)) return [content];
  if (typeof content?.[Symbol.iterator] === 'function') return content;
  throw new ArgumentError('writeFileAtomic: the content is neither text, nor bytes, nor a list');
}

/** A rename would put a file in the place of a device or a pipe, which others use. */
async function checkTarget(path: string): Promise<void> {
  const there = await stat(path).catch(() => null);
  if (there === null || there.isFile()) return;
  const code = there.isDirectory() ? 'EISDIR' : 'EINVAL';
  const cause = Object.assign(new Error(`${code}: there is ${kindOf(there)}`), { code, path });
  throw new WriteError(`${path}: cannot be written: there is ${kindOf(there)}, not a file`, {
    cause,
  });
}

async function fill(path: string, temporary: string, pieces: Iterable<unknown>): Promise<void> {
  const file = await attempt(path, () => open(temporary, 'wx'));
  try {
    // writeFile on a handle goes on from where the last one ended. The pieces' own errors are their maker's.
    for (const piece of pieces) {
      const bytes = bytesOf(piece);
      await attempt(path, () => file.writeFile(bytes));
    }
    await attempt(path, () => file.sync());
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }
  // Some file systems tell only now that the disk is full.
  await attempt(path, () => file.close());
}

function bytesOf(piece: unknown): string | Uint8Array {
  if (typeof piece === 'string' || isUint8Array(piece)) return piece;
  if (ArrayBuffer.isView(piece)) {
    return new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
  }
  throw new ArgumentError('writeFileAtomic: a piece of the content is no bytes');
}

/** Folders that were cleaned, by this process. */
const cleaned = new Set<string>();

async function removeLeftoversOnce(folder: string): Promise<void> {
  const place = resolve(folder);
  if (cleaned.has(place)) return;
  cleaned.add(place);
  await removeLeftovers(folder);
}

/**
 * Removes what writers that crashed have left in a folder.
 * @param isOwned true if no other process may be writing in the folder
 */
export async function removeLeftovers(folder: string, isOwned = false): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const path = join(folder, name);
    const age = async (): Promise<number> =>
      Date.now() - ((await lstat(path).catch(() => null)) ?? { mtimeMs: Date.now() }).mtimeMs;
    if (await isLeftover(name, age, isOwned))
      await rm(path, { force: true }).catch(() => undefined);
  }
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

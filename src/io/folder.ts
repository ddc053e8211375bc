import type { Stats } from 'node:fs';
import { access, lstat, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { WriteError } from '../errors.js';
import { checkPath, type FaultClass, reasonOf } from './path.js';

/** What a folder holds: names, and whether each is a folder itself, not a link to one. */
export interface FolderEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** What there is at a path; its faults name the path, and are of the class asked for. */
export function statOf(path: string, fault: FaultClass): Promise<Stats> {
  return asked(path, fault, () => stat(path));
}

/** The entries of a folder, in no order. */
export async function listFolder(path: string, fault: FaultClass): Promise<FolderEntry[]> {
  const entries = await asked(path, fault, () => readdir(path, { withFileTypes: true }));
  return entries.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
}

async function asked<T>(path: string, fault: FaultClass, ask: () => Promise<T>): Promise<T> {
  checkPath('reading a folder', path);
  try {
    return await ask();
  } catch (cause) {
    throw new fault(`${path}: cannot be read: ${reasonOf(cause)}`, { cause });
  }
}

/** True if there is something at a path that can be asked about. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

/** True for a symbolic link, also one that leads nowhere. */
export async function isLink(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => null);
  return found?.isSymbolicLink() ?? false;
}

/**
 * Makes a folder, and those on the way to it.
 * @throws WriteError if it cannot be made
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw new WriteError(`${path}: the folder cannot be made: ${reasonOf(cause)}`, { cause });
  }
}

/**
 * Removes a file, if it is there.
 * @throws WriteError if it cannot be removed
 */
export async function removeFile(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (cause) {
    throw new WriteError(`${path}: cannot be removed: ${reasonOf(cause)}`, { cause });
  }
}

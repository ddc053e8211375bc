import type { Stats } from 'node:fs';
import { ArgumentError, type AxonodeError } from '../errors.js';
import { isError } from '../realm.js';

/** The class of error that a reader throws for a file: of data, or of weights. */
export type FaultClass = new (message: string, options?: ErrorOptions) => AxonodeError;

/** What went wrong, as text, whatever was thrown. */
export function reasonOf(cause: unknown): string {
  return isError(cause) ? cause.message : String(cause);
}

/** The system's name of a fault, such as `ENOENT`. */
export function codeOf(cause: unknown): string | undefined {
  const code = isError(cause) && 'code' in cause ? cause.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/**
 * A path that the system can be asked about.
 * @param owner who was given it, for messages
 * @throws ArgumentError unless it is text, not empty, and without the zero character, which no path can have
 */
export function checkPath(owner: string, path: string): string {
  if (typeof path === 'string' && path !== '' && !path.includes('\0')) return path;
  let found = 'empty';
  if (typeof path !== 'string') found = `of type ${path === null ? 'null' : typeof path}`;
  else if (path !== '') found = `${JSON.stringify(path)}, with a zero character in it`;
  throw new ArgumentError(`${owner}: the path is ${found}, expected that of a file or folder`);
}

/** What there is at a path, in words. */
export function kindOf(stats: Stats): string {
  if (stats.isFile()) return 'a file';
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a named pipe (FIFO)';
  if (stats.isSocket()) return 'a socket';
  if (stats.isCharacterDevice()) return 'a character device';
  if (stats.isBlockDevice()) return 'a block device';
  return 'no file of a known kind';
}

/**
 * The most bytes that a reader is to take; no limit is Infinity.
 * @throws ArgumentError unless it is a number ≥ 0
 */
export function checkMaxBytes(owner: string, maxBytes: number, option = 'maxBytes'): number {
  if (typeof maxBytes === 'number' && maxBytes >= 0) return maxBytes;
  throw new ArgumentError(`${owner}: ${option} is ${String(maxBytes)}, expected a number ≥ 0`);
}

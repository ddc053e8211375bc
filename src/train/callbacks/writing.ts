import { ArgumentError, WriteError } from '../../errors.js';
import { isError } from '../../realm.js';
import type { TrainingRun } from '../loop/callback.js';

/**
 * A full disk is no reason to lose a run: what cannot be written is told once, as a warning.
 *
 * @param what is written, for the message
 * @returns false if it could not be written
 */
export async function tryWriting(
  run: TrainingRun,
  what: string,
  write: () => Promise<void>,
): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    const isSystemError = isError(error) && 'syscall' in error;
    if (!(error instanceof WriteError) && !isSystemError) throw error;
    run.log.warn({ error }, `${what} is no longer written: ${error.message}`);
    return false;
  }
}

/** @throws ArgumentError unless a destination is the path of a file or folder */
export function checkPath(owner: string, path: string): string {
  if (typeof path === 'string' && path !== '') return path;
  const found = typeof path === 'string' ? 'empty' : `of type ${typeof path}`;
  throw new ArgumentError(`${owner}: the path is ${found}, expected that of a file or folder`);
}

import { WriteError } from '../../errors.js';
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

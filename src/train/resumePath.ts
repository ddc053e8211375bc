import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ArgumentError, CheckpointError } from '../errors.js';
import { isError } from '../realm.js';
import { LAST, ModelCheckpoint } from './callbacks/modelCheckpoint.js';
import type { Callback } from './loop/callback.js';

/** The checkpoint to go on from; null to start from the beginning. */
export async function resumePath(
  resume: boolean | string | undefined,
  callbacks: readonly Callback[],
): Promise<string | null> {
  if (resume === undefined || resume === false) return null;
  if (typeof resume === 'string') {
    const entry = await entryAt(resume);
    const isFolder = entry?.isDirectory() ?? !resume.endsWith('.safetensors');
    return isFolder ? existing(join(resume, LAST)) : resume;
  }
  const saving = callbacks.find((callback) => callback instanceof ModelCheckpoint);
  if (saving === undefined) {
    throw new ArgumentError('fit: resume is true without checkpoint; give one of them a folder');
  }
  return existing(saving.lastPath);
}

async function existing(path: string): Promise<string | null> {
  return (await entryAt(path)) === null ? null : path;
}

/** Null if there is nothing; what cannot be looked at must not be taken for nothing. */
async function entryAt(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (cause) {
    if (isError(cause) && 'code' in cause && cause.code === 'ENOENT') return null;
    const reason = isError(cause) ? cause.message : String(cause);
    throw new CheckpointError(`${path}: cannot be looked at: ${reason}`, { cause });
  }
}

import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { ArgumentError, CheckpointError } from '../errors.js';
import { isLink, statOf } from '../io/folder.js';
import { checkPath, codeOf } from '../io/path.js';
import { LAST, ModelCheckpoint } from './callbacks/modelCheckpoint.js';
import type { Callback } from './loop/callback.js';

function savingOf(callbacks: readonly Callback[]): ModelCheckpoint {
  const saving = callbacks.find((callback) => callback instanceof ModelCheckpoint);
  if (saving !== undefined) return saving;
  throw new ArgumentError('fit: resume is true without checkpoint; give one of them a folder');
}

/** @throws ArgumentError unless it can be known which checkpoint is meant */
export function checkResume(
  resume: boolean | string | undefined,
  callbacks: readonly Callback[],
): void {
  if (resume === true) savingOf(callbacks);
  else if (resume !== undefined && resume !== false) checkPath('fit: resume', resume);
}

/** The checkpoint to go on from; null to start from the beginning. */
export async function resumePath(
  resume: boolean | string | undefined,
  callbacks: readonly Callback[],
): Promise<string | null> {
  if (resume === undefined || resume === false) return null;
  if (resume === true) return existing(savingOf(callbacks).lastPath);
  const entry = await entryAt(resume);
  const isFolder = entry?.isDirectory() ?? !resume.endsWith('.safetensors');
  return isFolder ? existing(join(resume, LAST)) : resume;
}

async function existing(path: string): Promise<string | null> {
  return (await entryAt(path)) === null ? null : path;
}

/** Null if there is nothing; what cannot be looked at, and a link to nothing, must not be taken for nothing. */
async function entryAt(path: string): Promise<Stats | null> {
  try {
    return await statOf(path, CheckpointError);
  } catch (error) {
    const isMissing = error instanceof CheckpointError && codeOf(error.cause) === 'ENOENT';
    if (isMissing && !(await isLink(path))) return null;
    throw error;
  }
}

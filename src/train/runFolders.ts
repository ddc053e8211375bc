import { resolve } from 'node:path';
import { removeLeftovers } from '../io/atomicFile.js';
import { FolderLock } from '../io/folderLock.js';
import { ModelCheckpoint } from './callbacks/modelCheckpoint.js';
import type { Callback } from './loop/callback.js';
import type { Logger } from './loop/logger.js';

/**
 * Takes the folders that checkpoints go to, so that no other run writes there, and cleans them of what a crash has left.
 * @returns what gives them back
 * @throws CheckpointError if another run has one of them
 */
export async function takeFolders(
  callbacks: readonly Callback[],
  log: Logger,
): Promise<() => Promise<void>> {
  const saving = callbacks.filter((callback) => callback instanceof ModelCheckpoint);
  const locks = new Map<string, FolderLock>();
  const giveBack = async (): Promise<void> => {
    for (const callback of saving) callback.lock = null;
    for (const lock of locks.values()) await lock.release();
  };
  try {
    for (const callback of saving) {
      const place = resolve(callback.folder);
      let lock = locks.get(place);
      if (lock === undefined) {
        lock = await FolderLock.acquire(callback.folder, {
          onWait: (message) => log.info({}, message),
        });
        locks.set(place, lock);
        await removeLeftovers(callback.folder, true);
      }
      callback.lock = lock;
    }
    return giveBack;
  } catch (error) {
    await giveBack();
    throw error;
  }
}

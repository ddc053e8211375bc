import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

/**
 * Gives each test of a file, or of a `describe`, an empty folder of its own, which is gone afterwards.
 * @param use told the folder before each test
 */
export function eachInFolder(use: (folder: string) => void): void {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'axonode-'));
    use(folder);
  });
  afterEach(() => rm(folder, { recursive: true }));
}

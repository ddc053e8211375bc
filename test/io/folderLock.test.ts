import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../../src/errors.js';
import { FolderLock, LOCK_FILE } from '../../src/io/folderLock.js';
import { ownIdentity } from '../../src/io/processIdentity.js';
import { eachInFolder } from '../support/folder.js';
import { within } from '../support/notFiles.js';

const HOLDER = fileURLToPath(new URL('./holder.mjs', import.meta.url));
/** Far less than the patience that others have. */
const AT_ONCE_MS = 10_000;
/** Of a test that cannot wait for long. */
const QUICK = { beat: 20, patience: 200 };

let folder = '';
eachInFolder((path) => {
  folder = join(path, 'run');
});

/** Another process that has the folder. */
async function holder(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [HOLDER, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout !== null) await once(child.stdout, 'data');
  return child;
}

/** Writes a lock of somebody as described; what is not given is this process. */
async function lockOf(given: object): Promise<void> {
  const identity = { ...(await ownIdentity()), token: 'other', since: '2026-01-01', ...given };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, LOCK_FILE), JSON.stringify(identity));
}

const acquire = (timing = QUICK) => FolderLock.acquire(folder, { timing });

describe('a folder that somebody has', () => {
  it('is refused, with who has it and what to do', async () => {
    const child = await holder();
    try {
      const error = await acquire().catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(CheckpointError);
      const { message } = error as CheckpointError;
      expect(message).toContain(`process ${child.pid} on `);
      expect(message).toContain(`delete ${join(folder, LOCK_FILE)}`);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });

  it('is refused to this very process', async () => {
    const lock = await acquire();
    await expect(acquire()).rejects.toThrow(CheckpointError);
    await lock.confirm();
    await lock.release();
    const next = await acquire();
    await next.release();
    expect(await readdir(folder)).toEqual([]);
  });

  it('is free at once when the process was killed', async () => {
    const child = await holder();
    child.kill('SIGKILL');
    await once(child, 'exit');
    const lock = await within(AT_ONCE_MS, FolderLock.acquire(folder));
    await lock.release();
  });

  it('is free at once when the thread has ended, though the process lives', async () => {
    const worker = new Worker(HOLDER, { workerData: folder });
    await once(worker, 'message');
    await expect(acquire()).rejects.toThrow(/thread \d+ on/);
    await worker.terminate();
    const lock = await within(AT_ONCE_MS, FolderLock.acquire(folder));
    await lock.release();
  });

  it('is free at once when the number is that of another process by now', async () => {
    await lockOf({ began: '1' });
    const lock = await within(AT_ONCE_MS, FolderLock.acquire(folder));
    await lock.release();
  });
});

describe('a holder that cannot be looked at', () => {
  const STRANGERS: readonly (readonly [string, object])[] = [
    ['of another machine', { host: 'elsewhere', boot: 'another' }],
    ['of another container', { space: 'pid:[1]' }],
    ['of a machine that has started anew', { boot: 'before' }],
    ['of a system that tells nothing', { boot: null, space: null, thread: null, began: null }],
  ];

  it.each(STRANGERS)('%s is gone when it gives no sign of life', async (_, given) => {
    await lockOf(given);
    const told: string[] = [];
    const lock = await FolderLock.acquire(folder, {
      onWait: (text) => void told.push(text),
      timing: QUICK,
    });
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/waiting 0\.2 s for a sign of life/);
    await lock.release();
  });

  it.each(STRANGERS)('%s has the folder as long as it gives them', async (_, given) => {
    await lockOf(given);
    const path = join(folder, LOCK_FILE);
    const timer = setInterval(() => void utimes(path, new Date(), new Date()), 20);
    await expect(acquire()).rejects.toThrow(CheckpointError);
    clearInterval(timer);
  });

  it('that nobody can read is gone after the same time', async () => {
    for (const text of ['', '{"pid":', '{"toString":1}', '{"pid":-1,"host":"a","token":"b"}']) {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, LOCK_FILE), text);
      await (await acquire()).release();
    }
  });

  it('cannot write to the terminal through its names', async () => {
    await lockOf({ host: '\u001b[31mred', boot: 'other' });
    const told: string[] = [];
    const lock = await FolderLock.acquire(folder, {
      onWait: (text) => void told.push(text),
      timing: QUICK,
    });
    expect(told.join()).not.toContain('\u001b');
    await lock.release();
  });
});

describe('a lock', () => {
  it('goes to one of many who take it from the dead', async () => {
    for (let round = 0; round < 5; round++) {
      await lockOf({ began: '1' });
      const all = await Promise.allSettled(Array.from({ length: 12 }, () => acquire()));
      const won = all.filter((each) => each.status === 'fulfilled');
      expect(won).toHaveLength(1);
      for (const each of all) {
        if (each.status === 'rejected') expect(each.reason).toBeInstanceOf(CheckpointError);
        else await each.value.release();
      }
      expect(await readdir(folder)).toEqual([]);
    }
  });

  it('is taken although somebody has died over taking it', async () => {
    await lockOf({ began: '1' });
    const text = await readFile(join(folder, LOCK_FILE), 'utf8');
    const name = createHash('sha256').update(text).digest('hex').slice(0, 16);
    await writeFile(join(folder, `${LOCK_FILE}-${name}`), '');
    await (await within(AT_ONCE_MS, acquire())).release();
    expect(await readdir(folder)).toEqual([]);
  });

  it('gives signs of life', async () => {
    const lock = await acquire();
    await utimes(lock.path, 0, 0);
    const isOld = async (): Promise<boolean> => (await stat(lock.path)).mtimeMs === 0;
    await within(
      AT_ONCE_MS,
      (async () => {
        while (await isOld()) await sleep(5);
      })(),
    );
    await lock.release();
  });

  it('is made anew where its folder was deleted, and lost where another has taken it', async () => {
    const lock = await acquire();
    await rm(folder, { recursive: true });
    await lock.confirm();
    expect(await readdir(folder)).toEqual([LOCK_FILE]);
    await rm(lock.path);
    const other = await acquire();
    await expect(lock.confirm()).rejects.toThrow(/has taken this folder from this run/);
    await lock.release();
    await other.confirm();
    await other.release();
  });

  it('of one file leaves the others to others', async () => {
    const file = await FolderLock.acquire(folder, { timing: QUICK, file: 'a.json' });
    const other = await FolderLock.acquire(folder, { timing: QUICK, file: 'b'.repeat(250) });
    const again = FolderLock.acquire(folder, { timing: QUICK, file: 'a.json' });
    await expect(again).rejects.toThrow(/a\.json: another run .* has this file/);
    await file.release();
    await other.release();
    expect(await readdir(folder)).toEqual([]);
  });

  it('that cannot be written is a typed error', async () => {
    await mkdir(join(folder, '..'), { recursive: true });
    await writeFile(folder, 'a file in the way');
    await expect(acquire()).rejects.toThrow(/cannot be written: .*EEXIST/);
    await rm(folder);
    await mkdir(join(folder, LOCK_FILE), { recursive: true });
    await expect(acquire()).rejects.toThrow(CheckpointError);
  });
});

import { Buffer } from 'node:buffer';
import { createHash, randomBytes } from 'node:crypto';
import { link, open, rename, rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { clearInterval, setInterval } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMap } from 'node:util/types';
import { CheckpointError, WriteError } from '../errors.js';
import { makeFolder } from './folder.js';
import { codeOf, reasonOf } from './path.js';
import { type Identity, lifeOf, ownIdentity, temporaryName } from './processIdentity.js';
import { RegularFile } from './regularFile.js';
import { parseStrictJson } from './strictJson.js';

/** The file in a folder that says who has it. */
export const LOCK_FILE = '.axonode-lock';

const MAX_LOCK_BYTES = 2 ** 14;
/** Attempts to take a lock whose holder is gone, where others try the same. */
const MAX_ATTEMPTS = 20;

export interface LockTiming {
  /** Milliseconds between two signs of life. */
  readonly beat: number;
  /**
   * A holder on another machine, or in another container, cannot be looked at. It counts as gone if it has given no sign
   * of life for so many milliseconds.
   */
  readonly patience: number;
}

const TIMING: LockTiming = { beat: 5000, patience: 20_000 };

export interface LockOptions {
  /**
   * Told once if there is somebody of whom it is not known whether they live, and who is waited for. Default: nobody.
   */
  readonly onWait?: (message: string) => void;
  readonly timing?: LockTiming;
  /** Only this file in the folder is to be kept from others. Default: all of the folder. */
  readonly file?: string;
}

interface Holder extends Identity {
  readonly token: string;
  readonly since: string;
}

/** What stands in a lock file, and when it last changed; a null holder is nobody that could be read. */
interface Found {
  readonly holder: Holder | null;
  readonly text: string;
  /** Changes with each sign of life. */
  readonly beat: bigint;
}

/**
 * Keeps two runs out of one folder. The lock is a file that names the process that holds it. It outlives a crash, so a
 * lock whose process is gone is taken over: at once where processes can be looked at, else after it has given no sign
 * of life for a while.
 */
export class FolderLock {
  readonly folder: string;
  readonly path: string;
  /** What is kept from others, as a path and as a word. */
  readonly #place: string;
  readonly #what: 'folder' | 'file';
  readonly #timing: LockTiming;
  #holder: Holder;
  #timer: NodeJS.Timeout | undefined;

  private constructor(folder: string, holder: Holder, timing: LockTiming, file?: string) {
    this.folder = folder;
    this.path = join(folder, file === undefined ? LOCK_FILE : `${LOCK_FILE}-${shortened(file)}`);
    this.#place = file === undefined ? folder : join(folder, file);
    this.#what = file === undefined ? 'folder' : 'file';
    this.#holder = holder;
    this.#timing = timing;
  }

  /**
   * Takes a folder, or a file in it, and makes the folder if need be.
   * @throws CheckpointError if somebody else has it, or the lock of a folder cannot be written
   * @throws WriteError if the lock of a file cannot be written
   */
  static async acquire(
    folder: string,
    { onWait = () => {}, timing = TIMING, file }: LockOptions = {},
  ): Promise<FolderLock> {
    const token = randomBytes(16).toString('hex');
    const holder = { ...(await ownIdentity()), token, since: new Date().toISOString() };
    const lock = new FolderLock(folder, holder, timing, file);
    try {
      await makeFolder(folder);
      await lock.#take(onWait);
    } catch (cause) {
      if (cause instanceof CheckpointError) throw cause;
      throw lock.#unwritable(cause);
    }
    lock.#beat();
    return lock;
  }

  /**
   * Makes sure that the folder is still ours. If it was deleted, it is made anew.
   * @throws CheckpointError if somebody else has taken it
   */
  async confirm(): Promise<void> {
    const found = await readLock(this.path);
    if (found?.holder?.token === this.#holder.token) return;
    try {
      if (found === null) {
        await makeFolder(this.folder);
        if (await this.#create()) return;
      }
    } catch (cause) {
      throw this.#unwritable(cause);
    }
    const now = found ?? (await readLock(this.path));
    throw new CheckpointError(
      `${this.#place}: ${describe(now?.holder ?? null)} has taken this ${this.#what} from this run, whose lock was deleted or ` +
        'gave no sign of life for long; nothing was written',
    );
  }

  /** Gives the folder back; what goes wrong is of no use to anybody. */
  async release(): Promise<void> {
    clearInterval(this.#timer);
    const found = await readLock(this.path).catch(() => null);
    if (found?.holder?.token === this.#holder.token) {
      await rm(this.path, { force: true }).catch(() => undefined);
    }
  }

  async #take(onWait: (message: string) => void): Promise<void> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      if (await this.#create()) return;
      const found = await readLock(this.path);
      if (found === null) continue;
      if (await this.#isAlive(found, onWait)) throw this.#refusal(found);
      if (await this.#replace(found)) return;
    }
    throw this.#refusal(await readLock(this.path));
  }

  #unwritable(error: unknown): CheckpointError | WriteError {
    // The system's own error says most.
    const cause = error instanceof WriteError ? error.cause : error;
    const reason = reasonOf(cause);
    if (this.#what === 'file') {
      return new WriteError(`${this.#place}: cannot be written: ${reason}`, { cause });
    }
    return new CheckpointError(
      `${this.#place}: the checkpoint cannot be written: ${reason}; what was there before is untouched`,
      { cause },
    );
  }

  #refusal(found: Found | null): CheckpointError {
    return new CheckpointError(
      `${this.#place}: ${describe(found?.holder ?? null)} has this ${this.#what}; two would overwrite what the other ` +
        `writes. Give this one another ${this.#what}, or wait for that one to end. If it is no longer running, delete ` +
        `${this.path}`,
    );
  }

  /** Whether whoever holds the lock still runs. */
  async #isAlive(found: Found, onWait: (message: string) => void): Promise<boolean> {
    const life = found.holder === null ? 'unknown' : await lifeOf(found.holder);
    if (life !== 'unknown') return life === 'runs';
    onWait(
      `${this.#place}: ${describe(found.holder)} has this ${this.#what}, and cannot be looked at from here; ` +
        `waiting ${this.#timing.patience / 1000} s for a sign of life`,
    );
    for (const end = performance.now() + this.#timing.patience; performance.now() < end; ) {
      await sleep(Math.min(this.#timing.beat, this.#timing.patience) / 2);
      const now = await readLock(this.path);
      if (now === null) return false;
      if (now.text !== found.text || now.beat !== found.beat) return true;
    }
    return false;
  }

  get #text(): string {
    return `${JSON.stringify(this.#holder, null, 1)}\n`;
  }

  /** True if the lock is ours now; false if there was one. */
  #create(): Promise<boolean> {
    return createWhole(this.folder, this.path, this.#text);
  }

  /**
   * Puts our lock in the place of that of somebody who is gone; true if it is ours now. Of many who try, one may: whoever
   * makes a file that is named after the old lock.
   */
  async #replace(found: Found): Promise<boolean> {
    const permit = `${this.path}-${digestOf(found.text)}`;
    if (!(await createWhole(this.folder, permit, this.#text))) {
      await this.#outwait(permit, found);
      return false;
    }
    try {
      const now = await readLock(this.path);
      if (now?.text !== found.text) return false;
      const temporary = join(this.folder, await temporaryName());
      await writeNew(temporary, this.#text);
      await rename(temporary, this.path);
      return true;
    } finally {
      await rm(permit, { force: true });
    }
  }

  /** Waits for somebody else who takes the lock over. One who dies over it shall not block the folder for ever. */
  async #outwait(permit: string, found: Found): Promise<void> {
    for (const end = performance.now() + this.#timing.patience; performance.now() < end; ) {
      if ((await readLock(this.path))?.text !== found.text) return;
      await sleep(Math.min(20, this.#timing.beat));
      if ((await readLock(permit)) === null) return;
    }
    await rm(permit, { force: true });
  }

  #beat(): void {
    this.#timer = setInterval(() => {
      const now = new Date();
      void readLock(this.path)
        .then(async (found) => {
          if (found?.holder?.token === this.#holder.token) await utimes(this.path, now, now);
        })
        .catch(() => undefined);
    }, this.#timing.beat);
    this.#timer.unref();
  }
}

/** What systems without hard links say. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV', 'EACCES']);

/** Makes a file that appears with all that it says, or not at all; false if there is one. */
async function createWhole(folder: string, path: string, text: string): Promise<boolean> {
  const temporary = join(folder, await temporaryName());
  try {
    await writeNew(temporary, text);
    await link(temporary, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    if (!NO_LINKS.has(codeOf(error) ?? '')) throw error;
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
  try {
    await writeNew(path, text);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
}

/** Null if there is no lock. */
async function readLock(path: string): Promise<Found | null> {
  let text: string;
  let beat: bigint;
  try {
    [text, beat] = await RegularFile.use(path, { fault: CheckpointError }, async (file) => {
      const bytes = await file.readAll(MAX_LOCK_BYTES);
      return [Buffer.from(bytes).toString('utf8'), await file.modified()];
    });
  } catch (error) {
    if (error instanceof CheckpointError && codeOf(error.cause) === 'ENOENT') return null;
    throw error;
  }
  return { holder: holderOf(text), text, beat };
}

function holderOf(text: string): Holder | null {
  try {
    const root = parseStrictJson(text);
    if (!isMap(root)) return null;
    const textAt = (key: string): string | null => {
      const value = root.get(key);
      return typeof value === 'string' ? value : null;
    };
    const countAt = (key: string): number | null => {
      const value = root.get(key);
      return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : null;
    };
    const [host, pid, token] = [textAt('host'), countAt('pid'), textAt('token')];
    if (host === null || pid === null || token === null) return null;
    const [boot, space, began] = [textAt('boot'), textAt('space'), textAt('began')];
    const since = textAt('since') ?? 'an unknown time';
    return { host, pid, token, since, boot, space, began, thread: countAt('thread') };
  } catch {
    return null;
  }
}

/** Names come from a file that anybody may have written. */
function describe(holder: Holder | null): string {
  if (holder === null) return 'another run, of which its lock does not tell,';
  const { pid, host, since, thread } = holder;
  const shown = (text: string): string => text.slice(0, 100).replace(/[^\w.:+-]/g, '?');
  const part = thread === null || thread === pid ? '' : `, thread ${thread}`;
  return `another run (process ${pid}${part} on ${shown(host)}, since ${shown(since)})`;
}

/** A name that leaves room for what is put before and behind it. */
function shortened(name: string): string {
  return Buffer.byteLength(name) < 150 ? name : digestOf(name);
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

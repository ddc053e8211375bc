import { basename, dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { ArgumentError, CheckpointError } from '../../errors.js';
import { writeFileAtomic } from '../../io/atomicFile.js';
import { isLink } from '../../io/folder.js';
import { FolderLock } from '../../io/folderLock.js';
import { isJsonObject, type Json, type JsonObject } from '../../io/json.js';
import { checkPath, codeOf, reasonOf } from '../../io/path.js';
import { readTextFile } from '../../io/regularFile.js';
import { plainOf, strictJsonSteps } from '../../io/strictJson.js';
import { runInTurns } from '../../io/turns.js';
import type { Goal } from '../../optim/goal.js';

/** A run of a trial, with one budget. */
export interface TrialRun<P = JsonObject> {
  /** Number of the trial, from 0; its hyper-parameters depend on it and the seed only. */
  readonly trial: number;
  readonly params: P;
  readonly budget: number;
  /** Null where it failed. */
  readonly score: number | null;
  /** Why it failed. */
  readonly error?: string;
  readonly seconds: number;
}

/** What makes a search the same one when it goes on. */
export interface SearchIdentity {
  readonly seed: number;
  readonly goal: Goal;
  readonly space: Json;
  readonly strategy: Json;
  readonly trials: number;
}

const VERSION = 1;
/** A run takes a few hundred bytes. */
const MAX_FILE_BYTES = 2 ** 28;

function isRun(value: unknown): value is TrialRun {
  if (typeof value !== 'object' || value === null) return false;
  const run: Partial<Record<keyof TrialRun, unknown>> = value;
  return (
    Number.isSafeInteger(run.trial) &&
    Number.isSafeInteger(run.budget) &&
    typeof run.params === 'object' &&
    run.params !== null &&
    (run.score === null ? typeof run.error === 'string' : Number.isFinite(run.score)) &&
    Number.isFinite(run.seconds)
  );
}

/** The results of a search, in a file if there is to be one, which is whole at any moment. */
export class ResultStore {
  readonly #file: string | undefined;
  readonly #identity: SearchIdentity;
  readonly #runs = new Map<string, TrialRun>();
  #writing: Promise<void> = Promise.resolve();
  #lock: FolderLock | null = null;

  constructor(file: string | undefined, identity: SearchIdentity) {
    this.#file = file === undefined ? undefined : checkPath('search: file', file);
    this.#identity = identity;
  }

  get runs(): readonly TrialRun[] {
    return [...this.#runs.values()];
  }

  find(trial: number, budget: number): TrialRun | undefined {
    return this.#runs.get(`${trial}/${budget}`);
  }

  /**
   * Takes over the results of a file, if there is one.
   * @throws CheckpointError if it is damaged
   * @throws ArgumentError if it holds another search
   */
  async load(): Promise<void> {
    if (this.#file === undefined) return;
    let text: string;
    try {
      text = await readTextFile(this.#file, CheckpointError, MAX_FILE_BYTES);
    } catch (error) {
      const isMissing = error instanceof CheckpointError && codeOf(error.cause) === 'ENOENT';
      if (isMissing && !(await isLink(this.#file))) return;
      throw error;
    }
    const { identity, runs } = await this.#parse(text);
    const own: Record<string, unknown> = { ...this.#identity };
    for (const [key, value] of Object.entries(own)) {
      const saved = Object.hasOwn(identity, key) ? identity[key] : undefined;
      if (isDeepStrictEqual(saved, JSON.parse(JSON.stringify(value)))) continue;
      throw new ArgumentError(
        `search: ${this.#file} holds another search: its ${key} is ${JSON.stringify(saved)}, ` +
          `this one's ${JSON.stringify(value)}; take another file`,
      );
    }
    for (const run of runs) this.#runs.set(`${run.trial}/${run.budget}`, run);
  }

  async #parse(text: string): Promise<{ identity: JsonObject; runs: TrialRun[] }> {
    const damaged = (what: string, cause?: unknown): CheckpointError =>
      new CheckpointError(`search: ${this.#file} is damaged: ${what}`, { cause });
    let content: Json;
    try {
      content = plainOf(await runInTurns(strictJsonSteps(text)));
    } catch (cause) {
      throw damaged(`it is no JSON: ${reasonOf(cause)}`, cause);
    }
    if (!isJsonObject(content)) throw damaged('it is no object');
    const { version, identity, runs } = content;
    if (version !== VERSION) {
      throw damaged(`its version is ${JSON.stringify(version)}, expected ${VERSION}`);
    }
    if (!isJsonObject(identity)) throw damaged('it names no search');
    if (!Array.isArray(runs)) throw damaged('it has no runs');
    const list: readonly unknown[] = runs;
    const good = list.filter(isRun);
    const bad = list.findIndex((run) => !isRun(run));
    if (bad >= 0) throw damaged(`run ${bad} is ${JSON.stringify(list[bad])}`);
    return { identity, runs: good };
  }

  /**
   * Takes over the results of the file, and the file itself: two searches would each write over what the other finds.
   * @throws CheckpointError if another search has it; and as {@link load}
   */
  async open(): Promise<void> {
    await this.load();
    if (this.#file === undefined) return;
    this.#lock = await FolderLock.acquire(dirname(this.#file), { file: basename(this.#file) });
    try {
      await this.load();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#lock?.release();
    this.#lock = null;
  }

  /** Keeps a result; on the disk when the promise is fulfilled. */
  async add(run: TrialRun): Promise<void> {
    this.#runs.set(`${run.trial}/${run.budget}`, run);
    const file = this.#file;
    if (file === undefined) return;
    // One write after the other: the last has all results.
    this.#writing = this.#writing.then(() => {
      const content = { version: VERSION, identity: this.#identity, runs: this.runs };
      return writeFileAtomic(file, `${JSON.stringify(content, null, 1)}\n`);
    });
    await this.#writing;
  }
}

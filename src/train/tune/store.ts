import { readFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { ArgumentError, CheckpointError } from '../../errors.js';
import { writeFileAtomic } from '../../io/atomicFile.js';
import type { Json, JsonObject } from '../../io/json.js';
import type { Goal } from '../../optim/goal.js';
import { isError } from '../../realm.js';

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

  constructor(file: string | undefined, identity: SearchIdentity) {
    this.#file = file;
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
      text = await readFile(this.#file, 'utf8');
    } catch (error) {
      if (isError(error) && 'code' in error && error.code === 'ENOENT') return;
      throw error;
    }
    const { identity, runs } = this.#parse(text);
    const own: Record<string, unknown> = { ...this.#identity };
    for (const [key, value] of Object.entries(own)) {
      const saved = Reflect.get(identity, key);
      if (isDeepStrictEqual(saved, JSON.parse(JSON.stringify(value)))) continue;
      throw new ArgumentError(
        `search: ${this.#file} holds another search: its ${key} is ${JSON.stringify(saved)}, ` +
          `this one's ${JSON.stringify(value)}; take another file`,
      );
    }
    for (const run of runs) this.#runs.set(`${run.trial}/${run.budget}`, run);
  }

  #parse(text: string): { identity: object; runs: TrialRun[] } {
    const damaged = (what: string, cause?: unknown): CheckpointError =>
      new CheckpointError(`search: ${this.#file} is damaged: ${what}`, { cause });
    let content: unknown;
    try {
      content = JSON.parse(text);
    } catch (cause) {
      throw damaged('it is no JSON', cause);
    }
    if (typeof content !== 'object' || content === null) throw damaged('it is no object');
    const { version, identity, runs }: Record<string, unknown> = { ...content };
    if (version !== VERSION) {
      throw damaged(`its version is ${String(version)}, expected ${VERSION}`);
    }
    if (typeof identity !== 'object' || identity === null) throw damaged('it names no search');
    if (!Array.isArray(runs)) throw damaged('it has no runs');
    const bad = runs.findIndex((run) => !isRun(run));
    if (bad >= 0) throw damaged(`run ${bad} is ${JSON.stringify(runs[bad])}`);
    return { identity, runs };
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

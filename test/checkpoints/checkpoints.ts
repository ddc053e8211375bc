import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CheckpointError, train } from '../../src/index.js';
import { Dice, mutated } from './mutations.js';
import { KINDS, type Kind, type Program, program, stateOf } from './program.js';

/** What came of wrong checkpoints. */
export interface Result {
  tried: number;
  /** Refused, with nothing changed. */
  refused: number;
  /** Taken, and trained on to the end. */
  trained: number;
  /** Everything else: the number of the checkpoint, and what happened. */
  readonly wrong: string[];
}

interface Options {
  readonly count: number;
  readonly seed: number;
  /** Seconds after which no more are tried. */
  readonly seconds?: number;
  readonly report?: (result: Result) => void;
}

/** A checkpoint as it should be. */
export interface Good {
  readonly kind: Kind;
  readonly bytes: Buffer;
}

/** A checkpoint of a run that was stopped when a hook was called for the n-th time. */
export async function checkpointAt(
  kind: Kind,
  hook: 'onBatchEnd' | 'onEpochEnd' | 'onValidationBegin',
  n: number,
  folder: string,
): Promise<Good> {
  const run = program(kind, 1, folder);
  const controller = new AbortController();
  let calls = 0;
  const stop: train.Callback = { [hook]: () => void (++calls === n && controller.abort()) };
  const callbacks = [...run.callbacks, stop];
  await train.fit({ ...run, callbacks, signal: controller.signal });
  return { kind, bytes: await readFile(join(folder, 'last.safetensors')) };
}

function inOneLine(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}`.replaceAll('\n', ' ') : '?';
}

/** Resumes from wrong checkpoints: each is refused with nothing changed, or trained on to the end. */
export async function checkpoints(options: Options): Promise<Result> {
  const { count, seed, seconds = Number.POSITIVE_INFINITY, report } = options;
  const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const folder = await mkdtemp(join(base, 'axonode-checkpoints-'));
  const result: Result = { tried: 0, refused: 0, trained: 0, wrong: [] };
  const runs = new Map<Kind, { readonly run: Program; readonly before: string }>();
  const path = join(folder, 'wrong.safetensors');
  const began = performance.now();
  try {
    const good: Good[] = [];
    for (const kind of KINDS) {
      good.push(await checkpointAt(kind, 'onBatchEnd', 4, folder));
      good.push(await checkpointAt(kind, 'onEpochEnd', 2, folder));
      good.push(await checkpointAt(kind, 'onValidationBegin', 2, folder));
    }
    for (let i = 0; i < count && performance.now() - began < seconds * 1e3; i++) {
      const dice = new Dice(seed + i * 2_654_435_761);
      const { kind, bytes } = dice.pick(good);
      await writeFile(path, mutated(bytes, dice));
      let entry = runs.get(kind);
      if (entry === undefined) {
        const run = program(kind, 7, folder);
        entry = { run, before: stateOf(run) };
        // One generator for all: it stands where this run's begins.
        runs.clear();
        runs.set(kind, entry);
      }
      const { run, before } = entry;
      const error: unknown = await train.fit({ ...run, resume: path }).then(
        () => null,
        (cause: unknown) => cause,
      );
      result.tried++;
      if (error === null) {
        result.trained++;
        runs.delete(kind);
      } else {
        const isOurs = error instanceof CheckpointError && error.message.startsWith(path);
        const isSame = stateOf(run) === before;
        if (isOurs && isSame) result.refused++;
        else {
          const what = isSame ? 'an error of another kind' : 'something changed';
          result.wrong.push(`checkpoint ${i} (${kind}): ${what}: ${inOneLine(error)}`);
          runs.delete(kind);
        }
      }
      if (result.tried % 1000 === 0) report?.(result);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return result;
}

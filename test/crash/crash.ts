import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface CrashOptions {
  /** Processes to kill in all. */
  readonly kills: number;
  /** Epochs of a run; a run that ends is followed by another. */
  readonly epochs: number;
  /** Processes that a run is spread over, about. */
  readonly lives: number;
  readonly random?: () => number;
  /** Told now and then how it goes. */
  readonly report?: (result: CrashResult) => void;
}

export interface CrashResult {
  readonly kills: number;
  /** Kills that found a checkpoint half written. */
  readonly killsWhileWriting: number;
  /** Runs that came to their end. */
  readonly runs: number;
  /** Runs whose weights were not, bit for bit, those of the run without interruption. */
  readonly wrong: number;
}

const CHILD = fileURLToPath(new URL('./child.mjs', import.meta.url));

function start(dir: string, out: string, epochs: number): ChildProcess {
  return spawn(process.execPath, [CHILD, dir, out], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, CRASH_EPOCHS: String(epochs), AXONODE_NUM_THREADS: '1' },
  });
}

/** Milliseconds from the start of training to the end of the process. */
async function runWhole(dir: string, out: string, epochs: number): Promise<number> {
  const child = start(dir, out, epochs);
  const ended = once(child, 'exit');
  if (child.stdout !== null) await Promise.race([once(child.stdout, 'data'), ended]);
  const began = performance.now();
  const [code] = await ended;
  if (code !== 0) throw new Error(`the uninterrupted run ended with code ${String(code)}`);
  return performance.now() - began;
}

/** Lets a run go on for a while, and kills it then; false if it had ended before. */
async function liveAndDie(child: ChildProcess, milliseconds: number): Promise<boolean> {
  const ended = once(child, 'exit');
  if (child.stdout !== null) await Promise.race([once(child.stdout, 'data'), ended]);
  await Promise.race([sleep(milliseconds), ended]);
  child.kill('SIGKILL');
  const [code, signal] = await ended;
  if (code !== 0 && signal !== 'SIGKILL') {
    throw new Error(`a resumed run failed: code ${String(code)}, signal ${String(signal)}`);
  }
  return signal === 'SIGKILL';
}

/**
 * Kills a training run again and again, at random moments, and lets it go on each time; compares its weights in the
 * end with those of a run that was left alone.
 */
export async function crash(options: CrashOptions): Promise<CrashResult> {
  const { kills, epochs, lives, random = Math.random, report } = options;
  const folder = await mkdtemp(join(tmpdir(), 'axonode-crash-'));
  const result = { kills: 0, killsWhileWriting: 0, runs: 0, wrong: 0 };
  try {
    const wanted = join(folder, 'wanted.safetensors');
    const time = await runWhole(join(folder, 'whole'), wanted, epochs);
    const expected = await readFile(wanted);
    while (result.kills < kills) {
      const dir = join(folder, `run-${result.runs}`);
      const out = join(folder, `run-${result.runs}.safetensors`);
      while (result.kills < kills) {
        const child = start(dir, out, epochs);
        if (!(await liveAndDie(child, (random() * (2 * time)) / lives))) break;
        result.kills++;
        const left = await readdir(dir).catch(() => []);
        if (left.some((file) => file.endsWith('.tmp'))) result.killsWhileWriting++;
      }
      if ((await readFile(out).catch(() => null)) === null) await runWhole(dir, out, epochs);
      result.runs++;
      if (!(await readFile(out)).equals(expected)) result.wrong++;
      await rm(dir, { recursive: true });
      report?.(result);
    }
    return result;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

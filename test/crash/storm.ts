import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface StormOptions {
  /** Threads and processes to end in all. */
  readonly ends: number;
  /** Worker threads that one process ends before itself. */
  readonly endsOfProcess: number;
  /** What the threads compute; all programs of stormWorker.mjs unless given. */
  readonly programs?: readonly string[];
  /** Chooses the moments. */
  readonly seed: number;
  /** Processes at a time. */
  readonly sideBySide?: number;
  /** The Node.js to run. */
  readonly node?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Told after each process how it goes. */
  readonly report?: (result: StormResult) => void;
}

export interface Crash {
  /** Of the process. */
  readonly seed: number;
  readonly last: string;
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
}

export interface StormResult {
  /** Threads and processes that have ended as they should. */
  readonly ends: number;
  readonly processes: number;
  /** Threads ended by program. */
  readonly programs: Readonly<Record<string, number>>;
  readonly crashes: readonly Crash[];
}

const CHILD = fileURLToPath(new URL('./stormChild.mjs', import.meta.url));
/** How a process ends, and with which code. */
const LAST = { return: 0, exit: 7, exitInHandler: 7, error: 1, rejection: 1 } as const;
/** What the sanitizers say, whatever the process ends with. */
const SANITIZER = /Sanitizer|runtime error:/;
/** A process that takes longer hangs. */
const MAX_MILLISECONDS_OF_END = 20_000;

interface Lived {
  readonly crash: Crash | null;
  readonly programs: Record<string, number>;
}

async function live(options: StormOptions, seed: number, ends: number): Promise<Lived> {
  const lasts = Object.keys(LAST) as (keyof typeof LAST)[];
  const last = lasts[seed % lasts.length] ?? 'return';
  const child = spawn(
    options.node ?? process.execPath,
    [
      CHILD,
      String(seed),
      String(ends),
      last,
      ...(options.programs ? [options.programs.join()] : []),
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, AXONODE_NUM_THREADS: '2', ...options.env },
      timeout: 30_000 + MAX_MILLISECONDS_OF_END * ends,
      killSignal: 'SIGKILL',
    },
  );
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  const told = stdout.split('\n').find((line) => line.startsWith('{'));
  const programs = told === undefined ? {} : (JSON.parse(told) as Record<string, number>);
  const fine =
    told !== undefined && signal === null && code === LAST[last] && !SANITIZER.test(stderr);
  return {
    crash: fine ? null : { seed, last, code, signal, stderr: stderr.slice(-2000) },
    programs,
  };
}

/**
 * Ends worker threads and processes by the thousand, at random moments, whatever they compute, and counts processes
 * that crash, hang, or end with another code than they should.
 */
export async function storm(options: StormOptions): Promise<StormResult> {
  const { ends, endsOfProcess, report } = options;
  const crashes: Crash[] = [];
  const programs: Record<string, number> = {};
  const result = { ends: 0, processes: 0, programs, crashes };
  let started = 0;
  let seed = options.seed;
  async function lane(): Promise<void> {
    while (started < ends) {
      const threads = Math.min(endsOfProcess, ends - started - 1);
      started += threads + 1;
      const lived = await live(options, seed++, threads);
      result.processes++;
      if (lived.crash) crashes.push(lived.crash);
      else result.ends++;
      for (const [name, count] of Object.entries(lived.programs)) {
        programs[name] = (programs[name] ?? 0) + count;
        result.ends += count;
      }
      report?.(result);
    }
  }
  await Promise.all(Array.from({ length: options.sideBySide ?? 1 }, lane));
  return result;
}

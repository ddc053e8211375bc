import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/**
 * Another program in a process of its own, which times a workload when it is its turn: it reads lines
 * `WORKLOAD SECONDS`, and answers each with a line `{"ms": per step}` or `{"error": ...}`.
 */
export class Peer {
  /** Column of the table. */
  readonly name: string;
  /** What its times are for: a step of the workload, or 10^9 floating point operations. */
  readonly unit: 'step' | 'gigaflop';
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  readonly #workloads: RegExp;

  constructor(
    name: string,
    command: readonly [string, ...string[]],
    threads: number,
    workloads: RegExp,
    settings: Readonly<Record<string, string>> = {},
    unit: 'step' | 'gigaflop' = 'step',
  ) {
    this.name = name;
    this.unit = unit;
    this.#workloads = workloads;
    const count = { THREADS: String(threads), OMP_NUM_THREADS: String(threads) };
    const env = { ...process.env, ...count, ...settings };
    this.#child = spawn(command[0], command.slice(1), { env });
    this.#child.stderr.pipe(process.stderr);
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  has(workload: string): boolean {
    return this.#workloads.test(workload);
  }

  /** Milliseconds per step over the given time; throws with the program's error. */
  async time(workload: string, seconds: number): Promise<number> {
    this.#child.stdin.write(`${workload} ${seconds}\n`);
    const line = await this.#answers.next();
    if (line.done) throw new Error(`the process of ${this.name} has ended`);
    const answer: unknown = JSON.parse(line.value);
    if (
      typeof answer === 'object' &&
      answer !== null &&
      'ms' in answer &&
      typeof answer.ms === 'number'
    ) {
      return answer.ms;
    }
    throw new Error(`${this.name}: ${line.value}`);
  }

  close(): void {
    this.#child.stdin.end();
  }
}

/** Peak memory in MB that a program prints, which does one workload in a process of its own; NaN if it fails. */
function peakOf(command: string, args: readonly string[], threads: number): number {
  const env = { ...process.env, THREADS: String(threads), OMP_NUM_THREADS: String(threads) };
  const { stdout } = spawnSync(command, args, { env, encoding: 'utf8' });
  return Number.parseFloat(stdout);
}

/** Peak memory of a workload in PyTorch, Python and its libraries included. */
export function torchPeak(python: string, workload: string, threads: number): number {
  return peakOf(python, [here('torch_worker.py'), '--peak', workload], threads);
}

/** Peak memory of a workload on a backend, Node.js included. */
export function backendPeak(backend: string, workload: string, threads: number): number {
  const args = ['--import', 'tsx', here('peak.ts'), workload, backend];
  return peakOf(process.execPath, args, threads);
}

function hasTorch(python: string): boolean {
  return spawnSync(python, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0;
}

/** PyTorch, if this Python can import it. */
export function torchPeer(python: string, threads: number): Peer | null {
  if (!hasTorch(python)) return null;
  return new Peer('torch', [python, here('torch_worker.py')], threads, /./);
}

/** PyTorch's optimisers on parameters of the given shapes. */
export function torchOptimizerPeer(
  python: string,
  threads: number,
  shapes: readonly (readonly number[])[],
): Peer | null {
  if (!hasTorch(python)) return null;
  const settings = { SHAPES: JSON.stringify(shapes) };
  return new Peer('torch', [python, here('optimizer_torch.py')], threads, /./, settings);
}

/** PyTorch's embeddings, with sparse and dense gradients. */
export function torchEmbeddingPeer(python: string, threads: number): Peer | null {
  if (!hasTorch(python)) return null;
  return new Peer('torch', [python, here('embedding_torch.py')], threads, /./);
}

/** A program of C++, built on first use where the addon was built. */
function builtPeer(
  name: string,
  target: string,
  threads: number,
  workloads: RegExp,
  unit: 'step' | 'gigaflop' = 'step',
): Peer | null {
  const build = here('../build');
  const program = here(`../build/${target}`);
  if (!existsSync(program) && existsSync(build)) {
    spawnSync('cmake', ['--build', build, '--target', target], { stdio: 'ignore' });
  }
  return existsSync(program) ? new Peer(name, [program], threads, workloads, {}, unit) : null;
}

/** OpenBLAS called from C++. */
export function blasPeer(threads: number): Peer | null {
  return builtPeer('blas', 'gemm_worker', threads, /^gemm_/);
}

/** What the machine can multiply at most: our register tiles on data in the first-level cache. */
export function limitPeer(threads: number): Peer | null {
  return builtPeer('limit', 'kernel_worker', threads, /^(conv|gemm)/, 'gigaflop');
}

/** Copies of memory. */
export function copyPeer(threads: number): Peer | null {
  return builtPeer('copy', 'copy_worker', threads, /^copy_/);
}

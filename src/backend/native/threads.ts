import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import process from 'node:process';
import { BackendError } from '../../errors.js';
import { MAX_THREADS } from './addon.js';

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return null;
  }
}

/** Numbers in a list of ranges as Linux writes it, such as `0-3,8`. */
function parseRanges(text: string): number[] {
  return text.split(',').flatMap((range) => {
    const [first = Number.NaN, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** Processor cores that this process may run on, two hardware threads of one core counting once. */
function availableCores(): number {
  const allowed = /^Cpus_allowed_list:\s*([\d,-]+)$/m.exec(read('/proc/self/status') ?? '')?.[1];
  if (!allowed) return availableParallelism();
  const cores = new Set(
    parseRanges(allowed).map((cpu) =>
      read(`/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`),
    ),
  );
  return cores.has(null) ? availableParallelism() : cores.size;
}

/** Processors' worth of time that a container may use. */
function quota(): number {
  const [limit, period] = (read('/sys/fs/cgroup/cpu.max') ?? 'max').split(' ').map(Number);
  return limit && period ? Math.max(1, Math.ceil(limit / period)) : Number.POSITIVE_INFINITY;
}

/**
 * Threads for kernels at the start: AXONODE_NUM_THREADS, else OMP_NUM_THREADS, else one for each core
 * that this process may use. More than cores (hyper-threads) makes matrix products slower.
 */
export function defaultThreads(): number {
  const asked = process.env.AXONODE_NUM_THREADS;
  if (asked) {
    const threads = Number(asked);
    if (Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS) return threads;
    throw new BackendError(
      `AXONODE_NUM_THREADS=${asked}: expected an integer from 1 to ${MAX_THREADS}`,
    );
  }
  const threads = Number.parseInt(process.env.OMP_NUM_THREADS ?? '', 10);
  return Math.min(MAX_THREADS, threads >= 1 ? threads : Math.min(availableCores(), quota()));
}

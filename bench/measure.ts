import { setTimeout as sleep } from 'node:timers/promises';
import { type BackendName, setBackend } from 'axonode';
import type { Peer } from './peer.js';
import type { Step, Workload } from './workload.js';

/** One line of results: median and best milliseconds per step. */
export interface Measurement {
  readonly workload: string;
  /** A backend, or the name of a peer. */
  readonly backend: string;
  readonly ms: number;
  readonly best: number;
  readonly threads: number;
  /** Peak memory of a process that does nothing else, in MB; for whole steps. */
  readonly peakMB?: number;
}

const TURN_SECONDS = 0.25;
/** What a turn before the first costs is not counted. */
const WARM_UP_SECONDS = 0.5;
/**
 * V8 goes on compiling for about three thousand steps, on threads that take the cores from the kernels: a small model's
 * step takes half as long again meanwhile, one in ten three times as long. `--trace-opt` shows it.
 */
const COMPILING_SECONDS = 6;
const COMPILING_STEPS = 4000;
/** A longer step hardly notices. */
const SMALL_STEP_MS = 20;
/** Lets the threads of the other side go to sleep before the next turn. */
const PAUSE_MS = 60;

async function perStepMs(step: Step, seconds: number, steps = Infinity): Promise<number> {
  const start = performance.now();
  for (let count = 1; ; count++) {
    await step();
    const elapsed = performance.now() - start;
    if (elapsed >= seconds * 1e3 || count >= steps) return elapsed / count;
  }
}

async function warmUp(step: Step): Promise<void> {
  const ms = await perStepMs(step, WARM_UP_SECONDS);
  if (ms < SMALL_STEP_MS) await perStepMs(step, COMPILING_SECONDS, COMPILING_STEPS);
}

function summary(times: readonly number[]): { ms: number; best: number } {
  const sorted = [...times].sort((a, b) => a - b);
  const digits = (value: number | undefined): number =>
    Number((value ?? Number.NaN).toPrecision(5));
  return { ms: digits(sorted[sorted.length >> 1]), best: digits(sorted[0]) };
}

/**
 * Times a workload on each backend, and by the peers that know it. The sides take turns, so that a drift of the
 * machine's speed meets all of them.
 */
export async function measure(
  workload: Workload,
  backends: readonly BackendName[],
  peers: readonly Peer[],
  rounds: number,
  threads: number,
): Promise<Measurement[]> {
  const sides = backends.filter((backend) => backend === 'native' || workload.ts);
  const steps = new Map<BackendName, Step>();
  const times = new Map<string, number[]>(sides.map((backend) => [backend, []]));
  const others = peers.filter((peer) => peer.has(workload.name));
  // First, since they load their libraries meanwhile, which takes a core for seconds.
  for (const peer of others) {
    await peer.time(workload.name, WARM_UP_SECONDS);
    times.set(peer.name, []);
  }
  for (const backend of sides) {
    await setBackend(backend);
    const step = workload.make();
    await step();
    await warmUp(step);
    steps.set(backend, step);
  }
  for (let round = 0; round < rounds; round++) {
    for (const [backend, step] of steps) {
      await sleep(PAUSE_MS);
      await setBackend(backend);
      const ms = await perStepMs(step, TURN_SECONDS);
      times.get(backend)?.push(ms / (workload.repeats ?? 1));
    }
    for (const peer of others) {
      await sleep(PAUSE_MS);
      const units = peer.unit === 'gigaflop' ? (workload.flops ?? 0) / 1e9 : 1;
      times.get(peer.name)?.push(units * (await peer.time(workload.name, TURN_SECONDS)));
    }
  }
  return [...times].map(([backend, list]) => ({
    workload: workload.name,
    backend,
    ...summary(list),
    threads: backend === 'ts' ? 1 : threads,
  }));
}

function peakOf(row: readonly Measurement[], side: string): number | undefined {
  return row.find((m) => m.backend === side)?.peakMB;
}

/** A table for people: milliseconds per step, and ratios to native (more than 1: native is faster). */
export function formatTable(
  table: readonly (readonly Measurement[])[],
  workloads: readonly Workload[],
  sides: readonly string[],
): string {
  const others = sides.includes('native') ? sides.filter((side) => side !== 'native') : [];
  const header = ['workload', ...sides.map((side) => `${side} ms`)];
  header.push(...others.map((side) => `${side} : native`), 'native GFLOP/s');
  const withPeaks = sides.filter((side) => table.some((row) => peakOf(row, side) !== undefined));
  header.push(...withPeaks.map((side) => `${side} peak MB`));
  const lines = table.map((row, i) => {
    const ms = (side: string): number => row.find((m) => m.backend === side)?.ms ?? Number.NaN;
    const text = (value: number, format: (value: number) => string): string =>
      Number.isNaN(value) ? '-' : format(value);
    const native = ms('native');
    const flops = workloads[i]?.flops ?? Number.NaN;
    return [
      workloads[i]?.name ?? '',
      ...sides.map((side) => text(ms(side), (value) => value.toPrecision(4))),
      ...others.map((side) => text(ms(side) / native, (value) => value.toFixed(2))),
      text(flops / native / 1e6, (value) => value.toFixed(0)),
      ...withPeaks.map((side) =>
        text(peakOf(row, side) ?? Number.NaN, (value) => value.toFixed(0)),
      ),
    ];
  });
  const widths = header.map((h, i) => Math.max(h.length, ...lines.map((l) => l[i]?.length ?? 0)));
  const render = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ');
  return [header, ...lines].map(render).join('\n');
}

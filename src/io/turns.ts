import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';

/**
 * Work that is cut into steps: each `yield` is a moment at which others may run. A parser is written once so, and runs
 * at once or in turns with the event loop.
 */
export type Steps<T> = Generator<void, T, void>;

/** Milliseconds of work between two turns of the event loop. */
const SLICE_MS = 8;

/** Runs to the end. */
export function runAtOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Runs to the end, and gives the event loop a turn again and again. */
export async function runInTurns<T>(steps: Steps<T>): Promise<T> {
  for (let begun = performance.now(); ; ) {
    const { done, value } = steps.next();
    if (done) return value;
    if (performance.now() - begun < SLICE_MS) continue;
    await setImmediate();
    begun = performance.now();
  }
}

/** Lets the event loop have a turn, when it has had none for a while. */
export class Turns {
  #begun = performance.now();

  /** True if it is time for {@link next}; asked where an `await` for each item would cost too much. */
  get isDue(): boolean {
    return performance.now() - this.#begun >= SLICE_MS;
  }

  async next(): Promise<void> {
    if (!this.isDue) return;
    await setImmediate();
    this.#begun = performance.now();
  }
}

/** Items that are sorted before others get a turn. */
const SORTED_AT_ONCE = 20_000;

/** The items in order; those that are equal stay as they were. */
export function* sortSteps<T>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
): Steps<readonly T[]> {
  let runs: T[][] = [];
  for (let at = 0; at < items.length; at += SORTED_AT_ONCE) {
    runs.push(items.slice(at, at + SORTED_AT_ONCE).sort(compare));
    yield;
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let i = 0; i < runs.length; i += 2) {
      merged.push(yield* mergeSteps(runs[i] ?? [], runs[i + 1] ?? [], compare));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

function* mergeSteps<T>(
  a: readonly T[],
  b: readonly T[],
  compare: (a: T, b: T) => number,
): Steps<T[]> {
  const out: T[] = [];
  let i = 0;
  for (const item of b) {
    for (let next = a[i]; next !== undefined && compare(next, item) <= 0; next = a[i]) {
      out.push(next);
      i++;
    }
    out.push(item);
    if (out.length % SORTED_AT_ONCE === 0) yield;
  }
  for (; i < a.length; i++) {
    const rest = a[i];
    if (rest !== undefined) out.push(rest);
  }
  return out;
}

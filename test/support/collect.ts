import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Runs V8's collector. */
export function collectNow(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') throw new Error('this runtime has no gc()');
  collect();
}

/** Runs V8's collector, and the finalizers of what it found. */
export async function collectGarbage(): Promise<void> {
  collectNow();
  await setImmediate();
}

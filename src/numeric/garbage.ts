import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** V8's own function, which it shows to contexts that are made while `--expose-gc` is set. */
type Collect = (options?: { readonly type: 'minor' }) => void;

function findCollect(): Collect | null {
  try {
    setFlagsFromString('--expose-gc');
    const found: unknown = runInNewContext('gc');
    setFlagsFromString('--no-expose-gc');
    return typeof found === 'function' ? (found as Collect) : null;
  } catch {
    // A host that lets nobody change flags or make contexts.
    return null;
  }
}

let collect: Collect | null | undefined;

/**
 * Has V8 collect now: 'young' takes a fraction of a millisecond, and finds what was lost soon after it was made; 'all'
 * takes milliseconds, by the size of the heap.
 * @returns false where it cannot be had
 */
export function collectGarbage(what: 'young' | 'all'): boolean {
  collect ??= findCollect();
  if (collect === null) return false;
  if (what === 'young') collect({ type: 'minor' });
  else collect();
  return true;
}

import type { BackendName } from '../../src/backend/kernels/backend.js';
import { backend, setBackend } from '../../src/backend/select.js';

/** Runs a function on a backend, and goes back to the present one afterwards. */
export function withBackend<T>(name: BackendName, fn: () => T): T {
  const present = backend().name;
  if (present === name) return fn();
  setBackend(name);
  try {
    return fn();
  } finally {
    setBackend(present);
  }
}

/** The result of one function on both backends. */
export function onBothBackends<T>(fn: () => T): { readonly native: T; readonly ts: T } {
  return { native: withBackend('native', fn), ts: withBackend('ts', fn) };
}

import { IndexFaultError } from '../../../errors.js';
import type { IndexArray } from '../../kernels/index.js';

/** Runs `fn`, and has faults of the kernels that it calls name an op. */
export function faultsAs<T>(op: string, fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    if (!(error instanceof IndexFaultError)) throw error;
    throw new IndexFaultError(error.message.replace(/^\w+/, op));
  }
}

/** Throws unless all of the first n indices lie within [0, limit). */
export function checkIndices(kernel: string, index: IndexArray, n: number, limit: number): void {
  for (let i = 0; i < n; i++) checkIndex(kernel, index[i] as number, limit);
}

/** Throws unless the index lies within [0, limit). */
export function checkIndex(kernel: string, index: number, limit: number): void {
  if (index >= 0 && index < limit) return;
  throw new IndexFaultError(
    `${kernel}: index ${index} is out of range for an axis of size ${limit}`,
  );
}

import { backend, synchronize } from '../../backend/select.js';
import type { TypedArray } from '../../tensor/dtype.js';
import { rowMajor, type Tensor } from '../../tensor/tensor.js';

interface Read {
  readonly ticket: number;
  readonly tensor: Tensor;
  readonly use: (values: TypedArray) => void;
}

/**
 * Values to be read once the queue has computed them, in order, so that no step waits for its loss: what is
 * ready is picked up by {@link drain} in passing.
 */
export class LazyReads {
  readonly #reads: Read[] = [];

  /** Calls `use` with the elements (row-major, for the duration of the call) at a later drain or flush. */
  read(tensor: Tensor, use: (values: TypedArray) => void): void {
    const handle = rowMajor(tensor).detach().keep();
    this.#reads.push({ ticket: backend().submitted(), tensor: handle, use });
  }

  /**
   * Reads what is ready, without waiting.
   * @throws IndexFaultError, BackendError for a fault of the work done so far
   */
  drain(): void {
    const done = backend().completed();
    backend().throwFault();
    let count = 0;
    for (const { ticket, tensor, use } of this.#reads) {
      if (ticket > done) break;
      count++;
      use(tensor.raw.subarray(0, tensor.size));
      tensor.dispose();
    }
    this.#reads.splice(0, count);
  }

  /** Waits for all that was asked for, without blocking the event loop, and reads it. */
  async flush(): Promise<void> {
    if (this.#reads.length > 0) await synchronize();
    this.drain();
  }

  /** Forgets what was not read yet. */
  clear(): void {
    for (const { tensor } of this.#reads) tensor.dispose();
    this.#reads.length = 0;
  }
}

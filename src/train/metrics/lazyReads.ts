import { backend, synchronize } from '../../backend/select.js';
import type { TypedArray } from '../../tensor/dtype.js';
import { rowMajor, type Tensor } from '../../tensor/tensor.js';

interface Read {
  readonly ticket: number;
  readonly tensor: Tensor;
  /** Read with it. */
  readonly beside: Tensor | null;
  readonly use: (values: TypedArray, beside: TypedArray | null) => void;
}

function ownHandle(tensor: Tensor): Tensor {
  return rowMajor(tensor).detach().keep();
}

function elementsOf(tensor: Tensor): TypedArray {
  return tensor.raw.subarray(0, tensor.size);
}

/**
 * Values to be read once the queue has computed them, in order, so that no step waits for its loss: what is
 * ready is picked up by {@link drain} in passing.
 */
export class LazyReads {
  readonly #reads: Read[] = [];

  /**
   * Calls `use` with the elements (row-major, for the duration of the call), and those of a tensor beside, at a later
   * drain or flush.
   */
  read(tensor: Tensor, use: Read['use'], beside: Tensor | null = null): void {
    const [own, other] = [ownHandle(tensor), beside === null ? null : ownHandle(beside)];
    this.#reads.push({ ticket: backend().submitted(), tensor: own, beside: other, use });
  }

  /**
   * Reads what is ready, without waiting.
   * @throws IndexFaultError, BackendError for a fault of the work done so far
   */
  drain(): void {
    const done = backend().completed();
    backend().throwFault();
    let count = 0;
    for (const { ticket, tensor, beside, use } of this.#reads) {
      if (ticket > done) break;
      count++;
      use(elementsOf(tensor), beside === null ? null : elementsOf(beside));
      tensor.dispose();
      beside?.dispose();
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
    for (const { tensor, beside } of this.#reads) {
      tensor.dispose();
      beside?.dispose();
    }
    this.#reads.length = 0;
  }
}

import type { Backend, HolderWatch } from '../backend/kernels/backend.js';
import type { Storage } from './storage.js';

/**
 * The memory of storages that the garbage collector may take: it stays here, so that it can be used again when its
 * storage is found dead, at once, without going through V8 and the system.
 */
export class WatchedBuffers {
  readonly #backend: Backend;
  readonly #watch: HolderWatch;
  /** By the place of its storage; null where there is none. */
  readonly #buffers: (ArrayBuffer | null)[] = [];

  constructor(backend: Backend, watch: HolderWatch) {
    this.#backend = backend;
    this.#watch = watch;
  }

  hold(storage: Storage): void {
    const place = this.#watch.add(storage);
    storage.place = place;
    this.#buffers[place] = storage.buffer;
  }

  /** Gives the memory of a storage that nobody uses any more back to the system. */
  drop(storage: Storage): void {
    this.#watch.remove(storage.place);
    this.#buffers[storage.place] = null;
    storage.place = -1;
    this.free(storage.buffer);
  }

  /** Gives memory that {@link takeLost} found back to the system. */
  free(buffer: ArrayBuffer): void {
    this.#backend.free(buffer);
  }

  hasCollected(): boolean {
    return this.#watch.hasCollected();
  }

  /** The memory of storages that were found dead since the last call. */
  takeLost(): ArrayBuffer[] {
    const lost: ArrayBuffer[] = [];
    for (const place of this.#watch.takeLost()) {
      const buffer = this.#buffers[place] ?? null;
      this.#buffers[place] = null;
      if (buffer !== null) lost.push(buffer);
    }
    return lost;
  }
}

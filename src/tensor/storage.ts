import type { DType, TypedArray } from './dtype.js';

/** A view that keeps its storage alive: while someone has one, the memory goes to nobody else. */
type HeldView = TypedArray & { holder?: Storage };

/**
 * Raw memory of one size class with a count of the tensors and saved values that refer to it. At zero it goes
 * back to the pool as it is, typed views and all, so that a steady loop allocates nothing.
 */
export class Storage {
  readonly buffer: ArrayBuffer;
  /** References held by tensors and by the tape. */
  refs = 1;
  /** Raised by every in-place change; the tape compares it. */
  version = 0;
  /** When released: the ticket after which no queued kernel uses this memory, so that JavaScript may write. */
  ticket = 0;
  /** Where its memory is kept for the time after it, see WatchedBuffers; -1 if it is not. */
  place = -1;

  readonly #pool: StoragePool;
  #f32: Float32Array | null = null;
  #f64: Float64Array | null = null;
  #i32: Int32Array | null = null;
  #u8: Uint8Array | null = null;

  constructor(buffer: ArrayBuffer, pool: StoragePool) {
    this.buffer = buffer;
    this.#pool = pool;
  }

  /** The whole memory as elements of a kind; at least as long as its tensors. */
  view(dtype: DType): TypedArray {
    switch (dtype) {
      case 'float32':
        this.#f32 ??= this.holding(new Float32Array(this.buffer));
        return this.#f32;
      case 'float64':
        this.#f64 ??= this.holding(new Float64Array(this.buffer));
        return this.#f64;
      case 'int32':
        this.#i32 ??= this.holding(new Int32Array(this.buffer));
        return this.#i32;
      case 'uint8':
        this.#u8 ??= this.holding(new Uint8Array(this.buffer));
        return this.#u8;
    }
  }

  /** Makes a view of this memory keep it from the pool. */
  holding<T extends TypedArray>(view: T): T {
    const held: HeldView = view;
    held.holder = this;
    return view;
  }

  retain(): this {
    this.refs++;
    return this;
  }

  release(): void {
    if (--this.refs === 0) this.#pool.giveBack(this);
  }
}

/** Where storages come from and return to. */
export interface StoragePool {
  giveBack(storage: Storage): void;
}

import { backend } from '../backend/select.js';
import { allocating } from '../numeric/allocation.js';
import type { DType, TypedArray } from './dtype.js';

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

  #f32: Float32Array | null = null;
  #f64: Float64Array | null = null;
  #i32: Int32Array | null = null;
  #u8: Uint8Array | null = null;

  constructor(bytes: number) {
    this.buffer = allocating('a tensor', bytes, () => backend().allocate(bytes));
  }

  /** The whole memory as elements of a kind; at least as long as its tensors. */
  view(dtype: DType): TypedArray {
    switch (dtype) {
      case 'float32':
        this.#f32 ??= new Float32Array(this.buffer);
        return this.#f32;
      case 'float64':
        this.#f64 ??= new Float64Array(this.buffer);
        return this.#f64;
      case 'int32':
        this.#i32 ??= new Int32Array(this.buffer);
        return this.#i32;
      case 'uint8':
        this.#u8 ??= new Uint8Array(this.buffer);
        return this.#u8;
    }
  }

  retain(): this {
    this.refs++;
    return this;
  }

  release(): void {
    if (--this.refs === 0) giveBack(this);
  }
}

const MIN_BYTES = 256;
/** Free memory kept beyond what is live, before fresh allocation makes the pool drop some. */
const SPARE_BYTES = 256 * 2 ** 20;

const free = new Map<number, Storage[]>();
let liveBytes = 0;
let pooledBytes = 0;
let poison = false;

/** Storages whose every handle was lost to the collector: V8 frees the memory, this keeps the count true. */
const lost = new FinalizationRegistry<number>((bytes) => {
  liveBytes -= bytes;
});

/** Rounds up to four classes an octave, so that at most a fifth is wasted and memory fits many shapes. */
function classOf(bytes: number): number {
  if (bytes <= MIN_BYTES) return MIN_BYTES;
  const step = 2 ** Math.max(6, Math.floor(Math.log2(bytes - 1)) - 2);
  return Math.ceil(bytes / step) * step;
}

function fresh(bytes: number): Storage {
  if (pooledBytes > liveBytes + SPARE_BYTES) dropFree(liveBytes);
  const storage = new Storage(bytes);
  lost.register(storage, bytes, storage);
  liveBytes += bytes;
  return storage;
}

function reuse(storage: Storage): Storage {
  pooledBytes -= storage.buffer.byteLength;
  liveBytes += storage.buffer.byteLength;
  storage.refs = 1;
  return storage;
}

/** Memory for a kernel to fill: recycled and dirty, or fresh. */
export function allocate(bytes: number): Storage {
  const size = classOf(bytes);
  const recycled = free.get(size)?.pop();
  const storage = recycled ? reuse(recycled) : fresh(size);
  if (poison) backend().kernels.fill(storage.view('float32'), size / 4, Number.NaN);
  return storage;
}

/** Memory for JavaScript to write at once: none that queued kernels still use. */
export function allocateForHost(bytes: number): Storage {
  const size = classOf(bytes);
  const list = free.get(size);
  // The oldest is the likeliest to be done with.
  const oldest = list?.[0];
  if (!list || !oldest || oldest.ticket > backend().completed()) return fresh(size);
  list.shift();
  return reuse(oldest);
}

function giveBack(storage: Storage): void {
  const bytes = storage.buffer.byteLength;
  storage.ticket = backend().submitted();
  liveBytes -= bytes;
  pooledBytes += bytes;
  const list = free.get(bytes);
  if (list) list.push(storage);
  else free.set(bytes, [storage]);
}

/**
 * Gives free memory back to the system; what tensors hold that were lost to the collector, as soon as it has run.
 */
export function trimPool(): void {
  dropFree(0);
  backend().trimMemory();
}

/** Drops free memory, largest pieces first, until at most `keep` bytes of it are left. */
function dropFree(keep: number): void {
  for (const [bytes, list] of [...free].sort((a, b) => b[0] - a[0])) {
    while (pooledBytes > keep && list.length > 0) {
      const storage = list.pop();
      if (storage) lost.unregister(storage);
      pooledBytes -= bytes;
    }
    if (list.length === 0) free.delete(bytes);
  }
}

/** For tests: fills memory with NaN beforehand, so that a kernel that leaves an element unwritten shows. */
export function poisonMemory(on: boolean): void {
  poison = on;
}

/** Bytes that tensors hold, that the pool keeps for reuse, and that kernels keep as scratch. */
export interface MemoryInfo {
  /** Held by tensors and by what the tape saved. Tensors lost to the collector count until it has run. */
  readonly live: number;
  /** Free, kept for reuse; `trimPool()` gives it back to the system. */
  readonly pooled: number;
  /** Scratch memory of kernels. */
  readonly scratch: number;
}

export function memoryInfo(): MemoryInfo {
  const pooled = pooledBytes + backend().keptBytes();
  return { live: liveBytes, pooled, scratch: backend().scratchBytes() };
}

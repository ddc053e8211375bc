import { backend } from '../backend/select.js';
import { BackendError } from '../errors.js';
import { allocating } from '../numeric/allocation.js';
import { collectGarbage } from '../numeric/garbage.js';
import { GarbageBudget } from './garbageBudget.js';
import { Storage, type StoragePool } from './storage.js';
import { WatchedBuffers } from './watchedBuffers.js';

const MIN_BYTES = 256;
/** Free memory kept beyond what is live, before fresh allocation makes the pool drop some. */
const SPARE_BYTES = 256 * 2 ** 20;

const SPIN_MICROSECONDS = 1e4;

/** Free memory: of a storage that was released, or that the collector took, which leaves no more than its buffer. */
type Free = Pick<Storage, 'buffer' | 'ticket'>;

const free = new Map<number, Free[]>();
let liveBytes = 0;
let pooledBytes = 0;
let poison = false;

const pool: StoragePool = { giveBack };
const budget = new GarbageBudget();

/** Of the backend that has such; one is enough, as there is one such backend. */
let watched: WatchedBuffers | null = null;

/** Storages whose memory V8 frees when every handle of them is lost: this keeps the count true. */
const freedByV8 = new FinalizationRegistry<number>((bytes) => {
  liveBytes -= bytes;
});

/** Its callback runs after each collection of the whole heap, once the turn of the event loop has ended. */
const collections = new FinalizationRegistry<null>(() => {
  recover();
  if (pooledBytes > liveBytes + SPARE_BYTES) dropFree(liveBytes + SPARE_BYTES);
  awaitCollection();
});

function awaitCollection(): void {
  collections.register({}, null);
}

/** Rounds up to four classes an octave, so that at most a fifth is wasted and memory fits many shapes. */
function classOf(bytes: number): number {
  if (bytes <= MIN_BYTES) return MIN_BYTES;
  const step = 2 ** Math.max(6, Math.floor(Math.log2(bytes - 1)) - 2);
  return Math.ceil(bytes / step) * step;
}

function watchedBuffers(): WatchedBuffers | null {
  const { watch } = backend();
  if (watch === null) return null;
  if (watched === null) {
    watched = new WatchedBuffers(backend(), watch);
    awaitCollection();
  }
  return watched;
}

/** Puts the memory of storages that the collector has found dead into the pool. */
function recover(): void {
  if (watched === null) return;
  const ticket = backend().submitted();
  for (const buffer of watched.takeLost()) putAside({ buffer, ticket });
}

function collect(what: 'young' | 'all'): number {
  if (collectGarbage(what)) recover();
  return liveBytes;
}

/** Looks for lost memory, if there may be some, before there is more of it; true if some was found. */
function lookForLost(bytes: number): boolean {
  const before = liveBytes;
  if (watched?.hasCollected()) recover();
  if (budget.isSpent(liveBytes + bytes)) budget.collect(collect);
  return liveBytes < before;
}

/**
 * From the backend; where it has no more, once all that is lost or free has been given back.
 * @throws BackendError when there is none
 */
function freshBuffer(bytes: number): ArrayBuffer {
  const allocate = (): ArrayBuffer =>
    allocating('a tensor', bytes, () => backend().allocate(bytes));
  try {
    return allocate();
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    trimPool();
    // What queued work still uses is freed after it. Faults are for those who wait for results.
    while (!backend().spin(SPIN_MICROSECONDS));
    return allocate();
  }
}

/** What `take` finds in the pool after lost memory has been looked for, or else fresh memory. */
function search(bytes: number, take: (bytes: number) => Storage | null): Storage {
  const home = watchedBuffers();
  if (home !== null && lookForLost(bytes)) {
    const recovered = take(bytes);
    if (recovered !== null) return recovered;
  }
  if (pooledBytes > liveBytes + SPARE_BYTES) dropFree(liveBytes);
  const storage = new Storage(freshBuffer(bytes), pool);
  if (home === null) freedByV8.register(storage, bytes, storage);
  else home.hold(storage);
  liveBytes += bytes;
  return storage;
}

/**
 * A storage that was released is used again as it is. What the collector took gets a new one: a young object, so that
 * the next collection of the young generation finds it, should it be lost again.
 */
function reuse(memory: Free): Storage {
  pooledBytes -= memory.buffer.byteLength;
  liveBytes += memory.buffer.byteLength;
  if (memory instanceof Storage) {
    memory.refs = 1;
    return memory;
  }
  const storage = new Storage(memory.buffer, pool);
  watched?.hold(storage);
  return storage;
}

function takeLatest(size: number): Storage | null {
  const latest = free.get(size)?.pop();
  return latest === undefined ? null : reuse(latest);
}

/** Memory for a kernel to fill: recycled and dirty, or fresh. */
export function allocate(bytes: number): Storage {
  const size = classOf(bytes);
  const storage = takeLatest(size) ?? search(size, takeLatest);
  if (poison) backend().kernels.fill(storage.view('float32'), size / 4, Number.NaN);
  return storage;
}

/** Memory for JavaScript to write at once: none that queued kernels still use. */
export function allocateForHost(bytes: number): Storage {
  const size = classOf(bytes);
  return takeIdle(size) ?? search(size, takeIdle);
}

function takeIdle(size: number): Storage | null {
  const list = free.get(size);
  const completed = backend().completed();
  const latest = list?.at(-1);
  if (latest !== undefined && latest.ticket <= completed) return takeLatest(size);
  // The oldest is the likeliest to be done with.
  const oldest = list?.[0];
  if (!list || !oldest || oldest.ticket > completed) return null;
  list.shift();
  return reuse(oldest);
}

function giveBack(storage: Storage): void {
  storage.ticket = backend().submitted();
  putAside(storage);
}

function putAside(memory: Free): void {
  const bytes = memory.buffer.byteLength;
  liveBytes -= bytes;
  pooledBytes += bytes;
  const list = free.get(bytes);
  if (list) list.push(memory);
  else free.set(bytes, [memory]);
}

/** Gives free memory back to the system, also that of tensors that were lost to the collector. */
export function trimPool(): void {
  if (watched !== null) collect('all');
  dropFree(0);
}

/** Drops free memory, largest pieces first, until at most `keep` bytes of it are left. */
function dropFree(keep: number): void {
  for (const [bytes, list] of [...free].sort((a, b) => b[0] - a[0])) {
    while (pooledBytes > keep && list.length > 0) {
      const memory = list.pop();
      if (memory) letGo(memory);
      pooledBytes -= bytes;
    }
    if (list.length === 0) free.delete(bytes);
  }
}

function letGo(memory: Free): void {
  if (!(memory instanceof Storage)) watched?.free(memory.buffer);
  else if (memory.place >= 0) watched?.drop(memory);
  else freedByV8.unregister(memory);
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
  return { live: liveBytes, pooled: pooledBytes, scratch: backend().scratchBytes() };
}

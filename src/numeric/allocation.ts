import { BackendError } from '../errors.js';
import { collectGarbage } from './garbage.js';
import { describeRoom, measureRoom } from './room.js';

/** What is left to JavaScript's own heap: V8 ends the process where its collector finds no room to work in. */
const HEADROOM_BYTES = 128 * 2 ** 20;
/** Less than this may take more of it, so that a program can go on, and say what happened. */
const SMALL_BYTES = 2 ** 20;
const SMALL_SHARE = 1 / 4;
/** May be allocated before the room is measured again. */
const UNMEASURED_BYTES = 8 * 2 ** 20;

/** Infinite where the system sets no limit. */
let unmeasured = 0;
/** Less than HEADROOM_BYTES where there was little from the start. */
let headroom: number | null = null;

function measure(what: string, bytes: number): void {
  let room = measureRoom();
  unmeasured = Number.POSITIVE_INFINITY;
  if (room === null) return;
  unmeasured = 0;
  headroom ??= Math.min(HEADROOM_BYTES, room.leftBytes / 2);
  const wanted = bytes + headroom * (bytes < SMALL_BYTES ? SMALL_SHARE : 1);
  if (room.leftBytes < wanted) {
    collectGarbage('all');
    room = measureRoom() ?? room;
  }
  if (room.leftBytes < wanted) {
    throw new BackendError(
      `out of memory: cannot allocate ${bytes} bytes for ${what}: ${describeRoom(room)}`,
    );
  }
  unmeasured = Math.max(bytes, UNMEASURED_BYTES);
}

/**
 * Runs `make`, which makes typed arrays of `bytes` in all, where the system has such memory. JavaScript's own
 * RangeError does not say what for, and comes late: where a limit of the system (ulimit -v) is reached to the last
 * byte, V8 itself ends the process.
 * @throws BackendError
 */
export function allocating<T>(what: string, bytes: number, make: () => T): T {
  if (bytes > unmeasured) measure(what, bytes);
  unmeasured -= bytes;
  try {
    return make();
  } catch (cause) {
    throw new BackendError(`out of memory: cannot allocate ${bytes} bytes for ${what}`, { cause });
  }
}

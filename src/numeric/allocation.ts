import { BackendError } from '../errors.js';
import { collectGarbage } from './garbage.js';
import { describeRoom, measureRoom } from './room.js';

/** What is left to JavaScript's own heap: where the collector finds no room to work in, V8 ends the process. */
const HEADROOM_BYTES = 64 * 2 ** 20;
/** Less than this may take half of it, so that a program can go on, and say what happened. */
const SMALL_BYTES = 2 ** 20;
/** May be allocated before the room is measured again. */
const UNMEASURED_BYTES = 8 * 2 ** 20;

/** Infinite where the system sets no limit. */
let unmeasured = 0;

function measure(what: string, bytes: number): void {
  const headroom = bytes < SMALL_BYTES ? HEADROOM_BYTES / 2 : HEADROOM_BYTES;
  let room = measureRoom();
  if (room !== null && room.leftBytes - bytes < headroom) {
    collectGarbage('all');
    room = measureRoom();
  }
  unmeasured = 0;
  if (room === null) {
    unmeasured = Number.POSITIVE_INFINITY;
  } else if (room.leftBytes - bytes < headroom) {
    throw new BackendError(
      `out of memory: cannot allocate ${bytes} bytes for ${what}: ${describeRoom(room)}`,
    );
  } else {
    unmeasured = Math.max(bytes, UNMEASURED_BYTES);
  }
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

import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers/promises';
import { backend } from '../../backend/select.js';

/** How long steps that never have to wait may go on before timers and I/O get a turn, in milliseconds. */
const TURN_MS = 2;

/**
 * Keeps a loop one step ahead of the queue: while a step computes, the next one is queued, and no more, so that the
 * event loop is free in between.
 */
export class Pace {
  #ticket = 0;
  #done: Promise<void> | null = null;
  #isBehind = false;
  #lastTurn = performance.now();

  /** Call when a step has been queued: waits until the one before it is done. */
  async step(): Promise<void> {
    const { submitted, completed, wait } = backend();
    const [ticket, done] = [this.#ticket, this.#done];
    this.#ticket = submitted();
    const isDone = completed() >= ticket;
    // Work too short to be waited for needs no promises.
    if (!isDone) this.#isBehind = true;
    this.#done = this.#isBehind ? wait() : null;
    if (!isDone) {
      await (done ?? this.#done);
      this.#lastTurn = performance.now();
    } else if (performance.now() - this.#lastTurn > TURN_MS) {
      await setImmediate();
      this.#lastTurn = performance.now();
    }
  }
}

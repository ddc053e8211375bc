import { performance } from 'node:perf_hooks';
import { setImmediate, setTimeout } from 'node:timers/promises';
import type { NativeAddon } from './addon.js';

/** By so much the memory of a program may grow without asking whether the collector could have freed some. */
const UNASKED_BYTES = 128 * 2 ** 20;
/** A collection takes two to fifteen on a quiet machine. */
const MAX_MILLISECONDS = 50;

/** What it needs of the addon. */
type Memory = Pick<NativeAddon, 'heldBytes' | 'keptBytes' | 'hastenCollection'>;

/**
 * Keeps a loop and the garbage collector in step. Training and inference under noGrad recycle their memory. But
 * inference that records graphs, on which nobody calls backward, loses them to the collector, which works between
 * the turns of the event loop, of which such a loop leaves it few: now two graphs would wait for it, now six, each
 * with all its memory. So where a loop awaits its results, and its next step, of the size of the last, would need
 * more memory than ever before, the collector first gets a few milliseconds.
 */
export class CollectorPace {
  readonly #memory: Memory;
  #bytesOfStep = 0;
  #bytesWanted = 0;
  #bytesAllowed = UNASKED_BYTES;
  #vainWaits = 0;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** Notes memory that the pool did not have. */
  allocated(bytes: number): void {
    this.#bytesOfStep += bytes;
  }

  /** To be asked once a step: true when it should {@link wait}. */
  isBehind(): boolean {
    this.#bytesWanted = this.#bytesOfStep;
    this.#bytesOfStep = 0;
    return (
      this.#memory.keptBytes() < this.#bytesWanted &&
      this.#memory.heldBytes() + this.#bytesWanted > this.#bytesAllowed
    );
  }

  /**
   * Resolves when the collector has freed what a step needs. If it does not in time, what is held is in use, and
   * more is allowed without asking: by one step, by two the next time, then by four.
   */
  async wait(): Promise<void> {
    const start = performance.now();
    this.#memory.hastenCollection();
    await setImmediate();
    while (this.#memory.keptBytes() < this.#bytesWanted) {
      if (performance.now() - start > MAX_MILLISECONDS) {
        this.#bytesAllowed = this.#memory.heldBytes() + this.#bytesWanted * 2 ** this.#vainWaits++;
        return;
      }
      await setTimeout(1);
    }
    this.#vainWaits = 0;
  }
}

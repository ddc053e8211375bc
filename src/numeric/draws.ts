import { PHILOX_LANES, philox } from './philox.js';

/** Blocks that one stream may use before it runs into the next one. */
const STREAM_BLOCKS = 2 ** 20;
const BUFFERED_BLOCKS = 32;

/**
 * A stream of random numbers on the host, from the same generator as tensors (Philox). Streams of one seed and
 * different numbers are independent of each other, so that sample i of a dataset does not depend on what else was
 * drawn.
 */
export class Draws {
  readonly #seedLow: number;
  readonly #seedHigh: number;
  readonly #words = new Uint32Array(BUFFERED_BLOCKS * PHILOX_LANES);
  #counter: number;
  #next = this.#words.length;

  /**
   * @param seed an integer from 0 to 2⁵³ − 1
   * @param stream an integer from 0 to 2³² − 1
   */
  constructor(seed: number, stream = 0) {
    this.#seedLow = seed >>> 0;
    this.#seedHigh = Math.floor(seed / 2 ** 32);
    this.#counter = stream * STREAM_BLOCKS;
  }

  /** 32 random bits. */
  bits(): number {
    if (this.#next === this.#words.length) {
      philox(this.#words, BUFFERED_BLOCKS, this.#seedLow, this.#seedHigh, this.#counter);
      this.#counter += BUFFERED_BLOCKS;
      this.#next = 0;
    }
    return this.#words[this.#next++] ?? 0;
  }

  /** Uniform on [low, high). */
  uniform(low = 0, high = 1): number {
    return low + ((high - low) * this.bits()) / 2 ** 32;
  }

  /** An integer on [0, limit), limit ≤ 2³². */
  integer(limit: number): number {
    return Math.floor((this.bits() * limit) / 2 ** 32);
  }

  /** Normal (Box and Muller 1958). */
  normal(mean: number, std: number): number {
    const radius = Math.sqrt(-2 * Math.log((this.bits() + 1) / 2 ** 32));
    return mean + std * radius * Math.cos(2 * Math.PI * this.uniform());
  }
}

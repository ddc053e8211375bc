import { AsyncLocalStorage } from 'node:async_hooks';
import { randomInt } from 'node:crypto';
import { ArgumentError } from '../errors.js';
import { allocating } from '../numeric/allocation.js';
import { multiplyHigh, PHILOX_LANES, philox } from '../numeric/philox.js';
import { inWords } from '../options.js';

/** Where a generator stands; plain numbers, so that checkpoints can hold it. */
export interface RandomState {
  /** An integer from 0 to 2⁵³ − 1. */
  readonly seed: number;
  /** Blocks of four words drawn since seeding. */
  readonly counter: number;
}

/** What random kernels take: the halves of the seed, and the counter of the draw's first block. */
export type Draw = readonly [seedLow: number, seedHigh: number, counter: number];

function checkWhole(value: unknown, name: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new ArgumentError(
      `random: ${name} is ${inWords(value)}, expected an integer from 0 to 2^53 − 1`,
    );
  }
  return value;
}

/** The numbers of a state, whatever was given as one; its getters may throw. */
function readState(state: RandomState): RandomState {
  try {
    return { seed: checkWhole(state.seed, 'seed'), counter: checkWhole(state.counter, 'counter') };
  } catch (error) {
    if (error instanceof ArgumentError) throw error;
    throw new ArgumentError('random: the state cannot be read, expected a seed and a counter');
  }
}

/**
 * A stream of random numbers: the counter-based generator Philox-4x32-10 (Salmon et al. 2011). Its whole state
 * is a seed and a counter, and both backends draw the same numbers from it.
 */
export class Generator {
  #seed: number;
  #counter = 0;

  /** @param seed an integer from 0 to 2⁵³ − 1; unpredictable by default */
  constructor(seed?: number) {
    this.#seed = seed === undefined ? randomInt(2 ** 48 - 1) : checkWhole(seed, 'seed');
  }

  get seed(): number {
    return this.#seed;
  }

  /** Blocks of four words drawn since seeding. */
  get counter(): number {
    return this.#counter;
  }

  /** Starts over with a seed. */
  manualSeed(seed: number): this {
    this.setState({ seed, counter: 0 });
    return this;
  }

  state(): RandomState {
    return { seed: this.#seed, counter: this.#counter };
  }

  /** Goes on from a state that {@link state} gave. */
  setState(state: RandomState): void {
    const { seed, counter } = readState(state);
    this.#seed = seed;
    this.#counter = counter;
  }

  /** Sets blocks of four words aside, and returns the counter of the first. */
  advance(blocks: number): number {
    const first = this.#counter;
    this.#counter = checkWhole(first + blocks, 'counter');
    return first;
  }

  /** Sets `n` random words aside for a kernel, in whole blocks. @internal */
  reserve(n: number): Draw {
    const counter = this.advance(Math.ceil(n / PHILOX_LANES));
    return [this.#seed >>> 0, Math.floor(this.#seed / 2 ** 32), counter];
  }
}

const standIns = new AsyncLocalStorage<Generator>();
let standInsInUse = 0;

/** Draws from what {@link withGenerator} has put in its place, where that is the case. */
class DefaultGenerator extends Generator {
  override advance(blocks: number): number {
    return this.#standIn?.advance(blocks) ?? super.advance(blocks);
  }

  override reserve(n: number): Draw {
    return this.#standIn?.reserve(n) ?? super.reserve(n);
  }

  get #standIn(): Generator | undefined {
    return standInsInUse > 0 ? standIns.getStore() : undefined;
  }
}

/** The generator behind every draw that names none. */
export const defaultGenerator: Generator = new DefaultGenerator();

/**
 * Runs an async function whose draws come from a generator of its own in place of the default one, whatever else
 * draws meanwhile. @internal
 */
export async function withGenerator<T>(generator: Generator, fn: () => Promise<T>): Promise<T> {
  standInsInUse++;
  try {
    return await standIns.run(generator, fn);
  } finally {
    standInsInUse--;
  }
}

/**
 * Makes all draws from now on reproducible: initial weights, dropout masks and shuffles, the same on both
 * backends.
 * @param seed an integer from 0 to 2⁵³ − 1
 */
export function manualSeed(seed: number): Generator {
  return defaultGenerator.manualSeed(seed);
}

/** Where the default generator stands. */
export function getRandomState(): RandomState {
  return defaultGenerator.state();
}

/** Puts the default generator back to where {@link getRandomState} found it. */
export function setRandomState(state: RandomState): void {
  defaultGenerator.setState(state);
}

/** The first n words of a draw, on the host. @internal */
export function randomWords(n: number, generator: Generator): Uint32Array {
  const blocks = Math.ceil(n / PHILOX_LANES);
  const drawn = allocating(
    'random numbers',
    4 * blocks * PHILOX_LANES,
    () => new Uint32Array(blocks * PHILOX_LANES),
  );
  philox(drawn, blocks, ...generator.reserve(n));
  return drawn;
}

/** An integer from 0 to 2³² − 1. */
export function randomUint32(generator: Generator = defaultGenerator): number {
  return randomWords(1, generator)[0] ?? 0;
}

/** The integers from 0 to n − 1 in random order (Fisher and Yates). */
export function permutation(n: number, generator: Generator = defaultGenerator): Int32Array {
  if (!Number.isInteger(n) || n < 0 || n > 2 ** 31 - 1) {
    throw new ArgumentError(
      `permutation: n is ${inWords(n)}, expected an integer from 0 to 2^31 − 1`,
    );
  }
  const order = allocating('a permutation', 4 * n, () => new Int32Array(n));
  for (let i = 0; i < n; i++) order[i] = i;
  const drawn = randomWords(n, generator);
  for (let i = n - 1; i > 0; i--) {
    const j = multiplyHigh(drawn[i] ?? 0, i + 1);
    const moved = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = moved;
  }
  return order;
}

import { ArgumentError } from '../../errors.js';
import type { Json } from '../../io/json.js';
import { inWords } from '../../options.js';
import { type Generator, randomUint32 } from '../../tensor/random.js';

/** A range that a hyper-parameter is drawn from. */
export interface Range<T extends Json> {
  /** Linear or logarithmic, or a list of choices: how pictures lay it out. */
  readonly scale: 'linear' | 'log' | 'choice';
  /** The value at a place u on [0, 1). */
  at(u: number): T;
  /** All about it, to tell whether a saved search had the same. */
  describe(): Json;
}

/** Hyper-parameters by name, and where each is drawn from. */
export type Space = Readonly<Record<string, Range<Json>>>;

/** The values drawn from a space. */
export type Drawn<S extends Space> = {
  readonly [K in keyof S]: S[K] extends Range<infer T> ? T : never;
};

function checkBounds(name: string, low: number, high: number, least: number): void {
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high && low >= least)) {
    const above = least > Number.NEGATIVE_INFINITY ? ' above 0' : '';
    throw new ArgumentError(
      `${name}: low ${inWords(low)} and high ${inWords(high)}, expected low < high${above}`,
    );
  }
}

/** A number between two, all equally likely. */
export function uniform(low: number, high: number): Range<number> {
  checkBounds('uniform', low, high, Number.NEGATIVE_INFINITY);
  return {
    scale: 'linear',
    at: (u) => low + (high - low) * u,
    describe: () => ({ kind: 'uniform', low, high }),
  };
}

/** A number between two above 0, all magnitudes equally likely: for rates and penalties. */
export function logUniform(low: number, high: number): Range<number> {
  checkBounds('logUniform', low, high, Number.MIN_VALUE);
  return {
    scale: 'log',
    at: (u) => low * (high / low) ** u,
    describe: () => ({ kind: 'logUniform', low, high }),
  };
}

/** A whole number from low to high, both included. */
export function integer(low: number, high: number): Range<number> {
  checkBounds('integer', low, high, Number.NEGATIVE_INFINITY);
  if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high)) {
    throw new ArgumentError(`integer: low ${low} and high ${high}, expected whole numbers`);
  }
  return {
    scale: 'linear',
    at: (u) => low + Math.floor((high - low + 1) * u),
    describe: () => ({ kind: 'integer', low, high }),
  };
}

/** One of a list. */
export function choice<const T extends Json>(values: readonly T[]): Range<T> {
  if (!Array.isArray(values)) {
    throw new ArgumentError(`choice: the values are ${inWords(values)}, expected a list`);
  }
  const [first] = values;
  if (first === undefined) throw new ArgumentError('choice: there is nothing to choose from');
  return {
    scale: 'choice',
    at: (u) => values[Math.floor(values.length * u)] ?? first,
    describe: () => ({ kind: 'choice', values: [...values] }),
  };
}

/** Draws a value of each range, in their order. */
export function draw<S extends Space>(space: S, generator: Generator): Drawn<S> {
  const values = Object.entries(space).map(([name, range]) => [
    name,
    range.at(randomUint32(generator) / 2 ** 32),
  ]);
  return Object.fromEntries(values);
}

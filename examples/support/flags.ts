import { ArgumentError } from 'axonode';

/** A flag that has to be a number > 0; a whole one unless it may have a fraction. */
export function positive(name: string, text: string, { fraction = false } = {}): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value) && (fraction || Number.isInteger(value))) return value;
  const expected = fraction ? 'a number > 0' : 'a whole number > 0';
  throw new ArgumentError(`--${name} ${text}: expected ${expected}`);
}

/** A flag that has to be one of some words. */
export function oneOf<T extends string>(name: string, text: string, words: readonly T[]): T {
  const word = words.find((each) => each === text);
  if (word === undefined) {
    throw new ArgumentError(`--${name} ${text}: expected one of ${words.join(', ')}`);
  }
  return word;
}

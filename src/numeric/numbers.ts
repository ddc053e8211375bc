import { ArgumentError } from '../errors.js';
import { inWords } from '../options.js';

/** A list that is no array may say any length: more elements than these are not looked for. */
const MOST_IN_OBJECT = 10_000_000;

/** How many elements a list has; null if it is none. */
function lengthOf(list: unknown): number | null {
  if (typeof list !== 'object' || list === null || !('length' in list)) return null;
  const { length } = list;
  if (typeof length !== 'number' || !Number.isInteger(length) || length < 0) return null;
  const isArray = Array.isArray(list) || ArrayBuffer.isView(list);
  return isArray || length <= MOST_IN_OBJECT ? length : null;
}

/** A value as a message shows it. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 100));
  return typeof value === 'bigint' ? `${value}n` : inWords(value);
}

/**
 * A copy of a list of numbers that a caller gave; NaN where it has a hole, or null as JSON does.
 * @throws ArgumentError if it is no list, or has anything else in it
 */
export function checkNumbers(owner: string, name: string, list: ArrayLike<number>): Float64Array {
  const length = lengthOf(list);
  if (length === null) {
    throw new ArgumentError(`${owner}: ${name} is ${shown(list)}, expected a list of numbers`);
  }
  const numbers = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const value: unknown = list[i];
    if (typeof value === 'number') numbers[i] = value;
    else if (value === undefined || value === null) numbers[i] = Number.NaN;
    else throw new ArgumentError(`${owner}: ${name}[${i}] is ${shown(value)}, expected a number`);
  }
  return numbers;
}

/**
 * @param what is expected, in words
 * @throws ArgumentError unless a value is a number that is accepted
 */
export function checkNumber(
  owner: string,
  name: string,
  value: number,
  accepts: (value: number) => boolean,
  what: string,
): number {
  if (typeof value === 'number' && accepts(value)) return value;
  throw new ArgumentError(`${owner}: ${name} is ${shown(value)}, expected ${what}`);
}

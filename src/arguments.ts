import { ArgumentError } from './errors.js';
import { inWords } from './options.js';

// Checks of what a caller has given, whatever that is.

/** What kind of value it is, for messages. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function refuse(owner: string, name: string, value: unknown, expected: string): never {
  throw new ArgumentError(`${owner}: ${name} is ${kindOf(value)}, expected ${expected}`);
}

/** Throws unless a value is an array. */
export function checkList(
  owner: string,
  name: string,
  value: unknown,
  expected = 'an array',
): asserts value is readonly unknown[] {
  if (!Array.isArray(value)) refuse(owner, name, value, expected);
}

/** Throws unless a value is an array or a typed array. */
export function checkNumbers(owner: string, name: string, value: unknown): void {
  if (Array.isArray(value) || (ArrayBuffer.isView(value) && 'length' in value)) return;
  refuse(owner, name, value, 'a list of numbers');
}

/** Throws unless a value is an object that can be gone through. */
export function checkIterable(owner: string, name: string, value: unknown, expected: string): void {
  if (typeof value === 'object' && value !== null && Symbol.iterator in value) return;
  refuse(owner, name, value, expected);
}

/** Throws unless a value is an object. */
export function checkObject(
  owner: string,
  name: string,
  value: unknown,
  expected: string,
): asserts value is object {
  if (typeof value !== 'object' || value === null) refuse(owner, name, value, expected);
}

/** Throws unless a value is a function. */
export function checkFunction(owner: string, name: string, value: unknown): void {
  if (typeof value !== 'function') refuse(owner, name, value, 'a function');
}

/** Throws unless a value is a number. */
export function checkNumber(owner: string, name: string, value: unknown): void {
  if (typeof value !== 'number') {
    throw new ArgumentError(`${owner}: ${name} is ${inWords(value)}, expected a number`);
  }
}

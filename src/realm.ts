/**
 * What a value is, whichever realm it comes from. A program may hold values of several: each vm context, such as
 * Jest and vitest's vm pools make for every test file, has a Float32Array, a Promise, a Map and an Object of its
 * own, and `instanceof` knows only one of them. `isError` and the like here, and those of `node:util/types`, know all.
 */
import { isNativeError } from 'node:util/types';

/** Something to await. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    value !== null &&
    (typeof value === 'object' || typeof value === 'function') &&
    'then' in value &&
    typeof value.then === 'function'
  );
}

/** True for errors, and for the DOMException that an aborted signal throws. */
export function isError(value: unknown): value is Error {
  return isNativeError(value) || Object.prototype.toString.call(value) === '[object DOMException]';
}

/** True for `{ ... }` and objects without a prototype; not for instances of classes, arrays or Maps. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: object | null = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  // The Object.prototype of another realm.
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

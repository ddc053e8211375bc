import { ArgumentError } from './errors.js';

// JSON and structured clones (postMessage, workerData) copy public fields only. Of what keeps its content elsewhere they
// would lose it without a word, so they are refused, with what to do instead.

/** What `JSON.stringify` calls of something that has no JSON. */
export function refuseJson(type: string, remedy: string): never {
  throw new ArgumentError(`JSON.stringify: a ${type} has no JSON; ${remedy}`);
}

/**
 * The value of a public field that makes structured clones fail: symbols cannot be cloned, and the error cites them.
 */
export function uncloneable(type: string, remedy: string): symbol {
  return Symbol(`a ${type} keeps its content outside of JavaScript's objects: ${remedy}; it`);
}

import { ArgumentError } from './errors.js';

// JSON and structured clones (postMessage, workerData) copy public fields only. Of what keeps its content elsewhere they
// would lose it without a word. So it has a public field with a refusal, which neither can copy. A replacer of
// JSON.stringify comes before it, and may put something else in the place of the whole.

/** The value of a public field that makes JSON and structured clones fail, with what to do instead. */
export class Refusal {
  /** Symbols cannot be cloned, and the error of those who try cites them. */
  readonly why: symbol;
  readonly #message: string;

  constructor(type: string, remedy: string) {
    this.why = Symbol(`a ${type} keeps its content outside of JavaScript's objects: ${remedy}; it`);
    this.#message = `JSON.stringify: a ${type} has no JSON; ${remedy}`;
  }

  toJSON(): never {
    throw new ArgumentError(this.#message);
  }
}

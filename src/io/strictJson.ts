import { isMap } from 'node:util/types';
import type { Json } from './json.js';
import { runAtOnce, type Steps } from './turns.js';

/** What {@link parseStrictJson} returns: objects are Maps, so that no key can reach a prototype. */
export type StrictJson = string | number | boolean | null | StrictJson[] | Map<string, StrictJson>;

/** Deeper nesting than this is refused: headers are flat, and nobody who walks through a value shall overflow the stack. */
const MAX_DEPTH = 32;

/** Values between two moments at which others may run. */
const VALUES_PER_STEP = 1000;

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const LONE_SURROGATE = /\p{Surrogate}/u;
const QUOTE = '"';
const BACKSLASH = 0x5c;

/**
 * Parses JSON as JSON.parse does, but refuses what it lets pass and what two readers may understand in two ways:
 * a key given twice, and text that is not well-formed Unicode.
 *
 * @throws SyntaxError that says what is wrong and where
 */
export function parseStrictJson(text: string): StrictJson {
  return runAtOnce(strictJsonSteps(text));
}

/** {@link parseStrictJson} in steps. */
export function* strictJsonSteps(text: string): Steps<StrictJson> {
  const parser = new Parser(text);
  while (!parser.advance(VALUES_PER_STEP)) yield;
  return parser.result;
}

/** A parsed value with plain objects; `__proto__` is a key like any other. */
export function plainOf(value: StrictJson): Json {
  if (Array.isArray(value)) return value.map(plainOf);
  if (!isMap(value)) return value;
  return Object.fromEntries(Array.from(value, ([key, item]) => [key, plainOf(item)]));
}

/** True if text has no half of a surrogate pair, so that UTF-8 can hold it. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/** A list or object that has begun; the key is that of the value to come. */
type Open =
  | { readonly list: StrictJson[]; readonly object?: undefined }
  | { readonly object: Map<string, StrictJson>; readonly list?: undefined; key: string };

class Parser {
  readonly #text: string;
  readonly #open: Open[] = [];
  #at = 0;
  #result: StrictJson = null;

  constructor(text: string) {
    this.#text = text;
  }

  get result(): StrictJson {
    return this.#result;
  }

  /** Reads some values; true if that was all. */
  advance(values: number): boolean {
    for (let i = 0; i < values; i++) {
      const value = this.#value();
      if (value !== undefined && this.#place(value)) {
        this.#skipSpace();
        if (this.#at < this.#text.length) throw this.#unexpected('the end');
        return true;
      }
    }
    return false;
  }

  /** The value that begins here; undefined if it is a list or object that goes on. */
  #value(): StrictJson | undefined {
    if (this.#open.length > MAX_DEPTH) throw this.#fault(`nested deeper than ${MAX_DEPTH} levels`);
    this.#skipSpace();
    switch (this.#text[this.#at]) {
      case '{': {
        const object = new Map<string, StrictJson>();
        this.#at++;
        if (this.#takes('}')) return object;
        this.#open.push({ object, key: this.#key(object) });
        return undefined;
      }
      case '[': {
        const list: StrictJson[] = [];
        this.#at++;
        if (this.#takes(']')) return list;
        this.#open.push({ list });
        return undefined;
      }
      case QUOTE:
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default: {
        NUMBER.lastIndex = this.#at;
        const digits = NUMBER.exec(this.#text)?.[0];
        if (!digits) throw this.#unexpected('a value');
        this.#at += digits.length;
        return Number(digits);
      }
    }
  }

  /** Puts a value where it belongs, and ends lists and objects that end after it; true if it was the last. */
  #place(value: StrictJson): boolean {
    let whole = value;
    for (let top = this.#open.at(-1); top !== undefined; top = this.#open.at(-1)) {
      if (top.object) {
        top.object.set(top.key, whole);
        if (this.#takes(',')) {
          top.key = this.#key(top.object);
          return false;
        }
        if (!this.#takes('}')) throw this.#unexpected("',' or '}'");
        whole = top.object;
      } else {
        top.list.push(whole);
        if (this.#takes(',')) return false;
        if (!this.#takes(']')) throw this.#unexpected("',' or ']'");
        whole = top.list;
      }
      this.#open.pop();
    }
    this.#result = whole;
    return true;
  }

  /** A key that the object does not have yet, and the colon after it. */
  #key(object: ReadonlyMap<string, StrictJson>): string {
    this.#skipSpace();
    if (this.#text[this.#at] !== QUOTE) throw this.#unexpected('a key');
    const key = this.#string();
    if (object.has(key)) throw this.#fault(`key ${JSON.stringify(key)} is given twice`);
    if (!this.#takes(':')) throw this.#unexpected("':'");
    return key;
  }

  #string(): string {
    const start = this.#at;
    let end = start;
    do {
      end = this.#text.indexOf(QUOTE, end + 1);
      if (end < 0) {
        this.#at = this.#text.length;
        throw this.#fault('a string without end');
      }
    } while (this.#isEscaped(end));
    this.#at = end + 1;
    // Escapes and forbidden control characters are JSON.parse's to judge.
    const text: unknown = JSON.parse(this.#text.slice(start, this.#at));
    if (typeof text !== 'string' || !isWellFormed(text)) {
      throw this.#fault('a string that is not Unicode text');
    }
    return text;
  }

  /** True if the backslashes before a place make what stands there part of the string. */
  #isEscaped(place: number): boolean {
    let first = place;
    while (this.#text.charCodeAt(first - 1) === BACKSLASH) first--;
    return (place - first) % 2 === 1;
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#unexpected('a value');
    this.#at += word.length;
    return value;
  }

  #takes(sign: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== sign) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) return;
      this.#at++;
    }
  }

  #unexpected(wanted: string): SyntaxError {
    const found = this.#text[this.#at];
    const what = found === undefined ? 'the end' : JSON.stringify(found);
    return this.#fault(`expected ${wanted}, found ${what}`);
  }

  #fault(message: string): SyntaxError {
    return new SyntaxError(`${message} (at character ${this.#at})`);
  }
}

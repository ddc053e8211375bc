import { AxonodeError } from '../../src/errors.js';
import { expectWellFormed } from '../plot/wellFormed.js';

/** What a chart consists of; nothing else can act. */
const ELEMENTS = /^(circle|g|path|rect|svg|text|title)$/;
const ATTRIBUTES =
  /^(xmlns|width|height|viewBox|role|font-(family|size|style|weight)|fill(-opacity)?|stroke(-width|-dasharray|-linejoin)?|x|y|d|cx|cy|r|transform|text-anchor|overflow|paint-order|shape-rendering)$/;
/** Control characters, but those of white space, and marks that turn the direction. */
const HIDDEN = /[^\P{Cc}\t\n\r]|[\p{Cs}\u202A-\u202E\u2066-\u2069]/u;

/** Fails unless a text is an SVG file in which nothing acts. */
export function expectInert(svg: string): void {
  expectWellFormed(svg);
  if (HIDDEN.test(svg)) throw new Error(`a character acts: ${JSON.stringify(svg)}`);
  for (const [, name = '', attributes = ''] of svg.matchAll(/<([^\s/>]+)([^>]*)/g)) {
    if (!ELEMENTS.test(name)) throw new Error(`there is <${name}>`);
    for (const [all, key = '', value = ''] of attributes.matchAll(/\s([^\s=]+)="([^"]*)"/g)) {
      if (!ATTRIBUTES.test(key) || /url|javascript/i.test(value)) throw new Error(`there is${all}`);
    }
  }
}

/** A place in a value of arrays and objects. */
export type Path = readonly (string | number)[];

/** All places in a value, itself included. */
export function pathsOf(value: unknown): Path[] {
  const isTree =
    Array.isArray(value) || Object.prototype.toString.call(value) === '[object Object]';
  if (!isTree || typeof value !== 'object' || value === null) return [[]];
  const inner = Object.entries(value).flatMap(([key, part]) =>
    pathsOf(part).map((path) => [key, ...path]),
  );
  return [[], ...inner];
}

/** A copy of a value with something else at a place. */
export function replaced(value: unknown, path: Path, by: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return by;
  if (Array.isArray(value)) {
    return value.map((part, i) => (String(i) === String(key) ? replaced(part, rest, by) : part));
  }
  const copy: Record<string, unknown> = { ...(value as object) };
  copy[String(key)] = replaced(copy[String(key)], rest, by);
  return copy;
}

/** What a call returns, or null where it throws an error of ours; any other error fails. */
export function outputOf<T>(call: () => T): T | null {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof AxonodeError)) throw error;
    const { message } = error;
    const isHarmless = !/[^\P{Cc}\n]|[\u202A-\u202E\u2066-\u2069]/u.test(message);
    if (!isHarmless || message.length > 4200) throw new Error(`not to be shown: ${message}`);
    return null;
  }
}

import { ArgumentError } from './errors.js';
import { isPlainObject } from './realm.js';

/** Every name of an options type. A name left out is a compiler error. */
export type OptionNames<O> = Readonly<Record<keyof O, true>>;

/** What other libraries call our options; compared in lower case and without underscores. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  dim: 'axis',
  dims: 'axes',
  keepdim: 'keepDims',
  negativeslope: 'slope',
  kernel: 'kernelSize',
  paddingidx: 'paddingIndex',
  learningrate: 'lr',
  batch: 'batchSize',
  numworkers: 'workers',
  min: 'low',
  max: 'high',
  cols: 'columns',
  minval: 'low',
  maxval: 'high',
};

/**
 * The fewest letters to insert, remove, replace or swap with their neighbour to make one word of the other (optimal
 * string alignment, Damerau 1964).
 */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      const isSwapped = i > 0 && j > 0 && a[i] === b[j - 1] && a[i - 1] === b[j];
      const swapped = isSwapped ? (before[j - 1] ?? 0) + 1 : replaced;
      next.push(Math.min(replaced, swapped, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Fewer letters than that begin too many names. */
const LEAST_LETTERS = 3;

/** The known name that an unknown one most likely means; null if none is close. */
function meant(name: string, known: readonly string[]): string | null {
  const plain = (word: string): string => word.toLowerCase().replaceAll('_', '');
  const asked = plain(name);
  const alias = ELSEWHERE[asked];
  if (alias !== undefined && known.includes(alias)) return alias;
  let best: string | null = null;
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const apart = distance(asked, plain(candidate));
    if (apart < least) [best, least] = [candidate, apart];
  }
  if (best !== null || asked.length < LEAST_LETTERS) return best;
  const longer = known.filter((candidate) => plain(candidate).startsWith(asked));
  return longer.length === 1 ? (longer[0] ?? null) : null;
}

function nameOfClass(value: object): string {
  const made: unknown = value.constructor;
  const name: unknown = typeof made === 'function' ? made.name : '';
  return typeof name === 'string' && name !== '' ? name : 'object';
}

const MOST_ITEMS = 8;

/** A value for a message, whatever it is: an object's own words may be none, and asking a Proxy may throw. */
export function inWords(value: unknown): string {
  try {
    if (value === null) return 'null';
    if (Array.isArray(value)) return arrayInWords(value);
    if (typeof value === 'function') return 'a function';
    return typeof value === 'object' ? `a ${nameOfClass(value)}` : String(value);
  } catch {
    return 'an object';
  }
}

/** Short lists of numbers and texts as they are. */
function arrayInWords(value: readonly unknown[]): string {
  const isShort = value.length <= MOST_ITEMS;
  const isPlain = isShort && value.every((item) => typeof item !== 'object' || item === null);
  return isPlain ? `[${value.map(inWords).join(', ')}]` : `an array of ${value.length}`;
}

function nameOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'string' ? JSON.stringify(value) : inWords(value);
}

function refuse(owner: string, options: unknown, name: string | null, known: object): never {
  const names = Object.keys(known);
  if (name === null || !isPlainObject(options)) {
    const example = names[0] === undefined ? '{}' : `{ ${names[0]}: ... }`;
    throw new ArgumentError(
      `${owner}: the options are ${nameOf(options)}, expected an object such as ${example}`,
    );
  }
  const guess = meant(name, names);
  const list = names.length === 0 ? 'there are none' : `expected ${names.join(', ')}`;
  throw new ArgumentError(
    `${owner}: ${name}: unknown option, ${guess === null ? list : `did you mean ${guess}?`}`,
  );
}

/**
 * Refuses an option that is not known, and names the one that was probably meant.
 * @param owner the function or class, for the message
 * @throws ArgumentError for an unknown name, or options that are no object
 *
 * @example
 * const NAMES: OptionNames<Conv2dOptions> = { stride: true, padding: true, dilation: true, groups: true };
 * checkOptions('conv2d', options, NAMES); // conv2d: strides: unknown option, did you mean stride?
 */
export function checkOptions(
  owner: string,
  options: object,
  known: Readonly<Record<string, true>>,
): void {
  if (typeof options !== 'object' || options === null) refuse(owner, options, null, known);
  for (const name in options) if (known[name] !== true) refuse(owner, options, name, known);
}

import { ArgumentError } from '../errors.js';
import { inWords } from '../options.js';

/** What charts are given, looked at once: types forbid the rest, but files and JavaScript do not. */

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : inWords(value);
}

/** @throws ArgumentError unless it is a text */
export function checkText(owner: string, name: string, value: string): string {
  if (typeof value === 'string') return value;
  throw new ArgumentError(`${owner}: ${name} is ${shown(value)}, expected a text`);
}

/** As {@link checkText}, of what need not be there. */
export function checkTextIfAny(
  owner: string,
  name: string,
  value: string | undefined,
): string | undefined {
  return value === undefined ? undefined : checkText(owner, name, value);
}

/** @throws ArgumentError unless it is an array */
export function checkArray<T>(owner: string, name: string, value: readonly T[]): readonly T[] {
  if (Array.isArray(value)) return value;
  throw new ArgumentError(`${owner}: ${name} is ${shown(value)}, expected an array`);
}

/** @throws ArgumentError unless it is an array of texts */
export function checkTexts(
  owner: string,
  name: string,
  value: readonly string[],
): readonly string[] {
  return Array.from(checkArray(owner, name, value), (text, i) =>
    checkText(owner, `${name}[${i}]`, text),
  );
}

/** @throws ArgumentError unless it is a function */
export function checkFunction<F>(owner: string, name: string, value: F): F {
  if (typeof value === 'function') return value;
  throw new ArgumentError(`${owner}: ${name} is ${shown(value)}, expected a function`);
}

/** @throws ArgumentError unless it is one of some words */
export function checkWord<W extends string>(
  owner: string,
  name: string,
  value: W,
  words: readonly W[],
): W {
  if (words.includes(value)) return value;
  const list = words.map((word) => `"${word}"`).join(' or ');
  throw new ArgumentError(`${owner}: ${name} is ${shown(value)}, expected ${list}`);
}

const COLOR =
  /^(#[\da-f]{3,8}|[a-z]{1,40}|(rgba?|hsla?|hwb|lab|lch|oklab|oklch|color|color-mix)\([\w\s.,%/#()+-]{1,150}\))$/i;
/** In other brackets a colour may have an address, which whoever looks at the picture would load: url(http://...). */
const ADDRESS = /url|image|src|attr|var|env/i;

/** Whether a text is a colour, and nothing that a reader of the picture has to load. */
export function isColor(value: string): boolean {
  return COLOR.test(value) && (!value.includes('(') || !ADDRESS.test(value));
}

/**
 * A colour. What is none is drawn as browsers draw it, without harm; what could load something is refused.
 * @throws ArgumentError unless it is a text, and without brackets or backslashes that belong to no colour
 */
export function checkColor(
  owner: string,
  name: string,
  value: string | undefined,
): string | undefined {
  if (value === undefined) return undefined;
  const text = checkText(owner, name, value);
  if (isColor(text) || (text.length <= 200 && !/[(\\]/.test(text))) return text;
  throw new ArgumentError(
    `${owner}: ${name} is ${shown(text)}, expected a colour such as "#0072B2", "red" or "rgb(0, 114, 178)"`,
  );
}

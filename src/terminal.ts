/**
 * Makes text safe to show on a terminal. Names come from files and other people, and a terminal obeys what is in them:
 * escape sequences move the cursor, hide lines, set the clipboard; marks of direction turn the words around.
 */

/**
 * What is not shown but acts: control characters (C0, C1), marks of format and direction, separators of lines, halves of
 * surrogate pairs. Joiners stay: Persian words and many emoji need them.
 */
const ACTING = /(?![\u200C\u200D])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The character as source code would have it, such as \x1b. */
function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x100) return SHORT[character] ?? `\\x${hex.padStart(2, '0')}`;
  return code > 0xffff ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`;
}

/** The start of a text, without half a character at its end. */
export function startOf(text: string, length: number): string {
  const last = text.charCodeAt(length - 1);
  const isHalf = last >= 0xd800 && last < 0xdc00;
  return text.slice(0, isHalf ? length - 1 : length);
}

/** The text, or its start and an ellipsis where it has more than `most` characters. */
export function cutText(text: string, most: number): string {
  return text.length <= most ? text : `${startOf(text, most - 1)}…`;
}

/** Characters of a line, and of a text of several. */
const MOST_IN_LINE = 1000;
const MOST_IN_TEXT = 100_000;
/** Characters of a name: of a value, a class, a layer. */
const MOST_IN_NAME = 120;

/** A line of text for a terminal: what would act on it is shown instead, and what is too long is cut. */
export function terminalLine(text: string, most = MOST_IN_LINE): string {
  return cutText(cutText(text, most).replace(ACTING, escaped), most);
}

/** As {@link terminalLine}, for a text of our own making that has several lines. */
export function terminalText(text: string): string {
  return cutText(text, MOST_IN_TEXT).replace(ACTING, (character) =>
    character === '\n' ? character : escaped(character),
  );
}

/** A name from elsewhere, as part of a line or table for a terminal. */
export function terminalName(name: string): string {
  return terminalLine(name, MOST_IN_NAME);
}

const NARROW = /[\s!'()*,./:;I[\\\]`fijlrt|-]/u;
const WIDE = /[%@MW_mw]/u;
const FULL =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}]/u;

/** Width of a character in ems: a bit more than in common sans-serif fonts, so that what is laid out by it fits. */
function emsOf(character: string): number {
  if (FULL.test(character)) return 1.05;
  if (NARROW.test(character)) return 0.42;
  if (WIDE.test(character)) return 0.98;
  return /\p{Lu}/u.test(character) ? 0.74 : 0.64;
}

/** Estimated width in pixels: an SVG file does not know the fonts of its reader. */
export function textWidth(text: string, fontSize = 12): number {
  let ems = 0;
  for (const character of text) ems += emsOf(character);
  return ems * fontSize;
}

/** The text, or its start and an ellipsis when it is wider than `width` pixels. */
export function fitText(text: string, width: number, fontSize = 12): string {
  const ellipsis = emsOf('…');
  let ems = 0;
  /** How much of the text fits with an ellipsis behind it. */
  let end = 0;
  let place = 0;
  for (const character of text) {
    ems += emsOf(character);
    // What comes behind need not be looked at.
    if (ems * fontSize > width) return `${text.slice(0, end).trimEnd()}…`;
    place += character.length;
    if ((ems + ellipsis) * fontSize <= width) end = place;
  }
  return text;
}

/** Lines of whole words no wider than `width` pixels, as many as `most`; what does not fit is cut. */
export function wrapText(text: string, width: number, fontSize: number, most: number): string[] {
  const lines: string[] = [];
  const space = textWidth(' ', fontSize);
  let line = '';
  let used = 0;
  for (const [word] of text.matchAll(/\S+/g)) {
    const isLast = lines.length === most - 1;
    // A full last line takes no more, and its end is cut below.
    if (isLast && used > width) break;
    const size = textWidth(word, fontSize);
    if (line === '') {
      [line, used] = [word, size];
    } else if (isLast || used + space + size <= width) {
      line += ` ${word}`;
      used += space + size;
    } else {
      lines.push(line);
      [line, used] = [word, size];
    }
  }
  if (line !== '') lines.push(line);
  return lines.map((each) => fitText(each, width, fontSize));
}

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
  if (textWidth(text, fontSize) <= width) return text;
  let fitted = '';
  let used = textWidth('…', fontSize);
  for (const character of text) {
    used += textWidth(character, fontSize);
    if (used > width) break;
    fitted += character;
  }
  return `${fitted.trimEnd()}…`;
}

/** Lines of whole words no wider than `width` pixels, as many as `most`; what does not fit is cut. */
export function wrapText(text: string, width: number, fontSize: number, most: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line === '' || textWidth(longer, fontSize) <= width || lines.length === most - 1) {
      line = longer;
    } else {
      lines.push(line);
      line = word;
    }
  }
  if (line !== '') lines.push(line);
  return lines.map((each) => fitText(each, width, fontSize));
}

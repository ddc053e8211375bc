/**
 * As src/terminal.ts: terminalText, for code that runs before that is compiled. Tabs of compilers become spaces.
 * @param {string} text
 */
export function terminalText(text) {
  return text.replaceAll('\t', '  ').replace(ACTING, (/** @type {string} */ character) => {
    if (character === '\n') return character;
    const code = character.codePointAt(0) ?? 0;
    const hex = code.toString(16);
    if (character === '\r') return '\\r';
    if (code < 0x100) return `\\x${hex.padStart(2, '0')}`;
    return code > 0xffff ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`;
  });
}

/** Control characters, marks of format and direction, separators of lines, halves of surrogate pairs; not joiners. */
const ACTING = /(?![\u200C\u200D])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

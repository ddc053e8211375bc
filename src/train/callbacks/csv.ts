import { inWords } from '../../options.js';
import { terminalLine } from '../../terminal.js';

/** Characters of a field: names from files have no limit. */
const MOST_IN_FIELD = 1000;

/**
 * What spreadsheets take for the beginning of a formula, also in the wide forms of East Asian writing
 * (https://owasp.org/www-community/attacks/CSV_Injection), behind white space, and behind a semicolon, which separates
 * fields in many countries.
 */
const FORMULA = /(^|;)(\s*)(?=[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/g;

/**
 * A field of a CSV file, quoted where RFC 4180 asks for it, and where other readers separate. Numbers are as they are; a
 * text never begins a formula, and has no control characters and no lines.
 */
function field(value: unknown): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = terminalLine(typeof value === 'string' ? value : inWords(value), MOST_IN_FIELD);
  const harmless = text.replace(FORMULA, "$1$2'");
  return /[",;']/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** A line of a CSV file. */
export function csvRow(fields: readonly unknown[]): string {
  return `${fields.map(field).join(',')}\n`;
}

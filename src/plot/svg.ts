import { checkNumber } from '../numeric/numbers.js';
import { inWords } from '../options.js';
import { cutText } from '../terminal.js';

/** Of every picture. */
export const FONT_FAMILY = 'system-ui, "Segoe UI", "DejaVu Sans", sans-serif';

/** Where something lies in a picture, in its units (CSS pixels). */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** XML or HTML that this library has put together. Everything else is text, and is escaped where it becomes part of it. */
export class Markup {
  readonly #source: string;

  /** @param source is not looked at: no text from elsewhere may be in it that is not escaped */
  constructor(source: string) {
    this.#source = source;
  }

  toString(): string {
    return this.#source;
  }
}

/** What can stand in an element. */
export type Content = Markup | string | number | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Text for XML or HTML, in an element or a quoted attribute. What XML cannot hold (control characters, half of a
 * surrogate pair) becomes U+FFFD, and so do the marks that turn the direction of what follows.
 */
export function escapeText(text: string): string {
  return text
    .replace(/[^\P{Cc}\t\n\r]|\p{Cs}|[\uFFFE\uFFFF\u202A-\u202E\u2066-\u2069]/gu, '\uFFFD')
    .replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
}

/** The source of content; what types forbid is text, too. */
export function sourceOf(content: Content): string {
  if (content instanceof Markup) return content.toString();
  if (Array.isArray(content)) return content.map(sourceOf).join('');
  return escapeText(typeof content === 'string' ? content : inWords(content));
}

/** Hundredths of a pixel are enough, and keep files small. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

/** An element. Its attributes and texts are escaped here, numbers rounded. */
export function element(name: string, attributes: Attributes, content: Content = []): Markup {
  let start = `<${name}`;
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    start += ` ${key}="${typeof value === 'number' ? rounded(value) : sourceOf(value)}"`;
  }
  const inner = sourceOf(content);
  return new Markup(inner === '' ? `${start}/>` : `${start}>${inner}</${name}>`);
}

/** A line of text at a baseline. */
export function textAt(x: number, y: number, text: string, attributes: Attributes = {}): Markup {
  return element('text', { x, y, ...attributes }, text);
}

/** Characters of a title that a reader, or a screen reader, has a use for. */
const MOST_IN_TITLE = 1000;
/** Characters of a name in a hint, of which there may be one for each mark of a chart. */
const MOST_IN_HINT = 200;

/** A name as part of a hint. */
export function shortName(name: string): string {
  return cutText(name, MOST_IN_HINT);
}

/** A whole picture on white, readable by screen readers through its title. */
export function picture(
  size: { width: number; height: number },
  title: string,
  parts: readonly Content[],
): string {
  const [width, height] = [Math.ceil(size.width), Math.ceil(size.height)];
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: 'img',
    'font-family': FONT_FAMILY,
    'font-size': 12,
    fill: '#333',
  };
  const content = [
    element('title', {}, cutText(title, MOST_IN_TITLE)),
    element('rect', { width, height, fill: '#fff' }),
    ...parts,
  ];
  return `${element('svg', attributes, ['\n', ...content.flatMap((part) => [part, '\n'])])}\n`;
}

/** A number of pixels that a picture can have. */
export function checkSize(caller: string, name: string, value: number): number {
  const fits = (size: number) => size >= 100 && size <= 20_000;
  return checkNumber(caller, name, value, fits, '100 to 20000');
}

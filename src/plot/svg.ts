import { ArgumentError } from '../errors.js';

/** Where something lies in a picture, in its units (CSS pixels). */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export type Attributes = Readonly<Record<string, string | number | undefined>>;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for XML or HTML, in an element or a quoted attribute. What XML cannot hold (control characters, half of a surrogate pair) becomes U+FFFD. */
export function escapeText(text: string): string {
  return text
    .replace(/[^\P{Cc}\t\n\r]|\p{Cs}|[\uFFFE\uFFFF]/gu, '\uFFFD')
    .replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
}

/** Hundredths of a pixel are enough, and keep files small. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

/** An element of already escaped children; attributes are escaped here, numbers rounded. */
export function element(name: string, attributes: Attributes, ...children: string[]): string {
  let start = `<${name}`;
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    start += ` ${key}="${typeof value === 'number' ? rounded(value) : escapeText(value)}"`;
  }
  return children.length === 0 ? `${start}/>` : `${start}>${children.join('')}</${name}>`;
}

/** A line of text at a baseline. */
export function textAt(x: number, y: number, text: string, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, escapeText(text));
}

/** A whole picture on white, readable by screen readers through its title. */
export function picture(
  size: { width: number; height: number },
  title: string,
  parts: readonly string[],
): string {
  const [width, height] = [Math.ceil(size.width), Math.ceil(size.height)];
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    role: 'img',
    'font-family': 'system-ui, "Segoe UI", "DejaVu Sans", sans-serif',
    'font-size': 12,
    fill: '#333',
  };
  const content = [
    element('title', {}, escapeText(title)),
    element('rect', { width, height, fill: '#fff' }),
    ...parts,
  ];
  return `${element('svg', attributes, `\n${content.join('\n')}\n`)}\n`;
}

/** A number of pixels that a picture can have. */
export function checkSize(caller: string, name: string, value: number): number {
  if (value >= 100 && value <= 20_000) return value;
  throw new ArgumentError(`${caller}: ${name} is ${value}, expected 100 to 20000`);
}

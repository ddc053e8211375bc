import { isColor } from './checks.js';
import { FONT_FAMILY } from './svg.js';

/*
 * Reads SVG files that the charts of this folder have made, and only those. Other SVG files are programs: scripts, event
 * handlers, foreign objects, styles and addresses act on whoever opens them. So there is a list of what charts consist of.
 */

const ELEMENTS: ReadonlySet<string> = new Set([
  'circle',
  'g',
  'path',
  'rect',
  'svg',
  'text',
  'title',
]);

const only = (characters: RegExp) => (value: string) => !characters.test(value);
const isNumber = (value: string) => /^-?\d{1,25}(\.\d{1,25})?(e[+-]?\d{1,3})?$/.test(value);
const isWord = (value: string) => /^[a-zA-Z-]{1,30}$/.test(value);
const isNumbers = only(/[^\d .e+-]/);

/** Attributes of charts, and what may be in them, as it is written. */
const ATTRIBUTES: ReadonlyMap<string, (value: string) => boolean> = new Map([
  ['xmlns', (value) => value === 'http://www.w3.org/2000/svg'],
  ['font-family', (value) => value === FONT_FAMILY.replaceAll('"', '&quot;')],
  ['d', only(/[^MLHVhvZz\d .e+-]/)],
  ['transform', only(/[^a-z()\d .e+-]/)],
  ['viewBox', isNumbers],
  ['stroke-dasharray', isNumbers],
  ['fill', isColor],
  ['stroke', isColor],
  ...['cx', 'cy', 'r', 'x', 'y', 'width', 'height', 'font-size', 'font-weight', 'stroke-width'].map(
    (name) => [name, isNumber] as const,
  ),
  ['fill-opacity', isNumber],
  ...['font-style', 'overflow', 'paint-order', 'role', 'shape-rendering', 'stroke-linejoin'].map(
    (name) => [name, isWord] as const,
  ),
  ['text-anchor', isWord],
]);

const ENTITY = /&(?!(?:amp|lt|gt|quot|#39);)/;
/** What `escapeText` leaves of control characters, and what it replaces. */
const FORBIDDEN = /[^\P{Cc}\t\n\r]|\p{Cs}|>/u;
const MOST_NESTED = 50;

/** How an SVG file begins that this library has made. */
const ROOT = /^<svg xmlns="[^"]*" width="(\d{1,7})" height="(\d{1,7})" /;

export interface OwnSvg {
  readonly width: number;
  readonly height: number;
  /** The file, without what follows its element. */
  readonly source: string;
}

/** What is wrong with the attributes of an element, in words; null if nothing is. */
function faultIn(attributes: string): string | null {
  const seen = new Set<string>();
  let rest = 0;
  while (rest < attributes.length) {
    const open = attributes.indexOf('="', rest);
    const close = open < 0 ? -1 : attributes.indexOf('"', open + 2);
    if (attributes[rest] !== ' ' || close < 0) return 'attributes that are not written as ours';
    const name = attributes.slice(rest + 1, open);
    const value = attributes.slice(open + 2, close);
    const accepts = ATTRIBUTES.get(name);
    if (accepts === undefined) return `the attribute ${JSON.stringify(name.slice(0, 40))}`;
    if (seen.has(name) || !accepts(value)) return `${name}=${JSON.stringify(value.slice(0, 40))}`;
    seen.add(name);
    rest = close + 1;
  }
  return null;
}

function faultInText(text: string, isInside: boolean): string | null {
  if (!isInside && text.trim() !== '') return 'text outside of its element';
  if (FORBIDDEN.test(text)) return 'characters that no chart writes';
  return ENTITY.test(text) ? 'an entity that is none of XML itself' : null;
}

/**
 * Goes through a file once, from left to right.
 * @returns the file, or what in it no chart of this library has, in words
 */
export function readOwnSvg(file: string): OwnSvg | string {
  const root = ROOT.exec(file);
  if (root === null) return 'another beginning than theirs';
  const open: string[] = [];
  let place = 0;
  while (place < file.length) {
    const start = file.indexOf('<', place);
    const text = file.slice(place, start < 0 ? file.length : start);
    const wrongText = faultInText(text, open.length > 0);
    if (wrongText !== null) return wrongText;
    if (start < 0) break;
    if (start > 0 && open.length === 0) return 'more than one element';
    // Attributes have no > in them: ours are escaped.
    const end = file.indexOf('>', start);
    if (end < 0) return 'an element that does not end';
    const tag = file.slice(start + 1, end);
    place = end + 1;
    if (tag.startsWith('/')) {
      if (open.pop() !== tag.slice(1)) return 'elements that are not nested';
      continue;
    }
    const isEmpty = tag.endsWith('/');
    const inner = isEmpty ? tag.slice(0, -1) : tag;
    const space = inner.indexOf(' ');
    const name = space < 0 ? inner : inner.slice(0, space);
    if (!ELEMENTS.has(name)) return `<${JSON.stringify(name.slice(0, 40)).slice(1, -1)}>`;
    const fault = space < 0 ? null : faultIn(inner.slice(space));
    if (fault !== null) return fault;
    if (!isEmpty) open.push(name);
    if (open.length > MOST_NESTED) return 'elements nested too deeply';
  }
  if (open.length > 0) return 'elements that do not end';
  return { width: Number(root[1]), height: Number(root[2]), source: file.trim() };
}

import { isFloat32Array, isFloat64Array } from 'node:util/types';
import type { TypedArray } from './dtype.js';
import { dim, type Shape, sizeOf, stridesOf } from './shape.js';

// The rules of NumPy's array2string, with its print option precision at 4.

/** Digits after the point, at most. */
const PRECISION = 4;
/** Arrays with more elements show the first and last EDGE along each axis. */
const THRESHOLD = 1000;
const EDGE = 3;
const LINE_WIDTH = 75;

const SMALLEST_PLAIN = 1e-4;
const LARGEST_PLAIN = 1e8;
const WIDEST_PLAIN_RANGE = 1000;

/** The number whose shortest decimal form reads back as a float32. */
function shortestFloat32(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/** A finite number as sign and whole part, fraction, and exponent, each as few characters as do. */
interface Parts {
  readonly whole: string;
  readonly fraction: string;
  readonly exponent: string;
}

function partsOf(value: number, short: number, scientific: boolean): Parts {
  const write = (x: number): string => (scientific ? x.toExponential() : String(x));
  const fractionOf = (text: string): string => /\.(\d+)/.exec(text)?.[1] ?? '';
  let text = write(short);
  if (fractionOf(text).length > PRECISION) {
    text = scientific ? value.toExponential(PRECISION) : value.toFixed(PRECISION);
  }
  const [, digits = '', sign = '+', power = ''] =
    /^(\d+).*?(?:e([+-])(\d+))?$/.exec(text.replace(/^-/, '')) ?? [];
  const isNegative = value < 0 || Object.is(value, -0);
  return {
    whole: isNegative ? `-${digits}` : digits,
    fraction: fractionOf(text).replace(/0+$/, ''),
    exponent: scientific ? sign + power.padStart(2, '0') : '',
  };
}

const longest = (texts: readonly string[]): number =>
  texts.reduce((n, text) => Math.max(n, text.length), 0);

/** True if plain decimals would be too long. */
function needsExponents(finite: readonly number[]): boolean {
  const magnitudes = finite.filter((value) => value !== 0).map(Math.abs);
  if (magnitudes.length === 0) return false;
  const largest = magnitudes.reduce((a, b) => Math.max(a, b));
  const smallest = magnitudes.reduce((a, b) => Math.min(a, b));
  return (
    largest >= LARGEST_PLAIN || smallest < SMALLEST_PLAIN || largest / smallest > WIDEST_PLAIN_RANGE
  );
}

/** Floats with their points below each other. */
function formatFloats(values: readonly number[], isFloat32: boolean): string[] {
  const finite = values.filter(Number.isFinite);
  const scientific = needsExponents(finite);
  const parts = values.map((value) => {
    if (!Number.isFinite(value)) return null;
    return partsOf(value, isFloat32 ? shortestFloat32(value) : value, scientific);
  });
  const known = parts.filter((part) => part !== null);
  const before = longest(known.map(({ whole }) => whole));
  const after = longest(known.map(({ fraction }) => fraction));
  const power = longest(known.map(({ exponent }) => exponent));
  const texts = parts.map((part, i) => {
    if (part === null) return String(values[i]).replace('Infinity', 'inf').replace('NaN', 'nan');
    const whole = part.whole.padStart(before);
    if (!scientific) return `${whole}.${part.fraction.padEnd(after)}`;
    const exponent = (part.exponent[0] ?? '') + part.exponent.slice(1).padStart(power - 1, '0');
    return `${whole}.${part.fraction.padEnd(after, '0')}e${exponent}`;
  });
  const width = longest(texts);
  return texts.map((text) => text.padStart(width));
}

/** Numbers as text, all of one width. */
function formatNumbers(values: readonly number[], kind: TypedArray): string[] {
  if (isFloat32Array(kind)) return formatFloats(values, true);
  if (isFloat64Array(kind)) return formatFloats(values, false);
  const texts = values.map(String);
  const width = longest(texts);
  return texts.map((text) => text.padStart(width));
}

/** Indices of an axis to show: all, or the first and last three with a gap (null) between. */
function shown(size: number, summarize: boolean): (number | null)[] {
  const all = Array.from({ length: size }, (_, i) => i);
  if (!summarize || size <= 2 * EDGE) return all;
  return [...all.slice(0, EDGE), null, ...all.slice(size - EDGE)];
}

/** Words on lines of limited width, behind an indent that the first line does not show. */
function wrap(words: readonly string[], indent: string, width: number): string {
  const lines: string[] = [];
  let line = indent;
  for (const [i, word] of words.entries()) {
    if (line.length + word.length > width && line.length > indent.length) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += i < words.length - 1 ? `${word}, ` : word;
  }
  return [...lines, line].join('\n').slice(indent.length);
}

/**
 * Nested brackets with aligned columns, as NumPy prints arrays; more than a thousand elements are summarised.
 * @param indent columns that precede the first bracket, for the lines that follow
 */
export function format(data: TypedArray, shape: Shape, indent: number): string {
  if (sizeOf(shape) === 0) return '[]';
  const summarize = sizeOf(shape) > THRESHOLD;
  const strides = stridesOf(shape);
  const offsets: number[] = [];
  const collect = (axis: number, offset: number): void => {
    if (axis === shape.length) offsets.push(offset);
    else {
      for (const i of shown(dim(shape, axis), summarize)) {
        if (i !== null) collect(axis + 1, offset + i * (strides[axis] ?? 1));
      }
    }
  };
  collect(0, 0);
  const texts = formatNumbers(
    offsets.map((offset) => data[offset] ?? Number.NaN),
    data,
  );
  let next = 0;

  const render = (axis: number, hanging: string, width: number): string => {
    if (axis === shape.length) return texts[next++] ?? '';
    const items = shown(dim(shape, axis), summarize).map((i) =>
      i === null ? '...' : render(axis + 1, `${hanging} `, width - 1),
    );
    if (axis === shape.length - 1) return `[${wrap(items, hanging, width - 1)}]`;
    return `[${items.join(`,${'\n'.repeat(shape.length - 1 - axis)}${hanging}`)}]`;
  };
  return render(0, ' '.repeat(indent + 1), LINE_WIDTH);
}

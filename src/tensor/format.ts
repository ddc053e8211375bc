import type { TypedArray } from './dtype.js';
import { dim, type Shape, stridesOf } from './shape.js';

const EDGE = 3;
const THRESHOLD = 1000;
const WIDTH = 75;

/** One number as NumPy writes it: up to four decimals, or scientific notation for a wide range. */
function numberFormatter(data: TypedArray): (value: number) => string {
  if (data instanceof Int32Array || data instanceof Uint8Array) return (value) => String(value);
  let largest = 0;
  let smallest = Number.POSITIVE_INFINITY;
  let whole = true;
  for (const value of data) {
    const magnitude = Math.abs(value);
    if (!Number.isFinite(magnitude) || magnitude === 0) continue;
    if (magnitude > largest) largest = magnitude;
    if (magnitude < smallest) smallest = magnitude;
    if (!Number.isInteger(value)) whole = false;
  }
  const scientific = largest >= 1e8 || (largest > 0 && smallest < 1e-4) || largest / smallest > 1e3 * 1e4;
  return (value) => {
    if (Number.isNaN(value)) return 'nan';
    if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
    if (whole && !scientific) return `${value}.`;
    if (scientific) return value.toExponential(4);
    return value.toFixed(4);
  };
}

/** Indices of an axis to show: all, or the first and last three with a gap (null) between. */
function shown(size: number, summarize: boolean): (number | null)[] {
  const all = Array.from({ length: size }, (_, i) => i);
  if (!summarize || size <= 2 * EDGE) return all;
  return [...all.slice(0, EDGE), null, ...all.slice(size - EDGE)];
}

/**
 * Nested brackets with aligned columns, as NumPy prints arrays; more than a thousand elements are summarised.
 * @param indent columns that precede the first bracket, for the lines that follow
 */
export function format(data: TypedArray, shape: Shape, indent: number): string {
  const toText = numberFormatter(data);
  const summarize = data.length > THRESHOLD;
  const strides = stridesOf(shape);
  const cells = new Map<number, string>();

  const collect = (axis: number, offset: number): void => {
    if (axis === shape.length) {
      cells.set(offset, toText(data[offset] ?? Number.NaN));
      return;
    }
    for (const i of shown(dim(shape, axis), summarize)) {
      if (i !== null) collect(axis + 1, offset + i * (strides[axis] ?? 1));
    }
  };
  collect(0, 0);
  let width = 0;
  for (const cell of cells.values()) width = Math.max(width, cell.length);

  const render = (axis: number, offset: number, column: number): string => {
    if (axis === shape.length) return (cells.get(offset) ?? '').padStart(width);
    const parts = shown(dim(shape, axis), summarize).map((i) =>
      i === null ? '...' : render(axis + 1, offset + i * (strides[axis] ?? 1), column + 1),
    );
    if (axis < shape.length - 1) {
      const gap = `,${'\n'.repeat(shape.length - 1 - axis)}${' '.repeat(column + 1)}`;
      return `[${parts.join(gap)}]`;
    }
    const lines: string[] = [];
    let line = '';
    for (const [i, part] of parts.entries()) {
      const piece = i < parts.length - 1 ? `${part}, ` : part;
      if (line !== '' && column + 1 + line.length + piece.length > WIDTH) {
        lines.push(line.trimEnd());
        line = '';
      }
      line += piece;
    }
    lines.push(line);
    return `[${lines.join(`\n${' '.repeat(column + 1)}`)}]`;
  };
  return render(0, 0, indent);
}

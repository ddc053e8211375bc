import { ArgumentError } from '../errors.js';
import { Draws } from '../numeric/draws.js';
import { checkOptions, inWords, type OptionNames } from '../options.js';
import type { LabelledImages } from './labelledImages.js';
import { STROKE_FONT } from './strokeFont.js';

const SIZE = 28;
const PIXELS = SIZE * SIZE;
/** Straight pieces between two points of a stroke. */
const STEPS = 6;

export interface SyntheticDigitsOptions {
  /** Same seed, same digits; other seeds give other digits of the same kind. Default 0. */
  seed?: number;
}

const NAMES: OptionNames<SyntheticDigitsOptions> = { seed: true };

/**
 * Digits that the library draws itself, for work without data: a pen follows one of several ways to write the
 * digit, with a hand, slant, size, pressure and paper of its own. In the form of MNIST: 28x28, white on black,
 * labels 0 to 9. Image i depends on the seed and on i only.
 * @param count number of images
 */
export function syntheticDigits(
  count: number,
  options: SyntheticDigitsOptions = {},
): LabelledImages {
  checkOptions('syntheticDigits', options, NAMES);
  const { seed = 0 } = options;
  if (!Number.isInteger(count) || count < 0 || count > 1_000_000) {
    throw new ArgumentError(
      `syntheticDigits: count is ${inWords(count)}, expected an integer from 0 to 1000000`,
    );
  }
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new ArgumentError(
      `syntheticDigits: seed is ${inWords(seed)}, expected an integer from 0 to 2⁵³ − 1`,
    );
  }
  const images = new Uint8Array(count * PIXELS);
  const labels = new Uint8Array(count);
  const ink = new Float64Array(PIXELS);
  for (let i = 0; i < count; i++) {
    const draws = new Draws(seed, i);
    const digit = draws.integer(10);
    labels[i] = digit;
    ink.fill(0);
    const outlines = place(write(digit, draws), draws);
    drawStrokes(ink, outlines, draws);
    develop(images.subarray(i * PIXELS, (i + 1) * PIXELS), ink, draws);
  }
  return { images, labels, count, channels: 1, rows: SIZE, cols: SIZE };
}

/** A line through points x, y, x, y, ... */
type Line = Float64Array;

/** The strokes of a digit as one person writes it, in units of about the digit's height. */
function write(digit: number, draws: Draws): Line[] {
  const variants = STROKE_FONT[digit] ?? [];
  const strokes = variants[draws.integer(variants.length)] ?? [];
  const hand = handOf(draws);
  return strokes.map((stroke) => {
    const points = Float64Array.from(stroke, (value) => (value + draws.normal(0, 1.2)) / 100);
    const line = smooth(points);
    for (let i = 0; i < line.length; i += 2) hand(line, i);
    return line;
  });
}

/** The Catmull-Rom spline through points, as short straight pieces. */
function smooth(points: Line): Line {
  const last = points.length / 2 - 1;
  const line = new Float64Array(2 * (last * STEPS + 1));
  for (let piece = 0; piece < last; piece++) {
    const [before, after] = [2 * Math.max(piece - 1, 0), 2 * Math.min(piece + 2, last)];
    for (let step = 0; step < STEPS; step++) {
      const t = step / STEPS;
      const at = 2 * (piece * STEPS + step);
      for (const axis of [0, 1]) {
        const p0 = points[before + axis] ?? 0;
        const p1 = points[2 * piece + axis] ?? 0;
        const p2 = points[2 * piece + 2 + axis] ?? 0;
        const p3 = points[after + axis] ?? 0;
        const a = 3 * (p1 - p2) + p3 - p0;
        const b = 2 * p0 - 5 * p1 + 4 * p2 - p3;
        line[at + axis] = p1 + 0.5 * t * (p2 - p0 + t * (b + t * a));
      }
    }
  }
  line.set(points.subarray(2 * last), line.length - 2);
  return line;
}

/** How a hand distorts what it writes: two slow waves in each direction, then slant, turn and stretch. */
function handOf(draws: Draws): (line: Line, at: number) => void {
  const waves = Array.from({ length: 4 }, () => ({
    size: draws.normal(0, 0.032),
    alongX: draws.uniform(-8, 8),
    alongY: draws.uniform(-8, 8),
    phase: draws.uniform(0, 2 * Math.PI),
  }));
  const turn = draws.normal(0, 0.13);
  const slant = draws.normal(0.12, 0.22);
  const width = Math.exp(draws.normal(0, 0.17));
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  return (line, at) => {
    let x = line[at] ?? 0;
    let y = line[at + 1] ?? 0;
    const [x0, y0] = [x, y];
    for (const [i, { size, alongX, alongY, phase }] of waves.entries()) {
      const shift = size * Math.sin(alongX * x0 + alongY * y0 + phase);
      if (i < 2) x += shift;
      else y += shift;
    }
    x = width * (x - slant * y);
    line[at] = cos * x - sin * y;
    line[at + 1] = sin * x + cos * y;
  };
}

/** Scales lines to 16 to 21 pixels and moves them to the middle of the image, about. */
function place(lines: Line[], draws: Draws): Line[] {
  const low = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  const high = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const line of lines) {
    for (const [i, value] of line.entries()) {
      low[i % 2] = Math.min(low[i % 2] ?? value, value);
      high[i % 2] = Math.max(high[i % 2] ?? value, value);
    }
  }
  const [left = 0, top = 0] = low;
  const [right = 0, bottom = 0] = high;
  const scale = draws.uniform(16, 21) / Math.max(right - left, bottom - top);
  const middle = SIZE / 2;
  const shift = [
    middle + draws.normal(0, 0.9) - (scale * (left + right)) / 2,
    middle + draws.normal(0, 0.9) - (scale * (top + bottom)) / 2,
  ];
  for (const line of lines) {
    for (const [i, value] of line.entries()) line[i] = value * scale + (shift[i % 2] ?? 0);
  }
  return lines;
}

/** Draws lines with a round pen whose width changes with the pressure. */
function drawStrokes(ink: Float64Array, lines: readonly Line[], draws: Draws): void {
  const radius = draws.uniform(0.7, 1.75);
  const pressure = draws.uniform(0, 0.3);
  const rhythm = draws.uniform(0.05, 0.3);
  const edge = draws.uniform(0.8, 1.7);
  let time = draws.uniform(0, 2 * Math.PI);
  for (const line of lines) {
    for (let i = 0; i + 3 < line.length; i += 2) {
      time += rhythm;
      const width = radius * (1 + pressure * Math.sin(time));
      drawPiece(
        ink,
        line[i] ?? 0,
        line[i + 1] ?? 0,
        line[i + 2] ?? 0,
        line[i + 3] ?? 0,
        width,
        edge,
      );
    }
  }
}

/** Inks what is within `radius` of a straight piece, fading out over `edge` pixels. */
function drawPiece(
  ink: Float64Array,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  radius: number,
  edge: number,
): void {
  const reach = radius + edge / 2;
  const left = Math.max(0, Math.floor(Math.min(x0, x1) - reach));
  const right = Math.min(SIZE - 1, Math.ceil(Math.max(x0, x1) + reach));
  const top = Math.max(0, Math.floor(Math.min(y0, y1) - reach));
  const bottom = Math.min(SIZE - 1, Math.ceil(Math.max(y0, y1) + reach));
  const dx = x1 - x0;
  const dy = y1 - y0;
  const perLength = 1 / (dx * dx + dy * dy || 1);
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const px = column + 0.5 - x0;
      const py = row + 0.5 - y0;
      const along = Math.min(Math.max((px * dx + py * dy) * perLength, 0), 1);
      const ex = px - along * dx;
      const ey = py - along * dy;
      const cover = (radius - Math.sqrt(ex * ex + ey * ey)) / edge + 0.5;
      const at = row * SIZE + column;
      if (cover > (ink[at] ?? 0)) ink[at] = Math.min(cover, 1);
    }
  }
}

/** Ink to grey levels, with the grain of the paper: triangular noise of a strength of its own. */
function develop(image: Uint8Array, ink: Float64Array, draws: Draws): void {
  const white = draws.uniform(190, 255);
  const grain = draws.uniform(0, 0.1);
  for (let i = 0; i < PIXELS; i += 2) {
    const bits = draws.bits();
    image[i] = level((ink[i] ?? 0) * white + grain * ((bits & 255) + ((bits >>> 8) & 255) - 255));
    image[i + 1] = level(
      (ink[i + 1] ?? 0) * white + grain * (((bits >>> 16) & 255) + (bits >>> 24) - 255),
    );
  }
}

function level(value: number): number {
  return Math.min(Math.max(Math.round(value), 0), 255);
}

import { isFloat32Array, isFloat64Array, isUint8Array } from 'node:util/types';
import { ArgumentError } from '../errors.js';
import { checkNumbers } from '../numeric/numbers.js';
import { checkOptions, inWords, type OptionNames } from '../options.js';
import { checkTexts } from '../plot/checks.js';
import { GLYPH_HEIGHT, GLYPH_WIDTH, glyphOf, textWidth } from './pixelFont.js';
import { encodePng, type Raster } from './png.js';

/** Images of one size on the host. */
export interface ImageStack {
  /** [count, channels, height, width]; 1 channel: grey, 3: red, green, blue. */
  readonly shape: readonly number[];
  /** Row-major: Uint8Array from 0 to 255, or floats from 0 to 1 (what lies outside is clipped). */
  readonly data: Uint8Array | Float32Array | Float64Array;
}

export interface GridOptions {
  /** Images in a row; default: about as many as there are rows, twice as many for more than 100. */
  columns?: number;
  /** Dots between images and around them; default 2. */
  padding?: number;
  /** Dots a pixel; default 2. */
  scale?: number;
  /** A line of text under each image, cut where it gets too long. Capitals, digits and `.,:-+/%()=<>→?`. */
  labels?: readonly string[];
}

const NAMES: OptionNames<GridOptions> = { columns: true, padding: true, scale: true, labels: true };

type Color = readonly [number, number, number];
const BACKGROUND: Color = [24, 26, 32];
const TEXT: Color = [235, 235, 235];
/** Dots of a picture, three bytes each. */
const MOST_DOTS = 2 ** 28;
/** Dots between an image and its label. */
const LABEL_GAP = 2;

/**
 * Many small images as one picture, as the bytes of a PNG file.
 *
 * @throws ArgumentError if the shape, the data or the labels do not fit together
 */
export function imageGrid(images: ImageStack, options: GridOptions = {}): Uint8Array {
  return encodePng(draw('imageGrid', images, options));
}

/** As {@link imageGrid}, as pixels. */
export function renderGrid(images: ImageStack, options: GridOptions = {}): Raster {
  return draw('renderGrid', images, options);
}

function draw(owner: string, images: ImageStack, options: GridOptions): Raster {
  checkOptions(owner, options, NAMES);
  const stack = checkStack(owner, images);
  const { count, channels, height, width } = stack;
  const columns = whole(owner, 'columns', options.columns ?? defaultColumns(count), 1);
  const padding = whole(owner, 'padding', options.padding ?? 2, 0);
  const scale = whole(owner, 'scale', options.scale ?? 2, 1);
  const labels = options.labels && checkTexts(owner, 'labels', options.labels);
  if (labels && labels.length !== count) {
    throw new ArgumentError(`${owner}: ${count} images and ${labels.length} labels`);
  }

  // Text grows with the images: one dot is one pixel of the picture up to scale 3.
  const dot = Math.max(1, Math.floor(scale / 2));
  const labelHeight = labels ? GLYPH_HEIGHT * dot + LABEL_GAP : 0;
  const cellWidth = width * scale + padding;
  const cellHeight = height * scale + labelHeight + padding;
  const across = Math.min(columns, count) * cellWidth + padding;
  const down = Math.ceil(count / columns) * cellHeight + padding;
  if (across * down > MOST_DOTS) {
    throw new ArgumentError(
      `${owner}: ${across} x ${down} dots, expected ${MOST_DOTS} at most: show fewer images, or a smaller scale`,
    );
  }
  const canvas = new Canvas(across, down);
  for (let i = 0; i < count; i++) {
    const left = padding + (i % columns) * cellWidth;
    const top = padding + Math.floor(i / columns) * cellHeight;
    drawImage(canvas, stack, i * channels * height * width, left, top, scale);
    const label = labels?.[i];
    if (label === undefined) continue;
    const text = fitText(label, Math.floor((width * scale) / dot));
    const indent = Math.floor((width * scale - textWidth(text) * dot) / 2);
    drawText(canvas, text, left + indent, top + height * scale + LABEL_GAP, dot);
  }
  return canvas;
}

/** Images as they were given, looked at. */
interface CheckedStack {
  readonly count: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly data: Uint8Array | Float32Array | Float64Array;
}

function checkStack(owner: string, images: ImageStack): CheckedStack {
  if (typeof images !== 'object' || images === null) {
    throw new ArgumentError(
      `${owner}: the images are ${inWords(images)}, expected { shape, data }`,
    );
  }
  const shape = Array.from(checkNumbers(owner, 'shape', images.shape));
  const [count = 0, channels = 0, height = 0, width = 0] = shape;
  const areSizes = shape.every((size) => Number.isSafeInteger(size) && size > 0);
  if (shape.length !== 4 || (channels !== 1 && channels !== 3) || !areSizes) {
    throw new ArgumentError(
      `${owner}: shape [${shape.join(', ')}], expected [count, 1 or 3, height, width], none of them 0`,
    );
  }
  const given = images.data;
  const isKnown = isUint8Array(given) || isFloat32Array(given) || isFloat64Array(given);
  const data = isKnown ? given : checkNumbers(owner, 'data', given);
  if (data.length !== count * channels * height * width) {
    throw new ArgumentError(
      `${owner}: shape [${shape.join(', ')}] needs ${count * channels * height * width} values, ` +
        `there are ${data.length}`,
    );
  }
  return { count, channels, height, width, data };
}

function whole(owner: string, name: string, value: number, least: number): number {
  if (Number.isInteger(value) && value >= least) return value;
  throw new ArgumentError(`${owner}: ${name} is ${inWords(value)}, expected an integer ≥ ${least}`);
}

function defaultColumns(count: number): number {
  return Math.ceil(Math.sqrt(count > 100 ? 2 * count : count));
}

/** A picture to draw on, in colour. */
class Canvas implements Raster {
  readonly width: number;
  readonly height: number;
  readonly channels = 3;
  readonly data: Uint8Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.data = new Uint8Array(width * height * 3);
    for (let i = 0; i < this.data.length; i++) this.data[i] = BACKGROUND[i % 3] ?? 0;
  }

  fillSquare(
    left: number,
    top: number,
    size: number,
    red: number,
    green: number,
    blue: number,
  ): void {
    for (let y = top; y < top + size; y++) {
      for (let x = left; x < left + size; x++) {
        const at = (y * this.width + x) * 3;
        this.data[at] = red;
        this.data[at + 1] = green;
        this.data[at + 2] = blue;
      }
    }
  }
}

function drawImage(
  canvas: Canvas,
  { channels, height, width, data }: CheckedStack,
  start: number,
  left: number,
  top: number,
  scale: number,
): void {
  const plane = channels === 3 ? height * width : 0;
  const gain = isUint8Array(data) ? 1 : 255;
  const level = (at: number) => Math.round(Math.min(Math.max((data[at] ?? 0) * gain, 0), 255));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = start + y * width + x;
      const [red, green, blue] = [level(at), level(at + plane), level(at + 2 * plane)];
      canvas.fillSquare(left + x * scale, top + y * scale, scale, red, green, blue);
    }
  }
}

/** The longest start of a text that is no wider than `dots`. */
function fitText(text: string, dots: number): string {
  const most = Math.max(0, Math.floor((dots + 1) / (GLYPH_WIDTH + 1)));
  // A character has two units at most.
  return [...text.slice(0, 2 * most)].slice(0, most).join('');
}

function drawText(canvas: Canvas, text: string, left: number, top: number, dot: number): void {
  for (const [i, character] of [...text].entries()) {
    const glyph = character === ' ' ? [] : (glyphOf(character) ?? glyphOf('?') ?? []);
    for (const [y, row] of glyph.entries()) {
      for (let x = 0; x < GLYPH_WIDTH; x++) {
        if (row[x] !== '#') continue;
        const column = i * (GLYPH_WIDTH + 1) + x;
        canvas.fillSquare(left + column * dot, top + y * dot, dot, ...TEXT);
      }
    }
  }
}

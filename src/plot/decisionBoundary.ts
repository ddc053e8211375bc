import { ArgumentError } from '../errors.js';
import { checkNumber, checkNumbers } from '../numeric/numbers.js';
import { checkOptions, type OptionNames } from '../options.js';
import { checkArray, checkFunction, checkText } from './checks.js';
import { type AxisOptions, partOf } from './frame.js';
import { checkRange, extentOf, formatNumber } from './scale.js';
import { element, type Markup, picture, rounded, textAt } from './svg.js';
import { fitText } from './text.js';

/**
 * What a model says of many places at once: for `count` pairs x₀, y₀, x₁, y₁, ... a value each, 0 for the first
 * class, 1 for the second, and between them for a model that is in doubt.
 */
export type PlacePredictor = (places: Float32Array, count: number) => ArrayLike<number>;

export interface DecisionBoundaryOptions {
  /** Default: 'Decision boundary'. */
  title?: string;
  /** What to show; default: the samples with a margin of a fifth. */
  x?: Pick<AxisOptions, 'range'>;
  y?: Pick<AxisOptions, 'range'>;
  /** Cells of the background in each direction; default 80. */
  resolution?: number;
}

const NAMES: OptionNames<DecisionBoundaryOptions> = {
  title: true,
  x: true,
  y: true,
  resolution: true,
};
const RANGE: OptionNames<Pick<AxisOptions, 'range'>> = { range: true };

/** Colour-blind safe: orange and blue of Okabe and Ito (2008). */
const FIRST = { red: 230, green: 159, blue: 0 };
const SECOND = { red: 0, green: 114, blue: 178 };

const CALLER = 'decisionBoundary';
/** Predictions beyond are drawn as these are. */
const FARTHEST = 1e6;

const PLOT = 400;
const LEFT = 52;
const TOP = 44;
const WIDTH = LEFT + PLOT + 24;
const HEIGHT = TOP + PLOT + 40;
/** Shades of the background; a model in doubt gives more than two. */
const SHADES = 16;

/**
 * A picture of how a model of two inputs divides the plane, as an SVG file: the samples of two classes, the
 * background in the colour of the predicted class, and the line between, where the prediction is ½.
 *
 * @param points coordinates of the samples, [x, y] each; one that is not finite is left out
 * @param labels class of each sample: two classes, told by the sign (0 or −1, and 1)
 * @throws ArgumentError if there are no points, or labels or predictions are not one each
 */
export function decisionBoundary(
  points: readonly (readonly [number, number])[],
  labels: ArrayLike<number>,
  predict: PlacePredictor,
  options: DecisionBoundaryOptions = {},
): string {
  checkOptions('decisionBoundary', options, NAMES);
  const title = checkText(CALLER, 'title', options.title ?? 'Decision boundary');
  const isCount = (count: number) => Number.isInteger(count) && count >= 1 && count <= 1000;
  const asked = options.resolution ?? 80;
  const resolution = checkNumber(CALLER, 'resolution', asked, isCount, '1 to 1000');
  const x = partOf('decisionBoundary: x', options.x, RANGE);
  const y = partOf('decisionBoundary: y', options.y, RANGE);
  const places = Array.from(checkArray(CALLER, 'points', points), (point, i) => {
    const [left, top, ...others] = checkNumbers(CALLER, `points[${i}]`, point);
    if (left !== undefined && top !== undefined && others.length === 0) return [left, top] as const;
    throw new ArgumentError(`${CALLER}: points[${i}] has ${point.length} numbers, expected [x, y]`);
  });
  const classes = checkNumbers(CALLER, 'labels', labels);
  checkFunction(CALLER, 'predict', predict);
  if (places.length === 0 || places.length !== classes.length) {
    throw new ArgumentError(
      `decisionBoundary: ${places.length} points and ${classes.length} labels, expected as many, and any`,
    );
  }
  const view = new View(
    x.range === undefined
      ? rangeOf(places.map(([first]) => first))
      : checkRange(CALLER, 'x.range', x.range, 'linear'),
    y.range === undefined
      ? rangeOf(places.map(([, second]) => second))
      : checkRange(CALLER, 'y.range', y.range, 'linear'),
  );
  const field = sample(predict, view, resolution);
  const marks = places.flatMap((place, i) =>
    place.every(Number.isFinite) ? [mark(view, place, (classes[i] ?? 0) > 0)] : [],
  );
  return picture({ width: WIDTH, height: HEIGHT }, title, [
    textAt(LEFT + PLOT / 2, 26, fitText(title, PLOT, 16), {
      'font-size': 16,
      'text-anchor': 'middle',
    }),
    element('g', { 'shape-rendering': 'crispEdges' }, background(field, resolution)),
    element('path', {
      d: boundary(field, resolution).join(''),
      fill: 'none',
      stroke: '#222',
      'stroke-width': 2,
    }),
    ...axes(view),
    ...marks,
  ]);
}

/** Maps the plane to the picture. */
class View {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];

  constructor(x: readonly [number, number], y: readonly [number, number]) {
    // Their distances may be infinite, or no number.
    if (!(x[0] < x[1] && y[0] < y[1] && x[1] - x[0] + (y[1] - y[0]) < Number.POSITIVE_INFINITY)) {
      throw new ArgumentError(
        `decisionBoundary: ranges [${x.join(', ')}] and [${y.join(', ')}], expected [low, high] each`,
      );
    }
    this.x = x;
    this.y = y;
  }

  left(x: number): number {
    return LEFT + ((x - this.x[0]) / (this.x[1] - this.x[0])) * PLOT;
  }

  top(y: number): number {
    return TOP + ((this.y[1] - y) / (this.y[1] - this.y[0])) * PLOT;
  }
}

function rangeOf(values: readonly number[]): [number, number] {
  const [low, high] = extentOf(values) ?? [0, 1];
  const margin = (high - low) / 5 || 1;
  return [low - margin, high + margin];
}

/**
 * The predictions at the corners of the cells, (resolution + 1)², rows from the top.
 */
function sample(predict: PlacePredictor, view: View, resolution: number): Float64Array {
  const corners = resolution + 1;
  const places = new Float32Array(2 * corners * corners);
  for (let row = 0; row < corners; row++) {
    for (let column = 0; column < corners; column++) {
      const at = 2 * (row * corners + column);
      places[at] = view.x[0] + ((view.x[1] - view.x[0]) * column) / resolution;
      places[at + 1] = view.y[1] - ((view.y[1] - view.y[0]) * row) / resolution;
    }
  }
  const values = checkNumbers(CALLER, 'what predict gave', predict(places, corners * corners));
  if (values.length !== corners * corners) {
    throw new ArgumentError(
      `decisionBoundary: predict gave ${values.length} values for ${corners * corners} places`,
    );
  }
  // Infinity has no place between two corners.
  return values.map((value) => Math.min(Math.max(value || 0, -FARTHEST), FARTHEST));
}

/** Rectangles of one shade, as wide as they can be. */
function background(field: Float64Array, resolution: number): Markup[] {
  const corners = resolution + 1;
  const cell = PLOT / resolution;
  const shadeAt = (row: number, column: number) => {
    const at = row * corners + column;
    const mean =
      ((field[at] ?? 0) +
        (field[at + 1] ?? 0) +
        (field[at + corners] ?? 0) +
        (field[at + corners + 1] ?? 0)) /
      4;
    return Math.round(Math.min(Math.max(mean, 0), 1) * SHADES) || 0;
  };
  const rects: Markup[] = [];
  for (let row = 0; row < resolution; row++) {
    for (let column = 0; column < resolution; ) {
      const shade = shadeAt(row, column);
      let end = column + 1;
      while (end < resolution && shadeAt(row, end) === shade) end++;
      rects.push(
        element('rect', {
          x: LEFT + column * cell,
          y: TOP + row * cell,
          width: (end - column) * cell,
          height: cell,
          fill: tint(shade / SHADES),
        }),
      );
      column = end;
    }
  }
  return rects;
}

/** A light colour between those of the classes. */
function tint(share: number): string {
  const mix = (a: number, b: number) => Math.round(255 - 0.35 * (255 - (a + (b - a) * share)));
  const red = mix(FIRST.red, SECOND.red);
  const green = mix(FIRST.green, SECOND.green);
  return `rgb(${red},${green},${mix(FIRST.blue, SECOND.blue)})`;
}

/** Pieces of the line where the prediction is ½, cell by cell (marching squares). */
function boundary(field: Float64Array, resolution: number): string[] {
  const corners = resolution + 1;
  const cell = PLOT / resolution;
  const pieces: string[] = [];
  for (let row = 0; row < resolution; row++) {
    for (let column = 0; column < resolution; column++) {
      const at = row * corners + column;
      const around = [at, at + 1, at + corners + 1, at + corners].map((i) => (field[i] ?? 0) - 0.5);
      const places = [
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 1],
      ] as const;
      const crossings: string[] = [];
      for (let side = 0; side < 4; side++) {
        const [a = 0, b = 0] = [around[side], around[(side + 1) % 4]];
        const [from, to] = [places[side], places[(side + 1) % 4]];
        if (!from || !to || a > 0 === b > 0) continue;
        const share = a / (a - b);
        const x = LEFT + (column + from[0] + (to[0] - from[0]) * share) * cell;
        const y = TOP + (row + from[1] + (to[1] - from[1]) * share) * cell;
        crossings.push(`${rounded(x)} ${rounded(y)}`);
      }
      for (let i = 0; i + 1 < crossings.length; i += 2) {
        pieces.push(`M${crossings[i]}L${crossings[i + 1]}`);
      }
    }
  }
  return pieces;
}

function axes(view: View): Markup[] {
  const text = (x: number, y: number, anchor: string, value: number) =>
    textAt(x, y, formatNumber(value, 3), { 'text-anchor': anchor, fill: '#444' });
  const bottom = TOP + PLOT;
  return [
    element('rect', {
      x: LEFT,
      y: TOP,
      width: PLOT,
      height: PLOT,
      fill: 'none',
      stroke: '#444',
    }),
    ...[0, 0.5, 1].flatMap((share) => [
      text(LEFT + share * PLOT, bottom + 18, 'middle', view.x[0] + share * (view.x[1] - view.x[0])),
      text(LEFT - 6, bottom - share * PLOT + 4, 'end', view.y[0] + share * (view.y[1] - view.y[0])),
    ]),
  ];
}

/** A circle for the first class, a square for the second. */
function mark(view: View, [x, y]: readonly [number, number], second: boolean): Markup {
  const { red, green, blue } = second ? SECOND : FIRST;
  const style = { fill: `rgb(${red},${green},${blue})`, stroke: '#fff', 'stroke-width': 1 };
  const [left, top] = [view.left(x), view.top(y)];
  return second
    ? element('rect', { x: left - 4, y: top - 4, width: 8, height: 8, ...style })
    : element('circle', { cx: left, cy: top, r: 4.5, ...style });
}

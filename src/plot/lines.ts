import { checkList, checkNumbers } from '../arguments.js';
import { ArgumentError } from '../errors.js';
import { checkOptions, type OptionNames } from '../options.js';
import { type Style, styleOf } from './colors.js';
import {
  type AxisOptions,
  axisOf,
  CHART,
  type ChartOptions,
  clipped,
  emptyNote,
  type Frame,
  frame,
  partOf,
} from './frame.js';
import { formatNumber } from './scale.js';
import { element, escapeText, picture, rounded, textAt } from './svg.js';
import { textWidth } from './text.js';

/** Numbers that belong together. */
export interface Series {
  /** Shown in the legend. */
  name?: string;
  /** Default: 0, 1, 2, ... */
  x?: ArrayLike<number>;
  /** A line has a gap where x or y is NaN or infinite. */
  y: ArrayLike<number>;
  /** How it is drawn; default: 'line', and 'points' in {@link scatterChart}. */
  draw?: 'line' | 'points' | 'both';
  /** Any SVG colour; default: the next of a palette for colour-blind readers. */
  color?: string;
  dashed?: boolean;
}

/** A line across the chart with a word beside it: a threshold, the best epoch. */
export interface Mark {
  /** Where, on the horizontal axis; or `y`, on the vertical one. */
  x?: number;
  y?: number;
  label?: string;
}

export interface LineChartOptions extends ChartOptions {
  x?: AxisOptions;
  y?: AxisOptions;
  /** Default: none. */
  marks?: readonly Mark[];
}

const NAMES: OptionNames<LineChartOptions> = { ...CHART, x: true, y: true, marks: true };
const AXIS: OptionNames<AxisOptions> = { label: true, scale: true, range: true };
const MARK: OptionNames<Mark> = { x: true, y: true, label: true };
const SERIES: OptionNames<Series> = {
  name: true,
  x: true,
  y: true,
  draw: true,
  color: true,
  dashed: true,
};

interface Curve {
  readonly name: string | undefined;
  readonly x: ArrayLike<number> | undefined;
  readonly y: ArrayLike<number>;
  readonly draw: 'line' | 'points' | 'both';
  readonly style: Style;
}

/** So many points get a small circle and a tooltip each; more would be a blur. */
const MOST_TOOLTIPS = 400;

/**
 * Curves over a common axis as an SVG file. Long curves are thinned to what can be seen, peaks kept.
 *
 * @throws ArgumentError if x and y of a series differ in length, or an option is out of range
 */
export function lineChart(series: readonly Series[], options: LineChartOptions = {}): string {
  return draw('lineChart', series, options, 'line', 0);
}

/**
 * Points as an SVG file.
 *
 * @throws ArgumentError as {@link lineChart}
 */
export function scatterChart(series: readonly Series[], options: LineChartOptions = {}): string {
  return draw('scatterChart', series, options, 'points', 0.04);
}

function draw(
  caller: string,
  series: readonly Series[],
  options: LineChartOptions,
  kind: 'line' | 'points',
  xMargin: number,
): string {
  checkOptions(caller, options, NAMES);
  checkList(caller, 'the series', series, 'a list of series');
  if (options.marks !== undefined) checkList(caller, 'marks', options.marks);
  const curves = series.map((each, i) => curveOf(caller, each, i, kind));
  const { marks = [] } = options;
  for (const [i, mark] of marks.entries()) checkOptions(`${caller}: marks[${i}]`, mark, MARK);
  const values = (axis: 'x' | 'y') =>
    function* () {
      for (const mark of marks) yield mark[axis] ?? Number.NaN;
      for (const { x, y } of curves) {
        for (let i = 0; i < y.length; i++) {
          const value = axis === 'x' ? at(x, i) : at(y, i);
          const other = axis === 'x' ? at(y, i) : at(x, i);
          if (Number.isFinite(other)) yield value;
        }
      }
    };
  const xAxis = axisOf(caller, 'x', partOf(`${caller}: x`, options.x, AXIS), values('x'), xMargin);
  const yAxis = axisOf(caller, 'y', partOf(`${caller}: y`, options.y, AXIS), values('y'), 0.05);
  const legend = curves.flatMap(({ name, style, draw: how }) =>
    name === undefined
      ? []
      : [{ name, style, symbol: how === 'points' ? ('point' as const) : ('line' as const) }],
  );
  const view = frame(caller, options, xAxis, yAxis, legend);
  const drawn = curves.map((curve) => curveParts(curve, view));
  const shown = drawn.flat();
  return picture(view, options.title ?? 'chart', [
    ...view.parts,
    clipped(view.plot, [...marks.map((mark) => markLine(mark, view)), ...shown]),
    ...marks.map((mark, i) => markLabel(mark, marks.slice(0, i), view)),
    ...(shown.length === 0 ? [emptyNote(view.plot)] : []),
  ]);
}

function at(values: ArrayLike<number> | undefined, i: number): number {
  return values ? (values[i] ?? Number.NaN) : i;
}

function curveOf(caller: string, series: Series, index: number, kind: 'line' | 'points'): Curve {
  checkOptions(`${caller}: series[${index}]`, series, SERIES);
  const { name, x, y } = series;
  checkNumbers(caller, `y of series ${name ?? index}`, y);
  if (x) checkNumbers(caller, `x of series ${name ?? index}`, x);
  if (x && x.length !== y.length) {
    throw new ArgumentError(
      `${caller}: series ${name ?? index} has ${x.length} values of x and ${y.length} of y`,
    );
  }
  const style = styleOf(index);
  return {
    name,
    x,
    y,
    draw: series.draw ?? kind,
    style: {
      color: series.color ?? style.color,
      dash: series.dashed === undefined ? style.dash : series.dashed ? '6 3' : undefined,
    },
  };
}

function curveParts(curve: Curve, view: Frame): string[] {
  const places: [number, number][] = [];
  for (let i = 0; i < curve.y.length; i++) {
    places.push([view.x.at(at(curve.x, i)), view.y.at(at(curve.y, i))]);
  }
  const parts: string[] = [];
  const { color, dash } = curve.style;
  const isShown = ([x, y]: readonly [number, number]) => Number.isFinite(x) && Number.isFinite(y);
  if (curve.draw !== 'points') {
    for (const piece of pieces(places)) {
      if (piece.length === 1) continue;
      const path = thinned(piece).map(
        ([x, y], i) => `${i === 0 ? 'M' : 'L'}${rounded(x)} ${rounded(y)}`,
      );
      parts.push(
        element('path', {
          d: path.join(''),
          fill: 'none',
          stroke: color,
          'stroke-width': 2,
          'stroke-linejoin': 'round',
          'stroke-dasharray': dash,
        }),
      );
    }
  }
  // A value between two gaps has no line, so it shows as a point.
  const alone = new Set(
    curve.draw === 'points'
      ? []
      : pieces(places).flatMap((piece) => (piece.length === 1 ? piece : [])),
  );
  for (const [i, place] of places.entries()) {
    if (!isShown(place) || (curve.draw === 'line' && !alone.has(place))) continue;
    const point = { cx: place[0], cy: place[1], r: curve.draw === 'both' ? 3 : 3.5, fill: color };
    const faint = curve.draw === 'points' ? { 'fill-opacity': 0.75 } : {};
    parts.push(
      places.length > MOST_TOOLTIPS
        ? element('circle', { ...point, ...faint })
        : element('circle', { ...point, ...faint }, tooltip(curve, i)),
    );
  }
  return parts;
}

function tooltip({ name, x, y }: Curve, i: number): string {
  const where = `${formatNumber(at(x, i), 6)}, ${formatNumber(at(y, i), 6)}`;
  return element('title', {}, escapeText(name === undefined ? where : `${name}: ${where}`));
}

/** Runs of places without gaps. */
function pieces(places: readonly [number, number][]): [number, number][][] {
  const runs: [number, number][][] = [];
  let run: [number, number][] = [];
  for (const place of places) {
    if (Number.isFinite(place[0]) && Number.isFinite(place[1])) {
      if (run.length === 0) runs.push(run);
      run.push(place);
    } else {
      run = [];
    }
  }
  return runs;
}

/** First, least, greatest and last of all neighbours that share half a pixel of width. */
function thinned(piece: readonly [number, number][]): readonly [number, number][] {
  if (piece.length < 1000) return piece;
  const kept: [number, number][] = [];
  let group: [number, number][] = [];
  const close = () => {
    const chosen = new Set([group[0], group.at(-1)]);
    chosen.add(group.reduce((a, b) => (b[1] < a[1] ? b : a)));
    chosen.add(group.reduce((a, b) => (b[1] > a[1] ? b : a)));
    for (const place of group) if (chosen.has(place)) kept.push(place);
  };
  const cell = (x: number) => Math.floor(x * 2);
  for (const place of piece) {
    const first = group[0];
    if (first && cell(first[0]) !== cell(place[0])) {
      close();
      group = [];
    }
    group.push(place);
  }
  close();
  return kept;
}

function markLine(mark: Mark, { x, y, plot }: Frame): string {
  const style = { stroke: '#555', 'stroke-dasharray': '4 4', 'stroke-width': 1.5 };
  const parts: string[] = [];
  if (mark.x !== undefined && Number.isFinite(x.at(mark.x))) {
    const d = `M${rounded(x.at(mark.x))} ${rounded(plot.top)}v${rounded(plot.height)}`;
    parts.push(element('path', { d, ...style }));
  }
  if (mark.y !== undefined && Number.isFinite(y.at(mark.y))) {
    const d = `M${rounded(plot.left)} ${rounded(y.at(mark.y))}h${rounded(plot.width)}`;
    parts.push(element('path', { d, ...style }));
  }
  return parts.join('');
}

/** Beside its line, below the labels before it, on a halo so that curves behind do not disturb. */
function markLabel(mark: Mark, before: readonly Mark[], { x, y, plot }: Frame): string {
  if (!mark.label) return '';
  const row = before.filter((each) => each.x !== undefined && each.label).length;
  const [right, bottom] = [plot.left + plot.width, plot.top + plot.height];
  const halo = {
    stroke: '#fff',
    'stroke-width': 4,
    'paint-order': 'stroke',
    'font-style': 'italic',
  };
  const place = mark.x === undefined ? Number.NaN : x.at(mark.x);
  if (place >= plot.left && place <= right) {
    const toLeft = place + 6 + textWidth(mark.label) > right;
    return textAt(place + (toLeft ? -6 : 6), plot.top + 14 + 17 * row, mark.label, {
      ...halo,
      'text-anchor': toLeft ? 'end' : 'start',
    });
  }
  const height = mark.y === undefined ? Number.NaN : y.at(mark.y);
  if (!(height >= plot.top && height <= bottom)) return '';
  const above = height - 6 > plot.top + 12;
  return textAt(right - 6, height + (above ? -6 : 16), mark.label, {
    ...halo,
    'text-anchor': 'end',
  });
}

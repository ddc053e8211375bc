import { checkList, checkNumbers, kindOf } from '../arguments.js';
import { ArgumentError } from '../errors.js';
import { greatest } from '../numeric/extremes.js';
import { checkOptions, type OptionNames } from '../options.js';
import { styleOf } from './colors.js';
import {
  type AxisOptions,
  axisLabel,
  axisOf,
  baseline,
  CHART,
  type ChartOptions,
  clipped,
  emptyNote,
  frame,
  header,
  type LegendEntry,
  partOf,
  valueAxis,
} from './frame.js';
import { formatNumber, rangeFor, shareOf } from './scale.js';
import { type Box, checkSize, element, escapeText, picture, rounded, textAt } from './svg.js';
import { fitText, textWidth } from './text.js';

export interface BarSeries {
  /** Shown in the legend. */
  name?: string;
  /** One for each category; NaN leaves a gap. */
  values: ArrayLike<number>;
  /** Any SVG colour. */
  color?: string;
}

export interface BarChartOptions extends ChartOptions {
  /** What the categories are. */
  x?: Pick<AxisOptions, 'label'>;
  y?: Pick<AxisOptions, 'label' | 'range'>;
}

const SERIES: OptionNames<BarSeries> = { name: true, values: true, color: true };
const BAR_CHART: OptionNames<BarChartOptions> = { ...CHART, x: true, y: true };
const LABEL: OptionNames<Pick<AxisOptions, 'label'>> = { label: true };
const AXIS: OptionNames<Pick<AxisOptions, 'label' | 'range'>> = { label: true, range: true };

const EDGE = 16;

function legendOf(series: readonly { name?: string; color?: string }[]): LegendEntry[] {
  return series.flatMap(({ name, color }, i) =>
    name === undefined
      ? []
      : [{ name, style: { color: color ?? styleOf(i).color, dash: undefined }, symbol: 'area' }],
  );
}

function checkSeries(owner: string, series: readonly BarSeries[]): void {
  checkList(owner, 'the series', series, 'a list of series');
  for (const [i, each] of series.entries()) {
    checkOptions(`${owner}: series[${i}]`, each, SERIES);
    checkNumbers(owner, `values of series ${i}`, each.values);
  }
}

/**
 * Bars side by side as an SVG file: a group for each category, in it a bar for each series.
 *
 * @throws ArgumentError if a series does not have one value for each category
 */
export function barChart(
  categories: readonly string[],
  series: readonly BarSeries[],
  options: BarChartOptions = {},
): string {
  checkOptions('barChart', options, BAR_CHART);
  checkList('barChart', 'the categories', categories, 'a list of names');
  for (const [i, name] of categories.entries()) {
    if (typeof name === 'string') continue;
    throw new ArgumentError(`barChart: category ${i} is ${kindOf(name)}, expected a text`);
  }
  checkSeries('barChart', series);
  const { label } = partOf('barChart: x', options.x, LABEL);
  for (const [i, { name, values }] of series.entries()) {
    if (values.length === categories.length) continue;
    throw new ArgumentError(
      `barChart: series ${name ?? i} has ${values.length} values for ${categories.length} categories`,
    );
  }
  const width = checkSize('barChart', 'width', options.width ?? 640);
  const height = checkSize('barChart', 'height', options.height ?? 400);
  const axis = axisOf(
    'barChart',
    'y',
    partOf('barChart: y', options.y, AXIS),
    // Bars stand on zero, so it is always shown.
    function* () {
      yield 0;
      for (const { values } of series) yield* Array.from(values);
    },
    0.05,
  );
  const top = header(options.title, legendOf(series), width);
  // Slanted labels take room from the plot, whose left edge is not known yet: what is left of it at worst.
  const labels = categoryLabels(categories, width - 100);
  const bottom = Math.max(top.bottom + 20, height - 12 - labels.height - (label ? 20 : 0));
  const vertical = valueAxis(axis, top.bottom, bottom, width);
  const plot: Box = {
    left: vertical.left,
    top: top.bottom,
    width: Math.max(20, width - vertical.left - EDGE),
    height: bottom - top.bottom,
  };
  const group = plot.width / Math.max(1, categories.length);
  const bar = Math.min((group * 0.8) / Math.max(1, series.length), 90);
  const zero = vertical.scale.at(0);
  const bars = categories.flatMap((category, i) =>
    series.flatMap(({ name, values, color }, j) => {
      const value = values[i] ?? Number.NaN;
      const y = vertical.scale.at(value);
      if (!Number.isFinite(y)) return [];
      const left = plot.left + group * (i + 0.5) + bar * (j - series.length / 2);
      const words = [category, ...(name === undefined ? [] : [name]), formatNumber(value)];
      return element(
        'rect',
        {
          x: left,
          y: Math.min(y, zero),
          width: Math.max(bar - 1, 0.5),
          height: Math.abs(y - zero),
          fill: color ?? styleOf(j).color,
        },
        element('title', {}, escapeText(words.join(', '))),
      );
    }),
  );
  return picture({ width, height }, options.title ?? 'bar chart', [
    ...top.parts,
    ...vertical.parts,
    clipped(plot, bars),
    element('path', {
      d: `M${rounded(plot.left)} ${rounded(zero)}h${rounded(plot.width)}`,
      stroke: '#666',
    }),
    ...labels.draw((i) => plot.left + group * (i + 0.5), bottom),
    axisLabel(label, plot, height - 12),
    ...(bars.length === 0 ? [emptyNote(plot)] : []),
  ]);
}

/** Names below their places: straight where they fit, else slanted; some only, where even that is too tight. */
export function categoryLabels(
  names: readonly string[],
  width: number,
): { height: number; draw: (place: (i: number) => number, top: number) => string[] } {
  const room = width / Math.max(1, names.length);
  const widest = greatest(
    names.map((name) => textWidth(name)),
    0,
  );
  // Numbers and the like need not be slanted when some of them are left out.
  const slanted = widest + 6 > room && widest > 30;
  const every = Math.max(1, Math.ceil((slanted ? 16 : widest + 6) / room));
  const shown = names.map((name) => (slanted ? fitText(name, 110) : name));
  // A text at 45° is as tall as it is wide, by √½.
  const longest = greatest(
    shown.map((name) => textWidth(name)),
    0,
  );
  return {
    height: slanted ? longest * Math.SQRT1_2 + 16 : 20,
    draw: (place, top) =>
      shown.flatMap((name, i) => {
        if (i % every !== 0) return [];
        if (!slanted) return [textAt(place(i), top + 18, name, { 'text-anchor': 'middle' })];
        const transform = `translate(${rounded(place(i) + 4)} ${rounded(top + 14)}) rotate(-45)`;
        const fitted = fitText(name, place(i) / Math.SQRT1_2);
        return [textAt(0, 0, fitted, { transform, 'text-anchor': 'end' })];
      }),
  };
}

export interface HistogramOptions extends ChartOptions {
  /** Number of bins; default: by the rule of Freedman and Diaconis (1981), 60 at most. */
  bins?: number;
  x?: Pick<AxisOptions, 'label' | 'range'>;
  /** Its label is 'count' by default. */
  y?: Pick<AxisOptions, 'label' | 'range'>;
}

const HISTOGRAM: OptionNames<HistogramOptions> = { ...CHART, bins: true, x: true, y: true };

/**
 * How often values fall into each of equal bins, as an SVG file.
 *
 * @param series one or several sets of numbers, counted in the same bins; NaN and infinity are left out
 * @throws ArgumentError for a number of bins outside 1 to 1000
 */
export function histogram(series: readonly BarSeries[], options: HistogramOptions = {}): string {
  checkOptions('histogram', options, HISTOGRAM);
  checkSeries('histogram', series);
  const x = partOf('histogram: x', options.x, AXIS);
  const y = partOf('histogram: y', options.y, AXIS);
  const sets = series.map(({ values }) => Float64Array.from(values).filter(Number.isFinite));
  const all = new Float64Array(sets.reduce((total, set) => total + set.length, 0));
  let filled = 0;
  for (const set of sets) {
    all.set(set, filled);
    filled += set.length;
  }
  all.sort();
  const bins = options.bins ?? defaultBins(all);
  if (!Number.isInteger(bins) || bins < 1 || bins > 1000) {
    throw new ArgumentError(`histogram: bins is ${bins}, expected 1 to 1000`);
  }
  const [low, high] = x.range ?? rangeFor(all, 'linear', 0);
  const counts = sets.map((set) => countBins(set, low, high, bins));
  const xAxis = axisOf('histogram', 'x', { ...x, range: [low, high] }, () => all, 0);
  const yAxis = axisOf(
    'histogram',
    'y',
    { ...y, label: y.label ?? 'count' },
    () => [0, ...counts.flatMap((each) => [...each])],
    0.05,
  );
  const view = frame('histogram', options, xAxis, yAxis, legendOf(series));
  const edge = (i: number) => low * (1 - i / bins) + high * (i / bins);
  const bars = counts.flatMap((each, j) =>
    Array.from(each, (count, i) => {
      if (count === 0) return '';
      const [left, right] = [view.x.at(edge(i)), view.x.at(edge(i + 1))];
      const top = view.y.at(count);
      const words = `${formatNumber(edge(i))} to ${formatNumber(edge(i + 1))}: ${count}`;
      return element(
        'rect',
        {
          x: left,
          y: top,
          width: Math.max(right - left - (right - left > 4 ? 1 : 0), 0.5),
          height: view.y.at(0) - top,
          fill: series[j]?.color ?? styleOf(j).color,
          'fill-opacity': counts.length > 1 ? 0.6 : undefined,
        },
        element('title', {}, escapeText(words)),
      );
    }),
  );
  return picture(view, options.title ?? 'histogram', [
    ...view.parts,
    clipped(view.plot, bars),
    baseline(view.plot),
    ...(all.length === 0 ? [emptyNote(view.plot)] : []),
  ]);
}

/** Values per bin; the last bin includes its upper edge. */
function countBins(values: Float64Array, low: number, high: number, bins: number): Uint32Array {
  const counts = new Uint32Array(bins);
  for (const value of values) {
    if (value < low || value > high) continue;
    const bin = Math.min(Math.floor(shareOf(value, low, high) * bins), bins - 1);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

function defaultBins(sorted: Float64Array): number {
  const count = sorted.length;
  const quantile = (share: number) => sorted[Math.floor(share * (count - 1))] ?? 0;
  const spread = quantile(1) - quantile(0);
  const width = (2 * (quantile(0.75) - quantile(0.25))) / Math.cbrt(Math.max(1, count));
  const bins = Math.ceil(spread / (width || spread / 10 || 1));
  return Number.isFinite(bins) ? Math.min(Math.max(bins, 1), 60) : 10;
}

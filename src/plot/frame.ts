import { greatest } from '../numeric/extremes.js';
import { checkOptions, type OptionNames } from '../options.js';
import { checkTextIfAny, checkWord } from './checks.js';
import type { Style } from './colors.js';
import { checkRange, rangeFor, Scale, type ScaleKind } from './scale.js';
import { type Box, type Content, checkSize, element, type Markup, rounded, textAt } from './svg.js';
import { fitText, textWidth, wrapText } from './text.js';

export interface AxisOptions {
  /** What the axis shows, with its unit. */
  label?: string;
  /** Default: 'linear'. On 'log', values that are not above 0 are left out. */
  scale?: ScaleKind;
  /** What to show, low and high; default: all values. */
  range?: readonly [number, number];
}

export interface ChartOptions {
  title?: string;
  /** Pixels; default 640. */
  width?: number;
  /** Pixels; default 400. */
  height?: number;
}

/** Every chart has these. */
export const CHART: OptionNames<ChartOptions> = { title: true, width: true, height: true };

/** An axis of a chart, or another part of its options; none counts as one without options. */
export function partOf<O extends object>(
  owner: string,
  part: O | undefined,
  names: OptionNames<O>,
): Partial<O> {
  if (part === undefined) return {};
  checkOptions(owner, part, names);
  return part;
}

export interface LegendEntry {
  readonly name: string;
  readonly style: Style;
  readonly symbol: 'line' | 'point' | 'area';
}

const MARGIN = 16;
const TITLE_SIZE = 15;
const LINE = 20;
const SWATCH = 24;
const GRID = '#e4e4e4';
const AXIS = '#666';
/** Rows of a legend: more of them would leave no room for the chart. */
const MOST_ROWS = 12;

/**
 * Title and legend at the top of a chart; `bottom` is where they end.
 * @param most rows of the legend; what it has more is left out, and counted
 */
export function header(
  title: string | undefined,
  entries: readonly LegendEntry[],
  width: number,
  most = MOST_ROWS,
): { parts: Markup[]; bottom: number } {
  const parts: Markup[] = [];
  let bottom = MARGIN / 2;
  for (const line of title ? wrapText(title, width - 2 * MARGIN, TITLE_SIZE, 3) : []) {
    bottom += LINE;
    parts.push(
      textAt(width / 2, bottom, line, {
        'font-size': TITLE_SIZE,
        'font-weight': 600,
        'text-anchor': 'middle',
        fill: '#111',
      }),
    );
  }
  const { rows, left: hidden } = legendRows(entries, width - 2 * MARGIN, most);
  for (const row of rows) {
    bottom += LINE;
    let left = (width - row.reduce((sum, each) => sum + each.width, 0) + MARGIN) / 2;
    for (const each of row) {
      parts.push(
        swatch(each.entry, left, bottom - 4),
        textAt(left + SWATCH + 6, bottom, each.text),
      );
      left += each.width;
    }
  }
  if (hidden > 0) {
    bottom += LINE;
    parts.push(textAt(width / 2, bottom, `and ${hidden} more`, { 'text-anchor': 'middle' }));
  }
  return { parts, bottom: bottom + 14 };
}

interface LegendCell {
  entry: LegendEntry;
  text: string;
  width: number;
}

/** @returns the rows, and how many entries are `left` out */
function legendRows(
  entries: readonly LegendEntry[],
  width: number,
  most: number,
): { rows: LegendCell[][]; left: number } {
  const rows: LegendCell[][] = [];
  let used = Number.POSITIVE_INFINITY;
  for (const [i, entry] of entries.entries()) {
    const text = fitText(entry.name, width - SWATCH - 6 - MARGIN);
    const cell = { entry, text, width: SWATCH + 6 + textWidth(text) + MARGIN };
    if (used + cell.width > width + MARGIN) {
      if (rows.length === most) return { rows, left: entries.length - i };
      rows.push([]);
      used = 0;
    }
    rows.at(-1)?.push(cell);
    used += cell.width;
  }
  return { rows, left: 0 };
}

function swatch({ symbol, style }: LegendEntry, left: number, middle: number): Markup {
  if (symbol === 'line') {
    return element('path', {
      d: `M${rounded(left)} ${middle}h${SWATCH}`,
      stroke: style.color,
      'stroke-width': 2.5,
      'stroke-dasharray': style.dash,
    });
  }
  return symbol === 'point'
    ? element('circle', { cx: left + SWATCH / 2, cy: middle, r: 4, fill: style.color })
    : element('rect', { x: left + 11, y: middle - 6, width: 12, height: 12, fill: style.color });
}

/** One axis as a chart has decided about it. */
export interface Axis {
  readonly label: string | undefined;
  readonly kind: ScaleKind;
  readonly range: readonly [number, number];
  /** Only whole numbers get ticks. */
  readonly integers: boolean;
}

/** @param margin share of the range to leave free on either side */
export function axisOf(
  caller: string,
  name: string,
  options: AxisOptions,
  values: () => Iterable<number>,
  margin: number,
): Axis {
  const kind = checkWord(caller, `${name}.scale`, options.scale ?? 'linear', ['linear', 'log']);
  const label = checkTextIfAny(caller, `${name}.label`, options.label);
  const range =
    options.range !== undefined
      ? checkRange(caller, `${name}.range`, options.range, kind)
      : rangeFor(values(), kind, margin);
  let integers = true;
  for (const value of values()) {
    if (Number.isFinite(value) && !Number.isInteger(value)) {
      integers = false;
      break;
    }
  }
  return { label, kind, range, integers };
}

export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly plot: Box;
  readonly x: Scale;
  readonly y: Scale;
  /** Title, legend, grid and axes. */
  readonly parts: readonly Markup[];
}

/** Rows that a legend may have in a picture: it leaves most of the room to the chart. */
export function rowsFor(height: number): number {
  return Math.max(2, Math.min(MOST_ROWS, Math.floor(height / 2.5 / LINE)));
}

/** The frame of a chart with numbers on both axes. */
export function frame(
  caller: string,
  options: ChartOptions,
  xAxis: Axis,
  yAxis: Axis,
  legend: readonly LegendEntry[],
): Frame {
  const width = checkSize(caller, 'width', options.width ?? 640);
  const height = checkSize(caller, 'height', options.height ?? 400);
  const title = checkTextIfAny(caller, 'title', options.title);
  const top = header(title, legend, width, rowsFor(height));
  const bottom = height - 26 - (xAxis.label ? LINE : 0);
  const vertical = valueAxis(yAxis, top.bottom, Math.max(bottom, top.bottom + 20), width);
  const plot = {
    left: vertical.left,
    top: top.bottom,
    width: Math.max(20, width - vertical.left - MARGIN),
    height: Math.max(20, bottom - top.bottom),
  };
  const x = new Scale(xAxis.kind, xAxis.range, [plot.left, plot.left + plot.width]);
  return {
    width,
    height,
    plot,
    x,
    y: vertical.scale,
    parts: [...top.parts, ...vertical.parts, ...numberAxis(xAxis, x, plot, width)],
  };
}

/** The vertical axis; `left` is where the plot may begin. */
export function valueAxis(
  axis: Axis,
  top: number,
  bottom: number,
  width: number,
): { scale: Scale; left: number; parts: Markup[] } {
  const scale = new Scale(axis.kind, axis.range, [bottom, top]);
  const ticks = scale.ticks(Math.max(2, Math.floor((bottom - top) / 36)), axis.integers);
  const labels = scale.labels(ticks);
  const widest = greatest(
    labels.map((label) => textWidth(label)),
    0,
  );
  const left = 10 + widest + 8 + (axis.label ? LINE : 0);
  const parts = ticks.flatMap((tick, i) => {
    const y = rounded(scale.at(tick));
    return [
      element('path', { d: `M${rounded(left)} ${y}H${rounded(width - MARGIN)}`, stroke: GRID }),
      textAt(left - 8, y + 4, labels[i] ?? '', { 'text-anchor': 'end' }),
    ];
  });
  if (axis.label) {
    const middle = (top + bottom) / 2;
    const text = fitText(axis.label, bottom - top + 2 * MARGIN);
    parts.push(
      textAt(0, 0, text, {
        transform: `translate(20 ${rounded(middle)}) rotate(-90)`,
        'text-anchor': 'middle',
      }),
    );
  }
  return { scale, left, parts };
}

/** The horizontal axis with as many ticks as there is room for their labels. */
function numberAxis(axis: Axis, scale: Scale, plot: Box, width: number): Markup[] {
  let ticks: number[] = [];
  let labels: PlacedLabel[] = [];
  for (let most = Math.max(2, Math.floor(plot.width / 44)); most >= 1; most--) {
    ticks = scale.ticks(most, axis.integers);
    labels = placeLabels(ticks, scale, width);
    if (labels.every((label, i) => label.right + 8 <= (labels[i + 1]?.left ?? width + 8))) break;
    // Nothing fits: the first one alone is better than a blur.
    if (most === 1) labels = labels.slice(0, 1);
  }
  const base = plot.top + plot.height;
  return [
    ...ticks.map((tick) =>
      element('path', {
        d: `M${rounded(scale.at(tick))} ${rounded(plot.top)}V${rounded(base)}`,
        stroke: GRID,
      }),
    ),
    ...labels.map(({ text, left, right }) =>
      textAt((left + right) / 2, base + 18, text, { 'text-anchor': 'middle' }),
    ),
    baseline(plot),
    ...axisLabel(axis.label, plot, base + 38),
  ];
}

interface PlacedLabel {
  readonly text: string;
  readonly left: number;
  readonly right: number;
}

/** Labels below their ticks; at an edge of the picture they move in rather than being cut. */
function placeLabels(ticks: readonly number[], scale: Scale, width: number): PlacedLabel[] {
  const texts = scale.labels(ticks);
  return ticks.map((tick, i) => {
    const text = texts[i] ?? '';
    const size = textWidth(text);
    const left = Math.max(2, Math.min(scale.at(tick) - size / 2, width - 2 - size));
    return { text, left, right: left + size };
  });
}

export function baseline(plot: Box): Markup {
  return element('path', {
    d: `M${rounded(plot.left)} ${rounded(plot.top)}v${rounded(plot.height)}h${rounded(plot.width)}`,
    fill: 'none',
    stroke: AXIS,
  });
}

/** None, or one. */
export function axisLabel(label: string | undefined, plot: Box, y: number): Markup[] {
  if (!label) return [];
  const text = fitText(label, plot.width + 2 * MARGIN);
  return [textAt(plot.left + plot.width / 2, y, text, { 'text-anchor': 'middle' })];
}

/** Says in the middle of a chart that there is nothing to show. */
export function emptyNote(plot: Box, text = 'no data'): Markup {
  return textAt(plot.left + plot.width / 2, plot.top + plot.height / 2, text, {
    'text-anchor': 'middle',
    'font-size': 14,
    fill: '#767676',
  });
}

/** Marks that end at the edges of the plot. */
export function clipped(plot: Box, parts: readonly Content[]): Markup {
  const { left, top, width, height } = plot;
  return element(
    'svg',
    {
      x: left,
      y: top,
      width,
      height,
      viewBox: [left, top, width, height].map(rounded).join(' '),
      overflow: 'hidden',
    },
    parts,
  );
}

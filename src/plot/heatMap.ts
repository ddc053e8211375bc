import { checkList, checkNumbers } from '../arguments.js';
import { ArgumentError } from '../errors.js';
import { greatest } from '../numeric/extremes.js';
import { checkOptions, type OptionNames } from '../options.js';
import { categoryLabels } from './bars.js';
import { type ColorScale, shadeOf } from './colors.js';
import { axisLabel, type ChartOptions, emptyNote, header } from './frame.js';
import { checkRange, formatNumber, rangeFor, Scale, shareOf } from './scale.js';
import { type Box, checkSize, element, escapeText, picture, rounded, textAt } from './svg.js';
import { fitText, textWidth } from './text.js';

export interface HeatMapOptions extends Omit<ChartOptions, 'height'> {
  /** Names of the rows and columns; default: 0, 1, 2, ... */
  rows?: readonly string[];
  columns?: readonly string[];
  /** What rows and columns are. */
  rowLabel?: string;
  columnLabel?: string;
  /** Values of the two ends of the colours; default: least and greatest, as far from 0 each if diverging. */
  range?: readonly [number, number];
  /** 'diverging' has white in the middle: for numbers of both signs. Default: 'sequential'. */
  colors?: ColorScale;
  /** What to write into a cell where there is room; default: its value. */
  text?: (row: number, column: number) => string;
}

const HEAT_MAP: OptionNames<HeatMapOptions> = {
  title: true,
  width: true,
  rows: true,
  columns: true,
  rowLabel: true,
  columnLabel: true,
  range: true,
  colors: true,
  text: true,
};

type Table = readonly ArrayLike<number>[];

const MISSING = { fill: '#bbb', ink: '#222' };
const BAR = 14;
/** More cells have neither text nor a tooltip each: the file would be large, and nobody would read them. */
const MOST_TEXTS = 2500;

/**
 * A table as colours, as an SVG file; its height follows from the width and the number of rows.
 *
 * @param values rows from the top, all of one length; NaN and infinity are grey
 * @throws ArgumentError if rows differ in length, or names are not one each
 */
export function heatMap(
  values: readonly ArrayLike<number>[],
  options: HeatMapOptions = {},
): string {
  checkOptions('heatMap', options, HEAT_MAP);
  return draw('heatMap', values, options);
}

export interface ConfusionMatrixOptions extends Omit<ChartOptions, 'height'> {
  /** Names of the classes; default: 0, 1, 2, ... */
  classes?: readonly string[];
}

const CONFUSION: OptionNames<ConfusionMatrixOptions> = { title: true, width: true, classes: true };

/**
 * A confusion matrix as an SVG file: true classes down, predicted ones across. Cells show counts; the colour is the
 * share of its true class, so that rare classes can be read as well as frequent ones.
 *
 * @param counts `counts[truth][prediction]`, such as those of `train.ConfusionMatrix`
 * @throws ArgumentError unless the matrix is square and has as many names
 */
export function confusionMatrix(
  counts: readonly ArrayLike<number>[],
  options: ConfusionMatrixOptions = {},
): string {
  checkOptions('confusionMatrix', options, CONFUSION);
  checkList('confusionMatrix', 'the counts', counts, 'a list of rows');
  for (const [i, row] of counts.entries()) checkNumbers('confusionMatrix', `row ${i}`, row);
  const uneven = counts.find((row) => row.length !== counts.length);
  if (uneven) {
    throw new ArgumentError(
      `confusionMatrix: ${counts.length} rows, one of them of ${uneven.length} counts, expected a square`,
    );
  }
  const { title = 'Confusion matrix', width, classes } = options;
  const shares = counts.map((row) => {
    const total = Array.from(row).reduce((sum, count) => sum + count, 0);
    return Array.from(row, (count) => (total === 0 ? 0 : count / total));
  });
  return draw('confusionMatrix', shares, {
    title,
    width,
    rows: classes,
    columns: classes,
    rowLabel: 'true class',
    columnLabel: 'predicted class',
    range: [0, 1],
    text: (row, column) => String(counts[row]?.[column] ?? 0),
  });
}

function draw(caller: string, values: Table, options: HeatMapOptions): string {
  const { colors = 'sequential', rowLabel, columnLabel } = options;
  checkList(caller, 'the values', values, 'a list of rows');
  for (const [i, row] of values.entries()) checkNumbers(caller, `row ${i}`, row);
  const columnCount = values[0]?.length ?? 0;
  const rowNames = namesOf(caller, 'rows', options.rows, values.length);
  const columnNames = namesOf(caller, 'columns', options.columns, columnCount);
  const uneven = values.findIndex((row) => row.length !== columnCount);
  if (uneven > 0) {
    throw new ArgumentError(
      `${caller}: row 0 has ${columnCount} values, row ${uneven} has ${values[uneven]?.length}`,
    );
  }
  const range = rangeOf(caller, values, options);
  const width = checkSize(caller, 'width', options.width ?? 640);
  const top = header(options.title, [], width);
  const rowWidth = Math.min(
    greatest(
      rowNames.map((name) => textWidth(name)),
      0,
    ),
    width / 4,
  );
  const left = 10 + rowWidth + 8 + (rowLabel ? 20 : 0);
  const bar = colorBar(range, colors);
  const room = Math.max(width - left - bar.width - 20, 40);
  const cell = Math.min(room / Math.max(1, columnCount), 56);
  const plot: Box = {
    left: left + (room - cell * columnCount) / 2,
    top: top.bottom,
    width: columnCount === 0 ? room : cell * columnCount,
    height: values.length === 0 ? 120 : Math.max(cell, 3) * values.length,
  };
  const labels = categoryLabels(columnNames, plot.width);
  const height = plot.top + plot.height + labels.height + (columnLabel ? 22 : 0) + 12;
  const rowHeight = plot.height / Math.max(1, values.length);
  return picture({ width, height }, options.title ?? 'heat map', [
    ...top.parts,
    ...cells(values, options.text, { plot, rowHeight, cell, range, colors, rowNames, columnNames }),
    ...rowLabels(rowNames, plot, rowHeight, rowWidth),
    ...labels.draw((i) => plot.left + cell * (i + 0.5), plot.top + plot.height),
    axisLabel(columnLabel, plot, height - 10),
    rowLabel
      ? textAt(0, 0, fitText(rowLabel, plot.height + 30), {
          transform: `translate(${rounded(plot.left - 8 - rowWidth - 14)} ${rounded(plot.top + plot.height / 2)}) rotate(-90)`,
          'text-anchor': 'middle',
        })
      : '',
    ...(values.length === 0 || columnCount === 0
      ? [emptyNote(plot)]
      : bar.draw(plot.left + plot.width + 16, plot)),
  ]);
}

function namesOf(
  caller: string,
  what: string,
  names: readonly string[] | undefined,
  count: number,
): readonly string[] {
  if (names && names.length !== count) {
    throw new ArgumentError(`${caller}: ${names.length} names for ${count} ${what}`);
  }
  return names ?? Array.from({ length: count }, (_, i) => String(i));
}

function rangeOf(caller: string, table: Table, options: HeatMapOptions): readonly [number, number] {
  if (options.range) return checkRange(caller, 'range', options.range, 'linear');
  const values = table.flatMap((row) => Array.from(row));
  if (options.colors !== 'diverging') return rangeFor(values, 'linear', 0);
  const far = values.reduce(
    (a, b) => (Math.abs(b) < Number.POSITIVE_INFINITY ? Math.max(a, Math.abs(b)) : a),
    0,
  );
  return far < 1e-290 ? [-1, 1] : [-far, far];
}

function cells(
  values: Table,
  text: HeatMapOptions['text'],
  look: {
    plot: Box;
    rowHeight: number;
    cell: number;
    range: readonly [number, number];
    colors: ColorScale;
    rowNames: readonly string[];
    columnNames: readonly string[];
  },
): string[] {
  const { plot, rowHeight, cell, colors, rowNames, columnNames } = look;
  const [low, high] = look.range;
  const gap = cell >= 8 ? 1 : 0;
  const count = values.length * columnNames.length;
  const wordsOf = text ?? ((i: number, j: number) => shortNumber(values[i]?.[j], high - low));
  // All cells have text, or none; what matters is the longest.
  let fontSize = Math.min(12, rowHeight * 0.6);
  if (count <= MOST_TEXTS) {
    for (let i = 0; i < values.length; i++) {
      for (let j = 0; j < columnNames.length; j++) {
        fontSize = Math.min(fontSize, (cell - 3) / Math.max(textWidth(wordsOf(i, j), 1), 0.01));
      }
    }
  }
  const hasText = count <= MOST_TEXTS && fontSize >= 8;
  return values.flatMap((row, i) =>
    Array.from(row, (value, j) => {
      const shade = Number.isFinite(value) ? shadeOf(colors, shareOf(value, low, high)) : MISSING;
      const [x, y] = [plot.left + j * cell, plot.top + i * rowHeight];
      const box = { x, y, width: cell - gap, height: rowHeight - gap, fill: shade.fill };
      if (count > MOST_TEXTS) return element('rect', box);
      const words = wordsOf(i, j);
      const hint = escapeText(`${rowNames[i]}, ${columnNames[j]}: ${words}`);
      const rect = element('rect', box, element('title', {}, hint));
      if (!hasText) return rect;
      return `${rect}${textAt(x + (cell - gap) / 2, y + rowHeight / 2 + fontSize * 0.36, words, {
        'text-anchor': 'middle',
        'font-size': fontSize,
        fill: shade.ink,
      })}`;
    }),
  );
}

/** About three digits of the range: what is smaller does not show in the colours either. */
function shortNumber(value: number | undefined, span: number): string {
  if (value === undefined || !Number.isFinite(value)) return String(value);
  const decimals = 2 - Math.floor(Math.log10(span));
  if (decimals > 4 || decimals < -3) return formatNumber(value, 2);
  const text = value.toFixed(Math.max(0, decimals));
  return Number(text) === 0 ? '0' : text;
}

function rowLabels(
  names: readonly string[],
  plot: Box,
  rowHeight: number,
  width: number,
): string[] {
  const every = Math.max(1, Math.ceil(14 / rowHeight));
  return names.flatMap((name, i) =>
    i % every === 0
      ? [
          textAt(plot.left - 8, plot.top + rowHeight * (i + 0.5) + 4, fitText(name, width), {
            'text-anchor': 'end',
          }),
        ]
      : [],
  );
}

/** What the colours mean, beside the map. */
function colorBar(
  range: readonly [number, number],
  colors: ColorScale,
): { width: number; draw: (left: number, plot: Box) => string[] } {
  const probe = new Scale('linear', range, [0, 1]);
  const widest = greatest(probe.labels(probe.ticks(6)).map((label) => textWidth(label)));
  return {
    width: 16 + BAR + 6 + widest + 8,
    draw: (left, plot) => {
      const height = Math.max(Math.min(plot.height, 240), 40);
      const steps = 48;
      const scale = new Scale('linear', range, [plot.top + height, plot.top]);
      const ticks = scale.ticks(Math.max(2, Math.min(6, Math.floor(height / 24))));
      const labels = scale.labels(ticks);
      return [
        ...Array.from({ length: steps }, (_, i) =>
          element('rect', {
            x: left,
            y: plot.top + (height * i) / steps,
            width: BAR,
            // A little overlap leaves no seams.
            height: height / steps + (i < steps - 1 ? 0.5 : 0),
            fill: shadeOf(colors, 1 - (i + 0.5) / steps).fill,
          }),
        ),
        ...ticks.map((tick, i) => textAt(left + BAR + 6, scale.at(tick) + 4, labels[i] ?? '')),
      ];
    },
  };
}

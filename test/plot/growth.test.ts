import { describe, expect, it } from 'vitest';
import { Linear, ModuleList } from '../../src/nn/index.js';
import * as plot from '../../src/plot/index.js';
import { readOwnSvg } from '../../src/plot/ownSvg.js';
import { escapeText } from '../../src/plot/svg.js';
import { fitText, textWidth, wrapText } from '../../src/plot/text.js';
import { terminalLine, terminalText } from '../../src/terminal.js';
import { csvRow } from '../../src/train/callbacks/csv.js';
import { formatValues } from '../../src/train/callbacks/progress.js';
import type { ReportOptions } from '../../src/train/index.js';
import { ConfusionMatrix, History } from '../../src/train/index.js';
import { reportHtml } from '../../src/train/report/report.js';
import { growthOf } from '../support/steps.js';
import { epochOf } from '../train/callbacks/runs.js';

/** Of linear work, the growth is 2, of what is cut less; of sorting, a little more. What is quadratic has 4. */
const MOST = 2.6;

const list = <T>(size: number, of: (i: number) => T): T[] =>
  Array.from({ length: size }, (_, i) => of(i));
const numbers = (size: number): number[] => list(size, (i) => Math.sin(i));
const words = (size: number): string => 'word '.repeat(size);
const long = (size: number): string => 'x'.repeat(size);
const names = (size: number): string[] => list(size, (i) => `name ${i}`);
const values = (size: number, value: (i: number) => number): Record<string, number> =>
  Object.fromEntries(list(size, (i) => [`value${i}`, value(i)]));

const PARTS = { client: '', style: '', echarts: '' };
const report = (history: History, options: ReportOptions = {}) =>
  reportHtml(PARTS, history, options);
const chart = plot.lineChart([{ y: [1, 2] }]);

/** Whatever lays out text or draws, what grows, and from which size on. */
const CASES: readonly [string, number, (size: number) => () => unknown][] = [
  ['textWidth', 1000, (n) => () => textWidth(long(n))],
  ['fitText of a long word', 1000, (n) => () => fitText(long(n), 100)],
  ['fitText that fits', 1000, (n) => () => fitText(long(n), 1e9)],
  ['wrapText of words', 1000, (n) => () => wrapText(words(n), 600, 15, 3)],
  ['wrapText of one word', 1000, (n) => () => wrapText(long(n), 600, 15, 3)],
  ['wrapText of many lines', 500, (n) => () => wrapText(words(n), 100, 15, 1e9)],
  ['wrapText of spaces', 1000, (n) => () => wrapText(`a${' '.repeat(n)}b`, 600, 15, 3)],
  ['escapeText', 1000, (n) => () => escapeText('<&\u0000'.repeat(n))],
  ['terminalLine', 1000, (n) => () => terminalLine('\x1b'.repeat(n), 1e9)],
  ['terminalText', 1000, (n) => () => terminalText('a\n\x1b'.repeat(n))],
  ['formatValues', 200, (n) => () => formatValues(values(n, Math.sin))],
  ['csvRow', 200, (n) => () => csvRow(list(n, (i) => `=${i};=`))],
  ['csvRow of a long field', 1000, (n) => () => csvRow([`"${' ;'.repeat(n)}`])],
  ['lineChart: title', 2000, (n) => () => plot.lineChart([{ y: [1] }], { title: words(n) })],
  ['lineChart: title of one word', 2000, (n) => () => plot.lineChart([], { title: long(n) })],
  [
    'lineChart: labels',
    1000,
    (n) => () => plot.lineChart([{ y: [1, 2] }], { x: { label: long(n) }, y: { label: words(n) } }),
  ],
  ['lineChart: name', 1000, (n) => () => plot.lineChart([{ name: long(n), y: numbers(50) }])],
  ['lineChart: points', 1000, (n) => () => plot.lineChart([{ y: numbers(n) }])],
  [
    'lineChart: gaps',
    500,
    (n) => () => plot.lineChart([{ y: list(n, (i) => (i % 2 ? Number.NaN : i)) }]),
  ],
  [
    'lineChart: series',
    100,
    (n) => () => plot.lineChart(names(n).map((name) => ({ name, y: [1] }))),
  ],
  [
    'lineChart: marks',
    200,
    (n) => () =>
      plot.lineChart([], { marks: list(n, (i) => ({ x: i, y: i, label: `mark ${i}` })) }),
  ],
  [
    'lineChart: a range of many digits',
    2,
    (n) => () => plot.lineChart([{ y: [1, 10 ** (n * 30)] }], { y: { scale: 'log' } }),
  ],
  ['scatterChart: points', 500, (n) => () => plot.scatterChart([{ name: 'a', y: numbers(n) }])],
  ['barChart: categories', 200, (n) => () => plot.barChart(names(n), [{ values: numbers(n) }])],
  ['barChart: a category', 1000, (n) => () => plot.barChart([long(n)], [{ values: [1] }])],
  [
    'barChart: series of long names',
    50,
    (n) => () =>
      plot.barChart(
        ['a'],
        list(n, (i) => ({ name: long(500), values: [i] })),
      ),
  ],
  ['histogram: values', 2000, (n) => () => plot.histogram([{ values: numbers(n) }])],
  ['histogram: series', 50, (n) => () => plot.histogram(list(n, () => ({ values: [1, 2] })))],
  ['heatMap: rows', 100, (n) => () => plot.heatMap(list(n, () => [1, 2]))],
  ['heatMap: columns', 100, (n) => () => plot.heatMap([numbers(n)])],
  [
    'heatMap: cells of long names',
    100,
    (n) => () => plot.heatMap([numbers(20)], { rows: [long(n)], columns: list(20, () => long(n)) }),
  ],
  ['heatMap: texts', 1000, (n) => () => plot.heatMap([[1]], { text: () => long(n) })],
  [
    'confusionMatrix: names',
    1000,
    (n) => () => plot.confusionMatrix([[1]], { classes: [long(n)], title: words(n) }),
  ],
  [
    'decisionBoundary: points',
    200,
    (n) => () =>
      plot.decisionBoundary(
        list(n, (i) => [i, i] as const),
        numbers(n),
        (_, count) => numbers(count),
        { resolution: 4, title: long(n) },
      ),
  ],
  [
    'panels: charts',
    20,
    (n) => () =>
      plot.panels(
        list(n, () => chart),
        { columns: n },
      ),
  ],
  [
    'panels: rows',
    20,
    (n) => () =>
      plot.panels(
        list(n, () => chart),
        { columns: 1 },
      ),
  ],
  [
    'panels: a long chart',
    500,
    (n) => {
      const svg = plot.scatterChart([{ y: numbers(n) }]);
      return () => readOwnSvg(svg);
    },
  ],
  [
    'panels: a tag that does not end',
    1000,
    (n) => () => readOwnSvg(`${chart.slice(0, 200)}<rect${' fill="red"'.repeat(n)}`),
  ],
  ['panels: nothing but <', 1000, (n) => () => readOwnSvg(chart.slice(0, 200) + '<'.repeat(n))],
  [
    'writeReport: epochs',
    100,
    (n) => () => report(new History(list(n, (i) => epochOf(i + 1, { loss: 1 / i, valLoss: i })))),
  ],
  ['writeReport: names', 100, (n) => () => report(new History([epochOf(1, values(n, Math.sin))]))],
  [
    'writeReport: other names in each epoch',
    100,
    (n) => () => report(new History(list(n, (i) => epochOf(i + 1, { [`name ${i}`]: 1 })))),
  ],
  [
    'writeReport: long names and words',
    1000,
    (n) => () =>
      report(new History(list(5, (i) => epochOf(i + 1, { [long(n)]: Number.NaN }))), {
        title: words(n),
        notes: `${words(n)}\n`.repeat(3),
      }),
  ],
  [
    'writeReport: lines of notes',
    500,
    (n) => () => report(new History([]), { notes: 'line\n'.repeat(n) }),
  ],
  [
    'writeReport: steps',
    1000,
    (n) => () =>
      report(new History([]), { steps: { gradNorm: { steps: numbers(n), values: numbers(n) } } }),
  ],
  [
    'writeReport: images',
    30,
    (n) => {
      const image = { width: 1, height: 1, channels: 1 as const, data: Uint8Array.of(1) };
      const samples = list(n, () => ({ image, truth: long(300), prediction: long(300) }));
      return () => report(new History([]), { predictions: { samples } });
    },
  ],
  [
    'writeReport: layers',
    10,
    (n) => {
      const model = new ModuleList(list(n, () => new Linear(1, 1)));
      return () => report(new History([]), { model });
    },
  ],
  [
    'History.summary',
    100,
    (n) => () => new History(list(n, (i) => epochOf(i + 1, { loss: i, valLoss: i }))).summary(),
  ],
  [
    'ConfusionMatrix.toString',
    1000,
    (n) => () => new ConfusionMatrix(2).toString([long(n), words(n)]),
  ],
];

describe('twice the input is twice the work', () => {
  it.each(CASES)('%s', async (_, size, prepare) => {
    // Not a number: what is more is not looked at.
    const growth = await growthOf(prepare, size);
    expect(Number.isNaN(growth) ? 0 : growth).toBeLessThan(MOST);
  });

  it('for all that draws', () => {
    const tried = new Set(CASES.map(([name]) => name.split(':')[0]));
    expect(Object.keys(plot).filter((name) => !tried.has(name))).toEqual([]);
  });
});

describe('figures', () => {
  it('take no more of a text than they can show', () => {
    const title = words(100_000);
    const name = long(100_000);
    for (const svg of [
      plot.lineChart([{ name, y: numbers(300) }], {
        title,
        x: { label: name },
        y: { label: name },
      }),
      plot.barChart([name, 'b'], [{ name, values: [1, 2] }], { title, x: { label: name } }),
      plot.heatMap([numbers(40)], { rows: [name], rowLabel: name, title }),
      plot.decisionBoundary([[0, 0]], [1], (_, count) => numbers(count), { title, resolution: 4 }),
    ]) {
      expect(svg.length).toBeLessThan(150_000);
      expect(svg).toContain('…');
    }
  });

  it('leave room for the chart where a legend has many names', () => {
    const svg = plot.lineChart(names(1000).map((name) => ({ name, y: [1, 2] })));
    expect(svg).toMatch(/>and \d+ more</);
    expect(Number(/<svg x="[^"]*" y="([^"]*)"/.exec(svg)?.[1])).toBeLessThan(230);
  });

  it('show a hundred values of a run', () => {
    const html = report(new History([epochOf(1, values(5000, Math.sin))]));
    expect(html.match(/data-chart=/g)).toHaveLength(101);
  });
});

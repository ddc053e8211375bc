import { expect, test } from 'vitest';
import * as plot from '../../src/plot/index.js';
import { describeOptions, type OptionsCase, withoutCase } from '../support/options.js';

const chart = plot.lineChart([{ y: [1, 2] }]);
const boundary = (options: object) =>
  plot.decisionBoundary([[0, 0]], [1], (_, count) => new Float32Array(count), options);

const cases: OptionsCase[] = [
  ['barChart', (options) => plot.barChart(['a'], [{ values: [1] }], options), 'titles', 'title'],
  ['confusionMatrix', (options) => plot.confusionMatrix([[1]], options), 'classs', 'classes'],
  ['decisionBoundary', boundary, 'resolutions', 'resolution'],
  ['heatMap', (options) => plot.heatMap([[1]], options), 'row_label', 'rowLabel'],
  ['histogram', (options) => plot.histogram([{ values: [1] }], options), 'bin', 'bins'],
  ['lineChart', (options) => plot.lineChart([{ y: [1] }], options), 'mark', 'marks'],
  ['panels', (options) => plot.panels([chart], options), 'column', 'columns'],
  ['scatterChart', (options) => plot.scatterChart([{ y: [1] }], options), 'hight', 'height'],
];

/** Options within options, and the series. */
const parts: OptionsCase[] = [
  ['barChart: series[0]', (each) => plot.barChart([], [each as plot.BarSeries]), 'colour', 'color'],
  ['barChart: x', (x) => plot.barChart([], [], { x }), 'labels', 'label'],
  ['barChart: y', (y) => plot.barChart([], [], { y }), 'ranges', 'range'],
  ['decisionBoundary: x', (x) => boundary({ x }), 'ranges', 'range'],
  ['decisionBoundary: y', (y) => boundary({ y }), 'ranges', 'range'],
  ['histogram: series[0]', (each) => plot.histogram([each as plot.BarSeries]), 'value', 'values'],
  ['histogram: x', (x) => plot.histogram([], { x }), 'labels', 'label'],
  ['histogram: y', (y) => plot.histogram([], { y }), 'ranges', 'range'],
  ['lineChart: marks[0]', (mark) => plot.lineChart([], { marks: [mark] }), 'labels', 'label'],
  ['lineChart: series[0]', (each) => plot.lineChart([each as plot.Series]), 'dashd', 'dashed'],
  ['lineChart: x', (x) => plot.lineChart([], { x }), 'scales', 'scale'],
  ['lineChart: y', (y) => plot.lineChart([], { y }), 'scales', 'scale'],
  ['scatterChart: x', (x) => plot.scatterChart([], { x }), 'scales', 'scale'],
];

describeOptions([...cases, ...parts]);

test('an undefined option counts as not given', () => {
  const matrix = plot.confusionMatrix([[1]], { title: undefined });
  expect(matrix).toBe(plot.confusionMatrix([[1]]));
  const counts = plot.histogram([{ values: [1] }], { y: { label: undefined } });
  expect(counts).toBe(plot.histogram([{ values: [1] }]));
});

test('all that is exported is in the table', () => {
  expect(withoutCase(plot, cases)).toEqual([]);
});

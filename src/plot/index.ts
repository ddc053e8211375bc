/** Charts as SVG files: text that any browser shows, with nothing to install. */
export {
  type BarChartOptions,
  type BarSeries,
  barChart,
  type HistogramOptions,
  histogram,
} from './bars.js';
export type { ColorScale } from './colors.js';
export {
  type DecisionBoundaryOptions,
  decisionBoundary,
  type PlacePredictor,
} from './decisionBoundary.js';
export type { AxisOptions, ChartOptions } from './frame.js';
export {
  type ConfusionMatrixOptions,
  confusionMatrix,
  type HeatMapOptions,
  heatMap,
} from './heatMap.js';
export { type LineChartOptions, lineChart, type Mark, type Series, scatterChart } from './lines.js';
export { type PanelOptions, panels } from './panels.js';
export type { ScaleKind } from './scale.js';

export { Accuracy, TopKAccuracy } from './accuracy.js';
export { ConfusionMatrix } from './confusion.js';
export { Mean, type MetricFunction } from './mean.js';
export { type Measurement, Metric, type Mode } from './metric.js';
export type { PredictionOptions } from './predictions.js';

export { Accuracy, TopKAccuracy } from './accuracy.js';
export { ConfusionMatrix } from './confusion.js';
export type { ClassCountOptions } from './counts.js';
export { type Average, F1, type FScoreOptions, Precision, Recall } from './fscore.js';
export { Mean, type MetricFunction } from './mean.js';
export { type Measurement, Metric, type Mode } from './metric.js';
export { Perplexity } from './perplexity.js';
export type { PredictionOptions } from './predictions.js';
export { MAE, MSE, R2 } from './regression.js';

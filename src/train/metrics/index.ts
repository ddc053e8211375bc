export { Accuracy, TopKAccuracy } from './accuracy.js';
export { ConfusionMatrix } from './confusion.js';
export { type Average, F1, type FScoreOptions, Precision, Recall } from './fscore.js';
export { Mean, type MeanOptions, type MetricFunction, type WeighedValue } from './mean.js';
export { type Measurement, Metric } from './metric.js';
export { Perplexity } from './perplexity.js';
export type { IgnoreOptions, PredictionOptions } from './predictions.js';
export { MAE, MSE, R2 } from './regression.js';
export type { Weight } from './weight.js';

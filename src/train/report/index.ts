export type { StepCurve, StepCurves } from './charts.js';
export {
  type PredictClassesOptions,
  type PredictedImage,
  type PredictionData,
  type Predictions,
  predictClasses,
} from './predictions.js';
export { type ReportOptions, writeReport } from './report.js';

export type { StepCurve, StepCurves } from './charts.js';
export type { ReportOptions } from './checks.js';
export {
  type PredictClassesOptions,
  type PredictedImage,
  type PredictionData,
  type Predictions,
  predictClasses,
} from './predictions.js';
export { writeReport } from './report.js';

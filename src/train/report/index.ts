export { ReportHtml, type ReportHtmlOptions } from '../callbacks/htmlReport.js';
export type { StepCurve, StepCurves } from './charts.js';
export {
  type PredictedImage,
  type Predictions,
  type PredictionsOptions,
  predictClasses,
} from './predictions.js';
export { type ReportOptions, writeReport } from './report.js';

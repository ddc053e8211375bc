export { CsvLogger } from './callbacks/csvLogger.js';
export { EarlyStopping, type EarlyStoppingOptions } from './callbacks/earlyStopping.js';
export {
  HtmlReport,
  type HtmlReportOptions,
  type PredictionsOptions,
} from './callbacks/htmlReport.js';
export { LearningRateLogger } from './callbacks/learningRateLogger.js';
export { MaxNorm, type MaxNormOptions } from './callbacks/maxNorm.js';
export { ModelCheckpoint, type ModelCheckpointOptions } from './callbacks/modelCheckpoint.js';
export { Progress, type ProgressOptions, type ProgressStream } from './callbacks/progress.js';
export { TensorBoard, type TensorBoardOptions } from './callbacks/tensorBoard.js';
export { TerminateOnNaN } from './callbacks/terminateOnNaN.js';
export { WeightAveraging, type WeightAveragingOptions } from './callbacks/weightAveraging.js';
export { type EvaluateOptions, evaluate } from './evaluate.js';
export { fit } from './fit.js';
export type { FitCommon, FitOptions, Metrics, StepFitOptions } from './fitOptions.js';
export type {
  Callback,
  CallbackState,
  PendingUpdate,
  ResumedRun,
  SavedCheckpoint,
  StepInfo,
  StepValues,
  TrainingRun,
} from './loop/callback.js';
export type { TrainingData } from './loop/data.js';
export {
  type BestEpoch,
  type BestOptions,
  type EpochRecord,
  History,
  type HistoryOptions,
  type StopReason,
  type ValueName,
} from './loop/history.js';
export type { Logger } from './loop/logger.js';
export type { Scheduler, Schedules } from './loop/schedule.js';
export type {
  LossOf,
  OutputOf,
  StepContext,
  StepFunction,
  StepResult,
  TargetOf,
  WeighedLoss,
} from './loop/step.js';
export type { SvgOptions } from './loop/svgOptions.js';
export type { StepOptimizer } from './loop/trainingStep.js';
export * from './metrics/index.js';
export * from './report/index.js';
export type { SequenceChunk } from './sequences/chunks.js';
export {
  type BpttStep,
  type TruncatedBpttOptions,
  truncatedBptt,
} from './sequences/truncatedBptt.js';
export * from './tensorboard/index.js';
export {
  type FindLearningRateOptions,
  findLearningRate,
} from './tune/learningRateFinder.js';
export { LearningRateSweep, type SweepEnd } from './tune/learningRateSweep.js';

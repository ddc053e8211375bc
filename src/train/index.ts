export type {
  Callback,
  CallbackState,
  PendingUpdate,
  SavedCheckpoint,
  StepInfo,
  StepValues,
  TrainingRun,
} from './callback.js';
export { CsvLogger } from './callbacks/csvLogger.js';
export { EarlyStopping, type EarlyStoppingOptions } from './callbacks/earlyStopping.js';
export { Ema, type EmaCallbackOptions } from './callbacks/ema.js';
export {
  LearningRateLogger,
  type LearningRateLoggerOptions,
} from './callbacks/learningRateLogger.js';
export { MaxNorm, type MaxNormOptions } from './callbacks/maxNorm.js';
export { ModelCheckpoint, type ModelCheckpointOptions } from './callbacks/modelCheckpoint.js';
export { TerminateOnNaN } from './callbacks/terminateOnNaN.js';
export type { SequenceChunk } from './chunks.js';
export type { TrainingData } from './data.js';
export {
  type EvaluateOptions,
  evaluate,
  type FitOptions,
  fit,
  type Metrics,
  type StepFitOptions,
} from './fit.js';
export {
  type BestEpoch,
  type EpochRecord,
  History,
  type StopReason,
  type ValueName,
} from './history.js';
export type { Json, JsonObject } from './json.js';
export {
  type FindLearningRateOptions,
  findLearningRate,
  LearningRateSweep,
  type SweepEnd,
} from './learningRateFinder.js';
export type { Logger } from './logger.js';
export * from './metrics/index.js';
export * from './progress.js';
export * from './report/index.js';
export type { Scheduler, Schedules } from './schedule.js';
export * from './search/index.js';
export type { LossOf, StepContext, StepFunction, StepResult } from './step.js';
export * from './tensorboard/index.js';
export {
  type BpttStep,
  type TruncatedBpttOptions,
  truncatedBptt,
} from './truncatedBptt.js';

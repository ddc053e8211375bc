export type { Json, JsonObject } from '../io/json.js';
export { CsvLogger } from './callbacks/csvLogger.js';
export { EarlyStopping, type EarlyStoppingOptions } from './callbacks/earlyStopping.js';
export { Ema, type EmaCallbackOptions } from './callbacks/ema.js';
export {
  LearningRateLogger,
  type LearningRateLoggerOptions,
} from './callbacks/learningRateLogger.js';
export { MaxNorm, type MaxNormOptions } from './callbacks/maxNorm.js';
export { ModelCheckpoint, type ModelCheckpointOptions } from './callbacks/modelCheckpoint.js';
export * from './callbacks/progress.js';
export { TerminateOnNaN } from './callbacks/terminateOnNaN.js';
export {
  type EvaluateOptions,
  evaluate,
  type FitOptions,
  fit,
  type Metrics,
  type StepFitOptions,
} from './fit.js';
export type {
  Callback,
  CallbackState,
  PendingUpdate,
  SavedCheckpoint,
  StepInfo,
  StepValues,
  TrainingRun,
} from './loop/callback.js';
export type { TrainingData } from './loop/data.js';
export {
  type BestEpoch,
  type EpochRecord,
  History,
  type StopReason,
  type ValueName,
} from './loop/history.js';
export type { Logger } from './loop/logger.js';
export type { Scheduler, Schedules } from './loop/schedule.js';
export type { LossOf, StepContext, StepFunction, StepResult } from './loop/step.js';
export * from './metrics/index.js';
export * from './report/index.js';
export type { SequenceChunk } from './sequences/chunks.js';
export {
  type BpttStep,
  type TruncatedBpttOptions,
  truncatedBptt,
} from './sequences/truncatedBptt.js';
export * from './tensorboard/index.js';
export * from './tune/index.js';
export {
  type FindLearningRateOptions,
  findLearningRate,
  LearningRateSweep,
  type SweepEnd,
} from './tune/learningRateFinder.js';

export {
  Adam,
  Adamax,
  type AdamaxOptions,
  type AdamOptions,
  AdamW,
  type MomentsOptions,
  NAdam,
  type NAdamOptions,
  RAdam,
  type RAdamOptions,
  SparseAdam,
  type SparseAdamOptions,
} from './adam.js';
export {
  Adadelta,
  type AdadeltaOptions,
  Adagrad,
  type AdagradOptions,
  RMSprop,
  type RMSpropOptions,
} from './adaptive.js';
export {
  type ClipGradNormOptions,
  clipGradNorm,
  clipGradValue,
  type GradNormOptions,
  type GradNorms,
  gradNorm,
  gradNorms,
} from './clip.js';
export { CyclicLR, type CyclicLROptions, OneCycleLR, type OneCycleLROptions } from './cycles.js';
export { type AveragedModel, Ema, type EmaOptions, type EmaState } from './ema.js';
export type { Goal } from './goal.js';
export { Lion, type LionOptions } from './lion.js';
export { maxNorm } from './maxNorm.js';
export {
  type BaseOptions,
  Optimizer,
  type ParamGroup,
  type ParamGroupInit,
  type Params,
} from './optimizer.js';
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './plateau.js';
export type { GradientKind } from './rows.js';
export {
  LRScheduler,
  type ScheduleInterval,
  type ScheduleOptions,
  type ScheduleState,
} from './schedule.js';
export {
  ConstantLR,
  type ConstantLROptions,
  CosineAnnealingLR,
  type CosineAnnealingLROptions,
  CosineAnnealingWarmRestarts,
  type CosineAnnealingWarmRestartsOptions,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  type LinearLROptions,
  MultiStepLR,
  type MultiStepLROptions,
  PolynomialLR,
  type PolynomialLROptions,
  type RateFactor,
  StepLR,
  type StepLROptions,
} from './schedules.js';
export { ChainedScheduler, SequentialLR } from './sequence.js';
export { SGD, type SGDOptions } from './sgd.js';
export type { OptimizerState } from './state.js';

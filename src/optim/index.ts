export { Adam, type AdamOptions, AdamW } from './adam.js';
export {
  type ClipGradNormOptions,
  clipGradNorm,
  clipGradValue,
  type GradNormOptions,
  type GradNorms,
  gradNorm,
  gradNorms,
} from './clip.js';
export {
  type BaseOptions,
  Optimizer,
  type ParamGroup,
  type ParamGroupInit,
  type Params,
} from './optimizer.js';
export { SGD, type SGDOptions } from './sgd.js';
export type { OptimizerState } from './state.js';

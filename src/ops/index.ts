/** All ops: functions of tensors with their gradients beside them. */
export * from './activation.js';
export { expand } from './broadcast.js';
export { type ClampOptions, clamp } from './clamp.js';
export {
  type Conv1dOptions,
  type Conv2dOptions,
  type ConvTranspose1dOptions,
  type ConvTranspose2dOptions,
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
  type OutputSize,
  type Pair,
} from './conv/conv.js';
export {
  type ArangeOptions,
  arange,
  clone,
  copyFrom,
  type EyeOptions,
  eye,
  type FromDataOptions,
  full,
  linspace,
  type NestedNumbers,
  ones,
  onesLike,
  type TensorOptions,
  tensor,
  zeros,
  zerosLike,
} from './creation.js';
export {
  type CrossEntropyOptions,
  crossEntropy,
  type NllLossOptions,
  nllLoss,
} from './crossEntropy.js';
export * from './elementwise.js';
export { type EmbeddingOptions, embedding } from './embedding.js';
export {
  gather,
  type IndexAddOptions,
  indexAdd,
  indexSelect,
  type OneHotOptions,
  oneHot,
  scatterAdd,
} from './indexing.js';
export { concat, repeat, stack } from './join.js';
export type { AxisPadding, Padding, Padding2d } from './kit/axisWidths.js';
export { linear } from './linear.js';
export {
  type BceLossOptions,
  type BceWithLogitsLossOptions,
  bceLoss,
  bceWithLogitsLoss,
  type HuberLossOptions,
  huberLoss,
  type KlDivLossOptions,
  klDivLoss,
  type LossOptions,
  l1Loss,
  mseLoss,
  type Reduction,
  type SmoothL1LossOptions,
  smoothL1Loss,
} from './loss.js';
export { dot, matmul } from './matmul.js';
export * from './norm/batchNorm.js';
export * from './norm/groupNorm.js';
export * from './norm/localResponseNorm.js';
export * from './pool/adaptivePool.js';
export { type InterpolateMode, type InterpolateOptions, interpolate } from './pool/interpolate.js';
export type { MaxPooled, PooledWithIndices, ReturnIndicesOption } from './pool/maxPooled.js';
export * from './pool/maxUnpool.js';
export {
  type AvgPool1dOptions,
  type AvgPool2dOptions,
  avgPool1d,
  avgPool2d,
  type MaxPool1dOptions,
  type MaxPool2dOptions,
  maxPool1d,
  maxPool2d,
} from './pool/pool.js';
export {
  bernoulli,
  type DropoutOptions,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  type NormalOptions,
  normal,
  type RandomOptions,
  rand,
  randint,
  randn,
  type UniformOptions,
  uniform,
} from './random.js';
export type { RnnNonlinearity } from './recurrent/recurrent.js';
export {
  type Axes,
  argmax,
  argmin,
  max,
  mean,
  min,
  norm,
  prod,
  type ReduceOptions,
  std,
  sum,
  sumSquares,
  type VarianceOptions,
  type VectorNormOptions,
  variance,
} from './reduce.js';
export { reflectionPad2d } from './reflectionPad.js';
export {
  flip,
  narrow,
  type PadOptions,
  pad,
  type Range,
  type SliceSpec,
  select,
  slice,
  split,
} from './slice.js';
export { logSoftmax, logSumExp, softmax } from './softmax.js';
export { flatten, permute, reshape, squeeze, transpose, unsqueeze } from './view.js';

/** All ops: functions of tensors with their gradients beside them. */
export * from './activation.js';
export { expand } from './broadcast.js';
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
} from './conv/conv.js';
export {
  arange,
  clone,
  copyFrom,
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
export * from './crossEntropy.js';
export * from './elementwise.js';
export {
  type EmbeddingOptions,
  embedding,
  gather,
  indexAdd,
  indexSelect,
  type OneHotOptions,
  oneHot,
  scatterAdd,
} from './indexing.js';
export { type InterpolateMode, type InterpolateOptions, interpolate } from './interpolate.js';
export * from './join.js';
export * from './loss.js';
export { dot, linear, matmul } from './matmul.js';
export * from './norm/batchNorm.js';
export * from './norm/groupNorm.js';
export * from './norm/localResponseNorm.js';
export * from './pool/adaptivePool.js';
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
  normal,
  type RandomOptions,
  rand,
  randint,
  randn,
  uniform,
} from './random.js';
export * from './recurrent/recurrent.js';
export * from './reduce.js';
export { type Padding2d, reflectionPad2d } from './reflectionPad.js';
export * from './slice.js';
export * from './softmax.js';
export * from './view.js';

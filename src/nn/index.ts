/** Layers, losses and models of one's own. */
export type { ConvFinish } from '../ops/conv/conv.js';
export * from './activation.js';
export { Adaline, type AdalineFit, type AdalineOptions } from './adaline.js';
export { BatchNorm1d, BatchNorm2d, type BatchNormLayerOptions } from './batchNorm.js';
export {
  ModuleDict,
  ModuleList,
  type Named,
  ParameterDict,
  ParameterList,
  Sequential,
} from './container.js';
export {
  type BiasOption,
  Conv1d,
  type Conv1dLayerOptions,
  Conv2d,
  type Conv2dLayerOptions,
  ConvTranspose1d,
  type ConvTranspose1dLayerOptions,
  ConvTranspose2d,
  type ConvTranspose2dLayerOptions,
  type ConvTransposeForwardOptions,
  type EdgeOptions,
  type PaddingMode,
} from './conv.js';
export {
  AlphaDropout,
  Dropout,
  Dropout1d,
  Dropout2d,
  Dropout3d,
  type DropoutLayerOptions,
  FeatureAlphaDropout,
} from './dropout.js';
export { Embedding, type EmbeddingLayerOptions } from './embedding.js';
export { Flatten, type FlattenOptions, Identity } from './flatten.js';
export * as functional from './functional.js';
export { chain, convNorm } from './fusion.js';
export * as init from './init.js';
export { Linear, type LinearOptions } from './linear.js';
export type { Samples, Targets } from './linearUnit.js';
export * from './loss.js';
export { type BufferOptions, type Layer, Module } from './module.js';
export {
  GroupNorm,
  LayerNorm,
  type LayerNormLayerOptions,
  LocalResponseNorm,
  type NormLayerOptions,
} from './norm.js';
export { type ForwardObserver, observeForward } from './observe.js';
export type { Lengths } from './packing.js';
export { Parameter, type ParameterOptions } from './parameter.js';
export {
  Perceptron,
  type PerceptronFit,
  type PerceptronOptions,
} from './perceptron.js';
export * from './pool.js';
export {
  GRU,
  LSTM,
  type LstmLayerOptions,
  type LstmState,
  type RecurrentForwardOptions,
  type RecurrentOptions,
  RNN,
  type RnnLayerOptions,
} from './recurrent.js';
export {
  type CellOptions,
  GRUCell,
  LSTMCell,
  RNNCell,
  type RnnCellOptions,
} from './recurrentCells.js';
export type { RecurrentModel, RecurrentState } from './recurrentState.js';
export { ReflectionPad2d, Upsample, ZeroPad2d } from './resize.js';
export type { LoadedKeys, LoadStateOptions, StateDict } from './state.js';
export type { SummaryInput, SummaryOptions } from './summary.js';

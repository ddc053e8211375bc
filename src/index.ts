/** Deep learning for Node.js: tensors with automatic differentiation, layers, optimisers, data. */

import './node.js';

export { type BackwardOptions, backward, type GradOptions, grad } from './autograd/backward.js';
export type {
  BackendInfo,
  BackendName,
  ConvAlgorithm,
  ConvolutionPrecision,
} from './backend/kernels/backend.js';
export {
  backendInfo,
  setBackend,
  setConvolutionPrecision,
  setNumThreads,
  synchronize,
  synchronizeSync,
} from './backend/select.js';
export * as data from './data/index.js';
export * as io from './io/index.js';
export * as models from './models/index.js';
export * as nn from './nn/index.js';
export { type ConvAlgorithms, convAlgorithms } from './ops/conv/convAlgorithms.js';
export * from './ops/index.js';

import './autograd/methods.js';
import './ops/methods.js';
import './names.js';

export * from './errors.js';
export * as optim from './optim/index.js';
export * as plot from './plot/index.js';
export type { DType, TypedArray } from './tensor/dtype.js';
export { type MemoryInfo, memoryInfo, trimPool } from './tensor/pool.js';
export { Generator, manualSeed, type RandomState } from './tensor/random.js';
export { RowSparseTensor } from './tensor/rowSparse.js';
export { enableGrad, noGrad, scope } from './tensor/scope.js';
export type { Shape } from './tensor/shape.js';
export { Tensor } from './tensor/tensor.js';
export * as train from './train/index.js';
export * as tune from './train/tune/index.js';
export * as vision from './vision/index.js';

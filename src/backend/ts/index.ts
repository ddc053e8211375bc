import type { Backend } from '../backend.js';
import type { Kernels } from '../kernels.js';
import { batchNorm, batchNormGrad, batchNormInference } from './batchNorm.js';
import { binary, binaryBroadcast, binaryScalar } from './binary.js';
import { compare, compareScalar, where } from './compare.js';
import {
  conv2d,
  conv2dInputGrad,
  conv2dPacked,
  conv2dWeightGrad,
  convAlgorithm,
  packConv2d,
} from './conv.js';
import { gemm } from './gemm.js';
import { clipGradNorm, clipGradValue, gradNorms } from './gradients.js';
import { groupNorm, groupNormGrad } from './groupNorm.js';
import { gather, indexAdd, indexSelect, oneHot, scatterAdd } from './indexing.js';
import { bceWithLogits, bceWithLogitsGrad, crossEntropy, crossEntropyGrad } from './loss.js';
import { addScaled, assign, cast, copyStrided, fill, transpose } from './memory.js';
import { optimizerStep, optimizerStepRows } from './optimizer.js';
import {
  avgPool2d,
  avgPool2dGrad,
  maxPool2d,
  maxPool2dGather,
  maxPool2dGrad,
  maxUnpool2d,
} from './pool.js';
import { dropout, maskScale, randomInteger, randomNormal, randomUniform } from './random.js';
import { gru, gruGrad, lstm, lstmGrad, rnn, rnnGrad } from './recurrent.js';
import { argReduce, reduce } from './reduce.js';
import { addRows, coalesceRows, momentumStepRows, renormRows } from './rows.js';
import { scratchBytes } from './scratch.js';
import { softmax, softmaxGrad } from './softmax.js';
import { unary, unaryGrad } from './unary.js';
import { upsample2d, upsample2dGrad } from './upsample.js';

const kernels = {
  fill,
  cast,
  assign,
  copyStrided,
  transpose,
  addScaled,
  unary,
  unaryGrad,
  binary,
  binaryScalar,
  binaryBroadcast,
  compare,
  compareScalar,
  where,
  reduce,
  argReduce,
  softmax,
  softmaxGrad,
  gemm,
  indexSelect,
  indexAdd,
  gather,
  scatterAdd,
  oneHot,
  coalesceRows,
  addRows,
  renormRows,
  randomUniform,
  randomNormal,
  randomInteger,
  dropout,
  maskScale,
  conv2d,
  conv2dPacked,
  packConv2d,
  conv2dInputGrad,
  conv2dWeightGrad,
  maxPool2d,
  maxPool2dGrad,
  maxPool2dGather,
  maxUnpool2d,
  avgPool2d,
  avgPool2dGrad,
  upsample2d,
  upsample2dGrad,
  batchNorm,
  batchNormInference,
  batchNormGrad,
  groupNorm,
  groupNormGrad,
  rnn,
  rnnGrad,
  lstm,
  lstmGrad,
  gru,
  gruGrad,
  crossEntropy,
  crossEntropyGrad,
  bceWithLogits,
  bceWithLogitsGrad,
  gradNorms,
  clipGradNorm,
  clipGradValue,
  optimizerStep,
  optimizerStepRows,
  momentumStepRows,
} satisfies Kernels;

/** The backend in pure TypeScript: kernels run at once, on the calling thread, so nothing is ever pending. */
export const tsBackend: Backend = {
  name: 'ts',
  kernels,
  info: () => ({
    name: 'ts',
    threads: 1,
    instructionSet: 'js',
    blas: 'none',
    blasCore: 'none',
    synchronous: true,
    convolutionPrecision: 'exact',
  }),
  setNumThreads: () => {},
  setConvolutionPrecision: () => {},
  convAlgorithm: (_, geometry) => convAlgorithm(geometry),
  submitted: () => 0,
  // Above every ticket that memory may carry from the native backend, which was waited for at the switch.
  completed: () => Number.MAX_SAFE_INTEGER,
  synchronizeSync: () => {},
  spin: () => true,
  wait: () => Promise.resolve(),
  throwFault: () => {},
  whenLeftOut: () => {},
  allocate: (bytes) => new ArrayBuffer(bytes),
  collectorIsBehind: () => false,
  async awaitCollector() {},
  keptBytes: () => 0,
  trimMemory: () => {},
  scratchBytes,
};

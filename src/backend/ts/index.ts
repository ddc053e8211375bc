import type { Backend } from '../kernels/backend.js';
import type { Kernels } from '../kernels/index.js';
import {
  conv2d,
  conv2dInputGrad,
  conv2dPacked,
  conv2dWeightGrad,
  convAlgorithm,
  packConv2d,
} from './conv/conv.js';
import { binary, binaryBroadcast, binaryScalar } from './elementwise/binary.js';
import { compare, compareScalar, where } from './elementwise/compare.js';
import { unary, unaryGrad } from './elementwise/unary.js';
import { gemm } from './gemm.js';
import { gather, indexAdd, indexSelect, oneHot, scatterAdd } from './indexing/indexing.js';
import { addRows, coalesceRows, momentumStepRows, renormRows } from './indexing/rows.js';
import { scratchBytes } from './kit/scratch.js';
import { bceWithLogits, bceWithLogitsGrad, crossEntropy, crossEntropyGrad } from './loss/loss.js';
import { softmax, softmaxGrad } from './loss/softmax.js';
import { addScaled, assign, cast, copyStrided, fill, transpose } from './memory.js';
import { batchNorm, batchNormGrad, batchNormInference } from './norm/batchNorm.js';
import { groupNorm, groupNormGrad } from './norm/groupNorm.js';
import { clipGradNorm, clipGradValue, gradNorms } from './optim/gradients.js';
import { optimizerStep, optimizerStepRows } from './optim/optimizer.js';
import {
  avgPool2d,
  avgPool2dGrad,
  maxPool2d,
  maxPool2dGather,
  maxPool2dGrad,
  maxUnpool2d,
} from './pool/pool.js';
import { upsample2d, upsample2dGrad } from './pool/upsample.js';
import { dropout, maskScale, randomInteger, randomNormal, randomUniform } from './random.js';
import { gru, gruGrad, lstm, lstmGrad, rnn, rnnGrad } from './recurrent.js';
import { argReduce, reduce } from './reduce/reduce.js';

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

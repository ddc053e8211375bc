import type { Backend } from '../kernels/backend.js';
import type { KernelFamilies, Kernels } from '../kernels/index.js';
import { convAlgorithm, prepareConv } from './conv/conv.js';
import { convKernels } from './conv/index.js';
import { elementwiseKernels } from './elementwise/index.js';
import { gemmKernels } from './gemm/index.js';
import { indexingKernels } from './indexing/index.js';
import { faultsAs } from './kit/faults.js';
import { scratchBytes } from './kit/scratch.js';
import { lossKernels } from './loss/index.js';
import { memoryKernels } from './memory/index.js';
import { normKernels } from './norm/index.js';
import { optimKernels } from './optim/index.js';
import { poolKernels } from './pool/index.js';
import { randomKernels } from './random/index.js';
import { recurrentKernels } from './recurrent/index.js';
import { reduceKernels } from './reduce/index.js';

/** The kernels by family. */
export const families: KernelFamilies = {
  memory: memoryKernels,
  elementwise: elementwiseKernels,
  reduce: reduceKernels,
  gemm: gemmKernels,
  indexing: indexingKernels,
  random: randomKernels,
  conv: convKernels,
  pool: poolKernels,
  norm: normKernels,
  recurrent: recurrentKernels,
  loss: lossKernels,
  optim: optimKernels,
};

const kernels: Kernels = {
  ...families.memory,
  ...families.elementwise,
  ...families.reduce,
  ...families.gemm,
  ...families.indexing,
  ...families.random,
  ...families.conv,
  ...families.pool,
  ...families.norm,
  ...families.recurrent,
  ...families.loss,
  ...families.optim,
};

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
  prepareConv,
  submitted: () => 0,
  // Above every ticket that memory may carry from the native backend, which was waited for at the switch.
  completed: () => Number.MAX_SAFE_INTEGER,
  synchronizeSync: () => {},
  spin: () => true,
  wait: () => Promise.resolve(),
  throwFault: () => {},
  faultsAs,
  whenLeftOut: () => {},
  allocate: (bytes) => new ArrayBuffer(bytes),
  free: () => {},
  watch: null,
  scratchBytes,
};

/**
 * The waist of the library: the list of everything a backend computes.
 *
 * Conventions, the same for every kernel:
 * - Outputs come first, then inputs, then integers, numbers and flags.
 * - Arrays are flat and may be longer than what the sizes say (pooled memory); a kernel touches exactly
 *   the elements that its sizes name. Outputs never overlap inputs, unless a kernel says that they may.
 * - A kernel fills every element of its outputs, unless it is named as accumulating (`…Add…`) or as
 *   updating in place (`…Step`, `copyStrided`).
 * - Shapes, dtypes and devices were checked before the call. Only data can be at fault (an index out of
 *   range), which a kernel reports as an {@link IndexFaultError}: at once on the TypeScript backend, at
 *   the next synchronisation on the native one.
 *   Between a fault and the moment that it is thrown, kernels that say so leave parameters and the like as they
 *   are (`…Step…`, `renormRows`, `assign`, the running statistics of `batchNorm`), so that nothing is half-updated.
 * - `FloatArray` arguments of one call have one kind. The native backend has Float32Array only.
 */

import type { ConvKernels } from './conv.js';
import type { ElementwiseKernels } from './elementwise.js';
import type { GemmKernels } from './gemm.js';
import type { IndexingKernels } from './indexing.js';
import type { LossKernels } from './loss.js';
import type { MemoryKernels } from './memory.js';
import type { NormKernels } from './norm.js';
import type { OptimKernels } from './optim.js';
import type { PoolKernels } from './pool.js';
import type { RandomKernels } from './random.js';
import type { RecurrentKernels } from './recurrent.js';
import type { ReduceKernels } from './reduce.js';

export * from './geometry.js';
export * from './opCodes.js';
export * from './types.js';

/** The kernels by family, each in a file, a folder of each backend and a table of the fuzzer of its name. */
export interface KernelFamilies {
  readonly memory: MemoryKernels;
  readonly elementwise: ElementwiseKernels;
  readonly reduce: ReduceKernels;
  readonly gemm: GemmKernels;
  readonly indexing: IndexingKernels;
  readonly random: RandomKernels;
  readonly conv: ConvKernels;
  readonly pool: PoolKernels;
  readonly norm: NormKernels;
  readonly recurrent: RecurrentKernels;
  readonly loss: LossKernels;
  readonly optim: OptimKernels;
}

/**
 * Destination first, flat typed arrays, plain numbers. Implemented by `backend/ts` and `backend/native`.
 */
export interface Kernels
  extends MemoryKernels,
    ElementwiseKernels,
    ReduceKernels,
    GemmKernels,
    IndexingKernels,
    RandomKernels,
    ConvKernels,
    PoolKernels,
    NormKernels,
    RecurrentKernels,
    LossKernels,
    OptimKernels {}

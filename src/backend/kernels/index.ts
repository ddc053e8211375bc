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

import type { ImageKernels } from './image.js';
import type { RecurrentKernels } from './recurrent.js';
import type { TensorKernels } from './tensor.js';
import type { TrainingKernels } from './training.js';

export * from './opCodes.js';
export * from './types.js';

/**
 * Destination first, flat typed arrays, plain numbers. Implemented by `backend/ts` and `backend/native`.
 */
export interface Kernels extends TensorKernels, ImageKernels, RecurrentKernels, TrainingKernels {}

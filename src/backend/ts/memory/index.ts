import type { KernelFamilies } from '../../kernels/index.js';
import { addScaled, assign, cast, copyStrided, fill, transpose } from './memory.js';

export const memoryKernels: KernelFamilies['memory'] = {
  addScaled,
  assign,
  cast,
  copyStrided,
  fill,
  transpose,
};

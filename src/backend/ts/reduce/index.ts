import type { KernelFamilies } from '../../kernels/index.js';
import { argReduce, reduce } from './reduce.js';

export const reduceKernels: KernelFamilies['reduce'] = {
  argReduce,
  reduce,
};

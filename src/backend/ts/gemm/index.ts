import type { KernelFamilies } from '../../kernels/index.js';
import { gemm } from './gemm.js';

export const gemmKernels: KernelFamilies['gemm'] = {
  gemm,
};

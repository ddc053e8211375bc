import type { KernelFamilies } from '../../kernels/index.js';
import { batchNorm, batchNormGrad, batchNormInference } from './batchNorm.js';
import { groupNorm, groupNormGrad } from './groupNorm.js';

export const normKernels: KernelFamilies['norm'] = {
  batchNorm,
  batchNormGrad,
  batchNormInference,
  groupNorm,
  groupNormGrad,
};

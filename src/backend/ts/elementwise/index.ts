import type { KernelFamilies } from '../../kernels/index.js';
import { binary, binaryBroadcast, binaryScalar } from './binary.js';
import { compare, compareScalar, where } from './compare.js';
import { unary, unaryGrad } from './unary.js';

export const elementwiseKernels: KernelFamilies['elementwise'] = {
  binary,
  binaryBroadcast,
  binaryScalar,
  compare,
  compareScalar,
  where,
  unary,
  unaryGrad,
};

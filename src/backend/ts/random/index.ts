import type { KernelFamilies } from '../../kernels/index.js';
import { dropout, maskScale, randomInteger, randomNormal, randomUniform } from './random.js';

export const randomKernels: KernelFamilies['random'] = {
  dropout,
  maskScale,
  randomInteger,
  randomNormal,
  randomUniform,
};

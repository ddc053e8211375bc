import type { KernelFamilies } from '../../kernels/index.js';
import { avgPool2d, avgPool2dGrad } from './average.js';
import { maxPool2d, maxPool2dGather, maxPool2dGrad, maxUnpool2d } from './maximum.js';
import { upsample2d, upsample2dGrad } from './upsample.js';

export const poolKernels: KernelFamilies['pool'] = {
  avgPool2d,
  avgPool2dGrad,
  maxPool2d,
  maxPool2dGather,
  maxPool2dGrad,
  maxUnpool2d,
  upsample2d,
  upsample2dGrad,
};

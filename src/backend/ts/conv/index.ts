import type { KernelFamilies } from '../../kernels/index.js';
import { conv2d, conv2dInputGrad, conv2dPacked, conv2dWeightGrad, packConv2d } from './conv.js';

export const convKernels: KernelFamilies['conv'] = {
  conv2d,
  conv2dInputGrad,
  conv2dPacked,
  conv2dWeightGrad,
  packConv2d,
};

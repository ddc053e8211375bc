import type { KernelFamilies } from '../../kernels/index.js';
import { bceWithLogits, bceWithLogitsGrad, crossEntropy, crossEntropyGrad } from './loss.js';
import { softmax, softmaxGrad } from './softmax.js';

export const lossKernels: KernelFamilies['loss'] = {
  bceWithLogits,
  bceWithLogitsGrad,
  crossEntropy,
  crossEntropyGrad,
  softmax,
  softmaxGrad,
};

import type { KernelFamilies } from '../../kernels/index.js';
import { clipGradNorm, clipGradValue, gradNorms } from './gradients.js';
import { momentumStepRows } from './momentumRows.js';
import { optimizerStep, optimizerStepRows } from './optimizer.js';

export const optimKernels: KernelFamilies['optim'] = {
  clipGradNorm,
  clipGradValue,
  gradNorms,
  momentumStepRows,
  optimizerStep,
  optimizerStepRows,
};

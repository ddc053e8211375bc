import type { KernelFamilies } from '../../kernels/index.js';
import { gather, indexAdd, indexSelect, oneHot, scatterAdd } from './indexing.js';
import { addRows, coalesceRows, renormRows } from './rows.js';

export const indexingKernels: KernelFamilies['indexing'] = {
  gather,
  indexAdd,
  indexSelect,
  oneHot,
  scatterAdd,
  addRows,
  coalesceRows,
  renormRows,
};

import type { KernelFamilies } from '../../kernels/index.js';
import { gru, gruGrad } from './gru.js';
import { lstm, lstmGrad } from './lstm.js';
import { rnn, rnnGrad } from './rnn.js';

export const recurrentKernels: KernelFamilies['recurrent'] = {
  gru,
  gruGrad,
  lstm,
  lstmGrad,
  rnn,
  rnnGrad,
};

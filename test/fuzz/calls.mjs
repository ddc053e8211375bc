// A valid random call of every kernel, as descriptions of its arguments, see arguments.mjs.
import { convolutionCalls } from './calls/convolution.mjs';
import { elementwiseCalls } from './calls/elementwise.mjs';
import { indexingCalls } from './calls/indexing.mjs';
import { normCalls } from './calls/norm.mjs';
import { randomCalls } from './calls/random.mjs';
import { recurrentCalls } from './calls/recurrent.mjs';
import { reduceCalls } from './calls/reduce.mjs';
import { trainingCalls } from './calls/training.mjs';

/** By the kernel's name, a function from a source of random numbers to the arguments of a valid call. */
export const validCalls = {
  ...elementwiseCalls,
  ...reduceCalls,
  ...indexingCalls,
  ...randomCalls,
  ...convolutionCalls,
  ...normCalls,
  ...recurrentCalls,
  ...trainingCalls,
};

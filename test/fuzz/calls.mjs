// A valid random call of every kernel, as descriptions of its arguments, see arguments.mjs.
import { convCalls } from './calls/conv.mjs';
import { elementwiseCalls } from './calls/elementwise.mjs';
import { gemmCalls } from './calls/gemm.mjs';
import { indexingCalls } from './calls/indexing.mjs';
import { lossCalls } from './calls/loss.mjs';
import { memoryCalls } from './calls/memory.mjs';
import { normCalls } from './calls/norm.mjs';
import { optimCalls } from './calls/optim.mjs';
import { poolCalls } from './calls/pool.mjs';
import { randomCalls } from './calls/random.mjs';
import { recurrentCalls } from './calls/recurrent.mjs';
import { reduceCalls } from './calls/reduce.mjs';

/** By the kernel's name, a function from a source of random numbers and the addon to the arguments of a valid call. */
export const validCalls = {
  ...memoryCalls,
  ...elementwiseCalls,
  ...reduceCalls,
  ...gemmCalls,
  ...indexingCalls,
  ...randomCalls,
  ...convCalls,
  ...poolCalls,
  ...normCalls,
  ...recurrentCalls,
  ...lossCalls,
  ...optimCalls,
};

import { checkIterable } from '../arguments.js';
import { ArgumentError } from '../errors.js';
import { assign } from '../ops/creation.js';
import { div, maximum, mul, sqrt } from '../ops/elementwise.js';
import { checkTensor } from '../ops/kit/define.js';
import { sumSquares } from '../ops/reduce.js';
import { inWords } from '../options.js';
import { runInContext } from '../tensor/scope.js';
import type { Tensor } from '../tensor/tensor.js';

/**
 * Limits the length of each unit's incoming weights, in place, after `optimizer.step()`: rows of a linear layer's
 * weight, filters of a convolution's. Longer ones are scaled down to it (Srivastava et al., "Dropout: a simple way to
 * prevent neural networks from overfitting", 2014, section 5.1, with lengths of 3 to 4). Parameters of one axis,
 * such as biases, are left as they are.
 *
 * @param parameters as of `model.parameters()`
 * @param limit the largest length, above 0
 * @throws ArgumentError for a limit out of range
 *
 * @example
 * optimizer.step();
 * optim.maxNorm(model.parameters(), 3);
 */
export function maxNorm(parameters: Iterable<Tensor>, limit: number): void {
  if (!(typeof limit === 'number' && limit > 0)) {
    throw new ArgumentError(`maxNorm: limit is ${inWords(limit)}, expected a number > 0`);
  }
  checkIterable('maxNorm', 'parameters', parameters, 'Tensors, as of model.parameters()');
  for (const parameter of parameters) {
    checkTensor(parameter, 'maxNorm', 'a parameter');
    if (parameter.rank < 2) continue;
    const axes = parameter.shape.slice(1).map((_, axis) => axis + 1);
    runInContext(false, () => {
      const length = sqrt(sumSquares(parameter, axes, { keepDims: true }));
      assign(parameter, mul(parameter, div(limit, maximum(length, limit))));
    });
  }
}

import { DTypeError } from '../errors.js';
import { refill } from '../ops/creation.js';
import { checkTensor } from '../ops/kit/define.js';
import { checkOptions, type OptionNames } from '../options.js';
import { isFloat } from '../tensor/dtype.js';
import { formatShape, type Shape } from '../tensor/shape.js';
import { empty, Tensor } from '../tensor/tensor.js';

export interface ParameterOptions {
  /** False for a parameter that is not trained. Default: true. */
  requiresGrad?: boolean;
}

const NAMES: OptionNames<ParameterOptions> = { requiresGrad: true };

/**
 * A tensor that a module learns: a leaf that gradients are collected for. It lives until it is disposed of,
 * whatever scope it was made in. A field of a module that holds one is part of the module's state.
 */
export class Parameter extends Tensor {
  /** Shares the memory of `values` (floats), as another handle of it. */
  constructor(values: Tensor, options: ParameterOptions = {}) {
    checkOptions('Parameter', options, NAMES);
    checkTensor(values, 'Parameter', 'values');
    if (!isFloat(values.dtype)) {
      throw new DTypeError(
        `Parameter: values ${formatShape(values.shape)} are ${values.dtype}, expected float32 or float64`,
      );
    }
    super(values.storage.retain(), values.shape, values.dtype, values.offset, values.layout);
    this.kept = true;
    this.requiresGrad = options.requiresGrad ?? true;
  }
}

/** A float32 parameter with unset contents, for an initialiser to fill. @internal */
export function emptyParameter(shape: Shape): Parameter {
  const memory = empty(shape, 'float32');
  const parameter = new Parameter(memory);
  memory.dispose();
  return parameter;
}

/** A float32 parameter of one number throughout. @internal */
export function filledParameter(shape: Shape, value: number): Parameter {
  const parameter = emptyParameter(shape);
  refill(parameter, value);
  return parameter;
}

import { type ConvAlgorithm, ConvPass } from '../../backend/kernels/backend.js';
import { backend } from '../../backend/select.js';
import { ShapeError } from '../../errors.js';
import { checkOptions } from '../../options.js';
import { checkShape, formatShape, type Shape } from '../../tensor/shape.js';
import { CONV, type Conv2dOptions } from './conv.js';
import { planConv } from './convPlan.js';

/** The algorithm of each pass of a convolution. */
export interface ConvAlgorithms {
  /** y, from x and the weight. */
  readonly forward: ConvAlgorithm;
  /** The gradient of x; also what a transposed convolution computes forward. */
  readonly inputGrad: ConvAlgorithm;
  /** The gradient of the weight. */
  readonly weightGrad: ConvAlgorithm;
}

/**
 * Which algorithms a {@link conv2d} takes on the backend in use, by its shapes and the precision that is set; see
 * docs/convolution.md for what they are.
 * @param input shape of x, [N, C, H, W]
 * @param weight shape of the weight, [K, C/groups, R, S]
 * @throws ShapeError where conv2d would
 *
 * @example
 * convAlgorithms([8, 64, 56, 56], [64, 64, 3, 3], { padding: 1 }).forward; // 'winograd4' on the native backend
 */
export function convAlgorithms(
  input: Shape,
  weight: Shape,
  options: Conv2dOptions = {},
): ConvAlgorithms {
  const op = 'convAlgorithms';
  checkOptions(op, options, CONV);
  checkShape(input, op);
  checkShape(weight, op);
  if (input.length !== 4 || weight.length !== 4 || weight.includes(0)) {
    throw new ShapeError(
      `${op}: input ${formatShape(input)} and weight ${formatShape(weight)}, expected [N, C, H, W] and ` +
        '[out, in/groups, R, S] without empty axes',
    );
  }
  const { geometry } = planConv(op, input, weight, options);
  const algorithm = (pass: ConvPass): ConvAlgorithm => backend().convAlgorithm(pass, geometry);
  return {
    forward: algorithm(ConvPass.forward),
    inputGrad: algorithm(ConvPass.inputGrad),
    weightGrad: algorithm(ConvPass.weightGrad),
  };
}

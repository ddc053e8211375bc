import { ArgumentError, ShapeError } from '../../errors.js';
import { inWords } from '../../options.js';
import { formatShape, type Shape, sameShape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { add, mul, pow, square, sub } from '../elementwise.js';
import { checkFloat, checkSameDType } from '../kit/define.js';
import { mean, sum } from '../reduce.js';

const KEEP = { keepDims: true };

/** Gradients of a normalisation's operands. */
export interface NormGradients {
  readonly dx: Tensor;
  readonly dweight: Tensor;
  readonly dbias: Tensor;
}

/**
 * Gradients of (x − mean)/√(variance + eps)·weight + bias as ops, for gradients of gradients.
 * @param weight of a shape that broadcasts to x
 * @param axes those of the statistics
 * @param parameterAxes those that a weight has in common
 */
export function normGradients(
  g: Tensor,
  x: Tensor,
  weight: Tensor | null,
  axes: readonly number[],
  parameterAxes: readonly number[],
  eps: number,
): NormGradients {
  const centered = sub(x, mean(x, axes, KEEP));
  const rstd = pow(add(mean(square(centered), axes, KEEP), eps), -0.5);
  const normalized = mul(centered, rstd);
  const own = weight === null ? g : mul(g, weight);
  const common = mul(normalized, mean(mul(own, normalized), axes, KEEP));
  return {
    dx: mul(rstd, sub(sub(own, mean(own, axes, KEEP)), common)),
    dweight: sum(mul(g, normalized), parameterAxes),
    dbias: sum(g, parameterAxes),
  };
}

/** Throws unless eps is a number that keeps a division by a deviation of 0 apart. */
export function checkEps(eps: number, op: string): number {
  if (typeof eps === 'number' && eps >= 0 && eps < Number.POSITIVE_INFINITY) return eps;
  throw new ArgumentError(`${op}: eps is ${inWords(eps)}, expected a number ≥ 0`);
}

/** Throws unless a parameter or statistic of a normalisation has the kind and shape that x asks for. */
export function checkNormOperand(
  op: string,
  x: Tensor,
  operand: Tensor | null,
  name: string,
  shape: Shape,
): void {
  if (operand === null) return;
  checkFloat(operand, op, name);
  checkSameDType(op, x, operand);
  if (!sameShape(operand.shape, shape)) {
    throw new ShapeError(
      `${op}: ${name} ${formatShape(operand.shape)} does not fit input ${formatShape(x.shape)}, ` +
        `expected ${formatShape(shape)}`,
    );
  }
}

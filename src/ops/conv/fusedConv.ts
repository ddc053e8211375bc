import type { Nothing } from '../../tape/node.js';
import { record } from '../../tape/record.js';
import { dim, sameShape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { add, mul, pow, sub } from '../elementwise.js';
import { defineOp } from '../kit/define.js';
import { reshape } from '../view.js';
import { type ConvFinish, convolvePrepared } from './conv.js';
import { type ConvOptions, planConv } from './convPlan.js';
import type { Filters, PreparedFilters } from './preparedFilters.js';

/** A batch normalisation by given statistics. @internal */
export interface GivenNorm {
  /** [K], as all that follow; 1 when null */
  readonly weight: Tensor | null;
  /** 0 when null */
  readonly bias: Tensor | null;
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly eps: number;
}

/** A convolution, perhaps with the batch normalisation after it, which its weights take in. @internal */
export interface FusedConv2d {
  /** Where the weights are kept as the kernel reads them, until one of these tensors changes. */
  readonly prepared: PreparedFilters;
  readonly weight: Tensor;
  readonly bias: Tensor | null;
  readonly norm: GivenNorm | null;
  readonly options: ConvOptions;
}

/** The options of the convolution, and of what follows it. */
interface FusedAttrs {
  /** Added to the variance; null without batch normalisation. */
  readonly eps: number | null;
  readonly relu: boolean;
}

const fusedOp = defineOp<Nothing, FusedAttrs>('fusedConv2d');

/** Weight and bias of the convolution that does what one and the batch normalisation after it do. */
function fold(weight: Tensor, bias: Tensor | null, norm: GivenNorm): Filters {
  const rstd = pow(add(norm.variance, norm.eps), -0.5);
  const scale = norm.weight === null ? rstd : mul(rstd, norm.weight);
  const center = bias === null ? norm.mean : sub(norm.mean, bias);
  const shift = mul(center, scale);
  return {
    weight: mul(weight, reshape(scale, [-1, 1, 1, 1])),
    bias: norm.bias === null ? mul(shift, -1) : sub(norm.bias, shift),
  };
}

/**
 * conv2d without gradients, by weights that were prepared before, and with what follows it in the same kernel.
 * @returns null where conv2d would throw, or `add` does not have the result's shape
 * @internal
 */
export function fusedConv2d(
  x: Tensor,
  { prepared, weight, bias, norm, options }: FusedConv2d,
  finish: ConvFinish,
): Tensor | null {
  const fits =
    x.rank === 4 &&
    x.dtype === weight.dtype &&
    dim(x.shape, 1) === dim(weight.shape, 1) * (options.groups ?? 1);
  if (!fits) return null;
  const attrs = planConv('conv2d', x.shape, weight.shape, options);
  const { add: added = null, relu = false } = finish;
  if (added !== null && !sameShape(added.shape, attrs.outputShape)) return null;
  const { weight: scale = null, bias: shift = null, mean = null, variance = null } = norm ?? {};
  const operands = [weight, bias, scale, shift, mean, variance];
  const filters = prepared.of(
    operands.filter((operand) => operand !== null),
    () => (norm === null ? { weight, bias } : fold(weight, bias, norm)),
    attrs.geometry,
  );
  const out = convolvePrepared(x, filters, attrs, finish);
  const eps = norm?.eps ?? null;
  return record(fusedOp, out, [x, ...operands, added], {}, { ...attrs, eps, relu });
}

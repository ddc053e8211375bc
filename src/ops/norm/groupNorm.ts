import { checkList } from '../../arguments.js';
import { packGrouping } from '../../backend/kernels/index.js';
import { kernels } from '../../backend/select.js';
import { ShapeError } from '../../errors.js';
import { checkOptions, type OptionNames } from '../../options.js';
import type { Op, Saves } from '../../tape/node.js';
import { record } from '../../tape/record.js';
import { isRecording } from '../../tensor/scope.js';
import { dim, formatShape, type Shape, sizeOf } from '../../tensor/shape.js';
import {
  empty,
  inLayout,
  type Layout,
  releaseTemporary,
  rowMajor,
  type Tensor,
} from '../../tensor/tensor.js';
import { composite } from '../kit/composite.js';
import { checkFloat, defineOp, floats } from '../kit/define.js';
import { checkInteger } from '../kit/options.js';
import { reshape } from '../view.js';
import { checkEps, checkNormOperand, type NormGradients, normGradients } from './normGradient.js';

export interface NormOptions {
  /** Added to the variance. Default: 1e-5. */
  eps?: number;
}

const NAMES: OptionNames<NormOptions> = { eps: true };

/** x's memory as [batch, spatial, channels], and its groups of channels. */
interface GroupNormPlan {
  readonly batch: number;
  readonly spatial: number;
  readonly channels: number;
  readonly groups: number;
  readonly layout: Layout;
  /** Of the weight and the bias. */
  readonly parameterShape: Shape;
}

/** The options, and behind them what the kernels take. */
abstract class NormAttrs {
  readonly eps: number;
  readonly #plan: GroupNormPlan;

  constructor(eps: number, plan: GroupNormPlan) {
    this.eps = eps;
    this.#plan = plan;
  }

  get plan(): GroupNormPlan {
    return this.#plan;
  }
}

class GroupNormAttrs extends NormAttrs {
  readonly groups: number;

  constructor(eps: number, plan: GroupNormPlan) {
    super(eps, plan);
    this.groups = plan.groups;
  }
}

class LayerNormAttrs extends NormAttrs {
  readonly normalizedShape: Shape;

  constructor(eps: number, plan: GroupNormPlan) {
    super(eps, plan);
    this.normalizedShape = plan.parameterShape;
  }
}

/** What the gradients are computed from. */
interface NormSaves extends Saves {
  readonly x: Tensor;
  readonly mean: Tensor;
  readonly rstd: Tensor;
  readonly weight: Tensor | null;
}

function kernelGradients(
  g: Tensor,
  { x, mean, rstd, weight }: NormSaves,
  { plan }: NormAttrs,
): NormGradients {
  const [gradient, source] = [inLayout(g, plan.layout), inLayout(x, plan.layout)];
  const scale = weight && rowMajor(weight);
  const dx = empty(x.shape, x.dtype, plan.layout);
  const dweight = empty(plan.parameterShape, x.dtype);
  const dbias = empty(plan.parameterShape, x.dtype);
  kernels().groupNormGrad(
    floats(dx),
    floats(dweight),
    floats(dbias),
    floats(gradient),
    floats(source),
    floats(mean),
    floats(rstd),
    scale && floats(scale),
    packGrouping(plan),
  );
  releaseTemporary(gradient, g);
  releaseTemporary(source, x);
  if (weight && scale) releaseTemporary(scale, weight);
  return { dx, dweight, dbias };
}

function composedGradients(
  g: Tensor,
  { x, weight }: NormSaves,
  { eps, plan }: NormAttrs,
): NormGradients {
  const { batch, spatial, channels, groups, parameterShape } = plan;
  const width = channels / groups;
  const shape = [batch, groups, width, spatial];
  const found = normGradients(
    reshape(g, shape),
    reshape(x, shape),
    weight === null ? null : reshape(weight, [groups, width, 1]),
    [2, 3],
    [0, 3],
    eps,
  );
  return {
    dx: reshape(found.dx, x.shape),
    dweight: reshape(found.dweight, parameterShape),
    dbias: reshape(found.dbias, parameterShape),
  };
}

function define<A extends NormAttrs>(name: string): Op<NormSaves, A> {
  return defineOp<NormSaves, A>(name, (g, { saved, attrs }) => {
    const { dx, dweight, dbias } = isRecording()
      ? composedGradients(g, saved, attrs)
      : kernelGradients(g, saved, attrs);
    return [dx, dweight, dbias];
  });
}

const groupNormOp = define<GroupNormAttrs>('groupNorm');
const layerNormOp = define<LayerNormAttrs>('layerNorm');

function normalize<A extends NormAttrs>(
  op: Op<NormSaves, A>,
  x: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
  attrs: A,
): Tensor {
  const { batch, groups, layout } = attrs.plan;
  const source = inLayout(x, layout);
  const [scale, shift] = [weight && rowMajor(weight), bias && rowMajor(bias)];
  const out = empty(x.shape, x.dtype, layout);
  const [mean, rstd] = [empty([batch, groups], x.dtype), empty([batch, groups], x.dtype)];
  kernels().groupNorm(
    floats(out),
    floats(mean),
    floats(rstd),
    floats(source),
    scale && floats(scale),
    shift && floats(shift),
    packGrouping(attrs.plan),
    attrs.eps,
  );
  record(op, out, [x, weight, bias], { x, mean, rstd, weight }, attrs);
  for (const temporary of [mean, rstd]) temporary.dispose();
  releaseTemporary(source, x);
  if (weight && scale) releaseTemporary(scale, weight);
  if (bias && shift) releaseTemporary(shift, bias);
  return out;
}

/**
 * Layer normalisation (Ba, Kiros and Hinton, "Layer normalization", 2016): (x − mean)/√(variance + eps)·weight +
 * bias, with statistics over the last axes.
 * @param x [..., ...normalizedShape]
 * @param normalizedShape sizes of the last axes; a number for the last one
 * @param weight of normalizedShape, 1 when null
 * @param bias of normalizedShape, 0 when null
 */
export function layerNorm(
  x: Tensor,
  normalizedShape: number | Shape,
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  options: NormOptions = {},
): Tensor {
  checkOptions('layerNorm', options, NAMES);
  checkFloat(x, 'layerNorm');
  const shape = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape;
  checkList('layerNorm', 'normalizedShape', shape, 'a size, or a list of sizes');
  const rest = x.rank - shape.length;
  const fits = shape.every((size, i) => size === x.shape[rest + i]);
  if (shape.length === 0 || rest < 0 || !fits || sizeOf(shape) === 0) {
    throw new ShapeError(
      `layerNorm: input ${formatShape(x.shape)} does not end in normalizedShape ${formatShape(shape)}, ` +
        'which needs one axis at least and no empty one',
    );
  }
  checkNormOperand('layerNorm', x, weight, 'weight', shape);
  checkNormOperand('layerNorm', x, bias, 'bias', shape);
  const attrs = new LayerNormAttrs(checkEps(options.eps ?? 1e-5, 'layerNorm'), {
    batch: sizeOf(x.shape.slice(0, rest)),
    spatial: 1,
    channels: sizeOf(shape),
    groups: 1,
    layout: 'rowMajor',
    parameterShape: [...shape],
  });
  return normalize(layerNormOp, x, weight, bias, attrs);
}

function checkGroupNorm(x: Tensor, groups: number): void {
  checkFloat(x, 'groupNorm');
  checkInteger(groups, 'groups', 'groupNorm', 1);
  if (x.rank < 2 || x.shape.slice(1).includes(0)) {
    throw new ShapeError(
      `groupNorm: input ${formatShape(x.shape)}, expected [N, C, ...] without empty axes but the first`,
    );
  }
  if (dim(x.shape, 1) % groups !== 0) {
    throw new ShapeError(
      `groupNorm: groups=${groups} does not divide the ${dim(x.shape, 1)} channels of input ${formatShape(x.shape)}`,
    );
  }
  if (x.size === groups) {
    throw new ShapeError(
      `groupNorm: input ${formatShape(x.shape)} has 1 value in each of ${groups} groups, expected more`,
    );
  }
}

/**
 * Group normalisation (Wu and He, "Group normalization", 2018): (x − mean)/√(variance + eps)·weight + bias, with
 * statistics over groups of neighbouring channels, and all positions, of each sample. As many groups as channels
 * make it instance normalisation.
 * @param x [N, C, ...]
 * @param groups number of groups, a divisor of C
 * @param weight [C], 1 when null
 * @param bias [C], 0 when null
 */
export function groupNorm(
  x: Tensor,
  groups: number,
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  options: NormOptions = {},
): Tensor {
  checkOptions('groupNorm', options, NAMES);
  checkGroupNorm(x, groups);
  const channels = dim(x.shape, 1);
  checkNormOperand('groupNorm', x, weight, 'weight', [channels]);
  checkNormOperand('groupNorm', x, bias, 'bias', [channels]);
  const spatial = sizeOf(x.shape.slice(2));
  const attrs = new GroupNormAttrs(checkEps(options.eps ?? 1e-5, 'groupNorm'), {
    batch: dim(x.shape, 0),
    spatial,
    channels,
    groups,
    layout: x.rank === 2 ? 'rowMajor' : 'channelsLast',
    parameterShape: [channels],
  });
  if (x.rank === 2 || x.rank === 4) return normalize(groupNormOp, x, weight, bias, attrs);
  return composite(() => {
    const image = reshape(x, [dim(x.shape, 0), channels, 1, spatial]);
    return reshape(normalize(groupNormOp, image, weight, bias, attrs), x.shape);
  });
}

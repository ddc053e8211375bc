import { packGrouping } from '../../backend/kernels/index.js';
import { kernels } from '../../backend/select.js';
import { ShapeError } from '../../errors.js';
import { type Node, type Op, record } from '../../tape/node.js';
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
import {
  checkEps,
  checkNormOperand,
  type NormGradients,
  normGradients,
  present,
  presentGradients,
} from './normGradient.js';

export interface NormOptions {
  /** Added to the variance. Default: 1e-5. */
  eps?: number;
}

/** x's memory as [batch, spatial, channels], and its groups of channels. */
interface GroupNormAttrs {
  readonly batch: number;
  readonly spatial: number;
  readonly channels: number;
  readonly groups: number;
  readonly eps: number;
  readonly layout: Layout;
  readonly hasWeight: boolean;
  readonly hasBias: boolean;
  /** Of the weight and the bias. */
  readonly parameterShape: Shape;
}

function kernelGradients(g: Tensor, { attrs, ...node }: Saved): NormGradients {
  const { x, weight } = node;
  const [gradient, source] = [inLayout(g, attrs.layout), inLayout(x, attrs.layout)];
  const scale = weight && rowMajor(weight);
  const dx = empty(x.shape, x.dtype, attrs.layout);
  const dweight = empty(attrs.parameterShape, x.dtype);
  const dbias = empty(attrs.parameterShape, x.dtype);
  kernels().groupNormGrad(
    floats(dx),
    floats(dweight),
    floats(dbias),
    floats(gradient),
    floats(source),
    floats(node.mean),
    floats(node.rstd),
    scale && floats(scale),
    packGrouping(attrs),
  );
  releaseTemporary(gradient, g);
  releaseTemporary(source, x);
  if (weight && scale) releaseTemporary(scale, weight);
  return { dx, dweight, dbias };
}

function composedGradients(g: Tensor, { attrs, x, weight }: Saved): NormGradients {
  const { batch, spatial, channels, groups } = attrs;
  const width = channels / groups;
  const shape = [batch, groups, width, spatial];
  const found = normGradients(
    reshape(g, shape),
    reshape(x, shape),
    weight === null ? null : reshape(weight, [groups, width, 1]),
    [2, 3],
    [0, 3],
    attrs.eps,
  );
  return {
    dx: found.dx,
    dweight: reshape(found.dweight, attrs.parameterShape),
    dbias: reshape(found.dbias, attrs.parameterShape),
  };
}

/** What the gradients are computed from. */
interface Saved {
  readonly attrs: GroupNormAttrs;
  readonly x: Tensor;
  readonly mean: Tensor;
  readonly rstd: Tensor;
  readonly weight: Tensor | null;
}

function define(name: string): Op<GroupNormAttrs> {
  return defineOp<GroupNormAttrs>(name, (g: Tensor, node: Node<GroupNormAttrs>) => {
    const { attrs } = node;
    const saved: Saved = {
      attrs,
      x: node.saved(0),
      mean: node.saved(1),
      rstd: node.saved(2),
      weight: attrs.hasWeight ? node.saved(3) : null,
    };
    const gradients = isRecording() ? composedGradients(g, saved) : kernelGradients(g, saved);
    return presentGradients(gradients, saved.x.shape, attrs.hasWeight, attrs.hasBias);
  });
}

const groupNormOp = define('groupNorm');
const layerNormOp = define('layerNorm');

function normalize(
  op: Op<GroupNormAttrs>,
  x: Tensor,
  weight: Tensor | null,
  bias: Tensor | null,
  attrs: GroupNormAttrs,
): Tensor {
  const { batch, groups } = attrs;
  const source = inLayout(x, attrs.layout);
  const [scale, shift] = [weight && rowMajor(weight), bias && rowMajor(bias)];
  const out = empty(x.shape, x.dtype, attrs.layout);
  const [mean, rstd] = [empty([batch, groups], x.dtype), empty([batch, groups], x.dtype)];
  kernels().groupNorm(
    floats(out),
    floats(mean),
    floats(rstd),
    floats(source),
    scale && floats(scale),
    shift && floats(shift),
    packGrouping(attrs),
    attrs.eps,
  );
  record(op, out, present(x, weight, bias), present(x, mean, rstd, weight), attrs);
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
  checkFloat(x, 'layerNorm');
  const shape = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape;
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
  return normalize(layerNormOp, x, weight, bias, {
    batch: sizeOf(x.shape.slice(0, rest)),
    spatial: 1,
    channels: sizeOf(shape),
    groups: 1,
    eps: checkEps(options.eps ?? 1e-5, 'layerNorm'),
    layout: 'rowMajor',
    hasWeight: weight !== null,
    hasBias: bias !== null,
    parameterShape: shape,
  });
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
  checkGroupNorm(x, groups);
  const channels = dim(x.shape, 1);
  checkNormOperand('groupNorm', x, weight, 'weight', [channels]);
  checkNormOperand('groupNorm', x, bias, 'bias', [channels]);
  const attrs: GroupNormAttrs = {
    batch: dim(x.shape, 0),
    spatial: sizeOf(x.shape.slice(2)),
    channels,
    groups,
    eps: checkEps(options.eps ?? 1e-5, 'groupNorm'),
    layout: x.rank === 2 ? 'rowMajor' : 'channelsLast',
    hasWeight: weight !== null,
    hasBias: bias !== null,
    parameterShape: [channels],
  };
  if (x.rank === 2 || x.rank === 4) return normalize(groupNormOp, x, weight, bias, attrs);
  return composite(() => {
    const image = reshape(x, [attrs.batch, channels, 1, attrs.spatial]);
    return reshape(normalize(groupNormOp, image, weight, bias, attrs), x.shape);
  });
}

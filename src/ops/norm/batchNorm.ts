import { kernels } from '../../backend/select.js';
import { ArgumentError, AutogradError, ShapeError } from '../../errors.js';
import { type Node, record, wantsGrad } from '../../tape/node.js';
import { isRecording } from '../../tensor/scope.js';
import { dim, formatShape } from '../../tensor/shape.js';
import {
  empty,
  inLayout,
  type Layout,
  releaseTemporary,
  type Tensor,
} from '../../tensor/tensor.js';
import { add, greater, mul, pow, sub, where } from '../elementwise.js';
import { composite, unrecorded } from '../kit/composite.js';
import { checkFloat, defineOp, floats, floatsForWriting } from '../kit/define.js';
import { checkFraction } from '../kit/options.js';
import { imageShape } from '../kit/window.js';
import { sum } from '../reduce.js';
import { reshape } from '../view.js';
import {
  checkEps,
  checkNormOperand,
  type NormGradients,
  normGradients,
  present,
  presentGradients,
} from './normGradient.js';

export interface BatchNormOptions {
  /** True: by the statistics of the batch, which also move the running ones. False: by the running ones. Default: false. */
  training?: boolean;
  /** Share of the batch in the new running statistics, from 0 to 1. Default: 0.1. */
  momentum?: number;
  /** Added to the variance. Default: 1e-5. */
  eps?: number;
  /** Added to the result, of its shape, without another pass over memory: a block's shortcut. Default: nothing. */
  add?: Tensor | null;
  /** Applies max(0, ·) to it all, without another pass over memory. Default: false. */
  relu?: boolean;
}

/** Where things are among the saved values: x, mean, rstd, then weight and the result with ReLU. */
interface BatchNormAttrs {
  readonly training: boolean;
  readonly eps: number;
  readonly hasWeight: boolean;
  readonly hasBias: boolean;
  readonly hasAdded: boolean;
  readonly hasRelu: boolean;
}

/** Gradients of all operands; dadded is null where nothing was added. */
interface BatchNormGradients extends NormGradients {
  readonly dadded: Tensor | null;
}

/** Channels innermost in memory; [N, C] is so anyway. */
function layoutOf(x: Tensor): Layout {
  return x.rank === 4 ? 'channelsLast' : 'rowMajor';
}

function rowsOf(x: Tensor): number {
  return dim(x.shape, 1) === 0 ? 0 : x.size / dim(x.shape, 1);
}

function savedWeight(node: Node<BatchNormAttrs>): Tensor | null {
  return node.attrs.hasWeight ? node.saved(3) : null;
}

function savedResult(node: Node<BatchNormAttrs>): Tensor | null {
  return node.attrs.hasRelu ? node.saved(node.attrs.hasWeight ? 4 : 3) : null;
}

function kernelGradients(g: Tensor, node: Node<BatchNormAttrs>): BatchNormGradients {
  const x = node.saved(0);
  const [weight, y] = [savedWeight(node), savedResult(node)];
  const layout = layoutOf(x);
  const [gradient, source] = [inLayout(g, layout), inLayout(x, layout)];
  const channels = dim(x.shape, 1);
  const dx = empty(x.shape, x.dtype, layout);
  const [dweight, dbias] = [empty([channels], x.dtype), empty([channels], x.dtype)];
  // Without ReLU all of the gradient goes to what was added.
  const masked = node.attrs.hasAdded && y !== null ? empty(x.shape, x.dtype, layout) : null;
  kernels().batchNormGrad(
    floats(dx),
    floats(dweight),
    floats(dbias),
    masked && floats(masked),
    floats(gradient),
    floats(source),
    y && floats(y),
    floats(node.saved(1)),
    floats(node.saved(2)),
    weight && floats(weight),
    rowsOf(x),
    channels,
    node.attrs.training ? 1 : 0,
  );
  releaseTemporary(gradient, g);
  releaseTemporary(source, x);
  return { dx, dweight, dbias, dadded: node.attrs.hasAdded ? (masked ?? g) : null };
}

function composedGradients(g: Tensor, node: Node<BatchNormAttrs>): BatchNormGradients {
  const x = node.saved(0);
  const [weight, y] = [savedWeight(node), savedResult(node)];
  const axes = x.rank === 4 ? [0, 2, 3] : [0];
  const perChannel = (values: Tensor): Tensor =>
    reshape(values, [dim(x.shape, 1), ...axes.slice(1).map(() => 1)]);
  const own = y === null ? g : where(greater(y, 0), g, 0);
  const scale = weight === null ? null : perChannel(weight);
  const dadded = node.attrs.hasAdded ? own : null;
  if (node.attrs.training) {
    return { ...normGradients(own, x, scale, axes, axes, node.attrs.eps), dadded };
  }
  const rstd = perChannel(node.saved(2));
  const normalized = mul(sub(x, perChannel(node.saved(1))), rstd);
  return {
    dx: mul(own, scale === null ? rstd : mul(scale, rstd)),
    dweight: sum(mul(own, normalized), axes),
    dbias: sum(own, axes),
    dadded,
  };
}

const batchNormOp = defineOp<BatchNormAttrs>('batchNorm', (g, node) => {
  const gradients = isRecording() ? composedGradients(g, node) : kernelGradients(g, node);
  const { hasWeight, hasBias } = node.attrs;
  const own = presentGradients(gradients, node.saved(0).shape, hasWeight, hasBias);
  return gradients.dadded === null ? own : [...own, gradients.dadded];
});

/** What the checks have made of the operands and options. */
interface Plan {
  readonly weight: Tensor | null;
  readonly bias: Tensor | null;
  readonly added: Tensor | null;
  readonly training: boolean;
  readonly momentum: number;
  readonly eps: number;
  readonly relu: 0 | 1;
}

/** By the statistics of the batch. */
function train(
  out: Tensor,
  x: Tensor,
  running: readonly [Tensor, Tensor] | null,
  { weight, bias, added, momentum, eps, relu }: Plan,
): readonly [mean: Tensor, rstd: Tensor] {
  const channels = dim(x.shape, 1);
  const make = (): Tensor => empty([channels], x.dtype);
  const statistics = [make(), make()] as const;
  // Without running statistics they are written and forgotten.
  const [mean, variance] = running ?? [make(), make()];
  // First, so that nothing counts as changed if one of these was disposed of.
  const read = [
    floats(x),
    weight && floats(weight),
    bias && floats(bias),
    added && floats(added),
  ] as const;
  kernels().batchNorm(
    floats(out),
    floats(statistics[0]),
    floats(statistics[1]),
    floatsForWriting(mean),
    floatsForWriting(variance),
    ...read,
    rowsOf(x),
    channels,
    running === null ? 1 : momentum,
    eps,
    relu,
  );
  if (running === null) for (const unused of [mean, variance]) unused.dispose();
  return statistics;
}

/** By the running statistics. */
function evaluate(
  out: Tensor,
  x: Tensor,
  [mean, variance]: readonly [Tensor, Tensor],
  { weight, bias, added, eps, relu }: Plan,
): void {
  kernels().batchNormInference(
    floats(out),
    floats(x),
    floats(mean),
    floats(variance),
    weight && floats(weight),
    bias && floats(bias),
    added && floats(added),
    rowsOf(x),
    dim(x.shape, 1),
    eps,
    relu,
  );
}

function normalize(x: Tensor, running: readonly [Tensor, Tensor] | null, operands: Plan): Tensor {
  const { weight, bias, added } = operands;
  const layout = layoutOf(x);
  const source = inLayout(x, layout);
  const plan = { ...operands, added: added && inLayout(added, layout) };
  const out = empty(x.shape, x.dtype, layout);
  const inputs = present(x, weight, bias, added);
  const attrs: BatchNormAttrs = {
    training: plan.training,
    eps: plan.eps,
    hasWeight: weight !== null,
    hasBias: bias !== null,
    hasAdded: added !== null,
    hasRelu: plan.relu === 1,
  };
  const saving = (mean: Tensor, rstd: Tensor): Tensor[] =>
    present(x, mean, rstd, weight, attrs.hasRelu ? out : null);
  if (plan.training || running === null) {
    const [mean, rstd] = train(out, source, running, plan);
    record(batchNormOp, out, inputs, saving(mean, rstd), attrs);
    mean.dispose();
    rstd.dispose();
  } else {
    evaluate(out, source, running, plan);
    if (wantsGrad(inputs)) {
      const rstd = unrecorded(() => pow(add(running[1], plan.eps), -0.5));
      record(batchNormOp, out, inputs, saving(running[0], rstd), attrs);
      rstd.dispose();
    }
  }
  releaseTemporary(source, x);
  if (added !== null && plan.added !== null) releaseTemporary(plan.added, added);
  return out;
}

function checkBatchNorm(
  x: Tensor,
  running: readonly [Tensor, Tensor] | null,
  { weight, bias, added, training }: Pick<Plan, 'weight' | 'bias' | 'added' | 'training'>,
): void {
  checkFloat(x, 'batchNorm');
  if (x.rank < 2 || x.rank > 4 || dim(x.shape, 1) === 0) {
    throw new ShapeError(
      `batchNorm: input ${formatShape(x.shape)}, expected [N, C], [N, C, L] or [N, C, H, W] with C ≥ 1`,
    );
  }
  const shape = [dim(x.shape, 1)];
  checkNormOperand('batchNorm', x, running?.[0] ?? null, 'runningMean', shape);
  checkNormOperand('batchNorm', x, running?.[1] ?? null, 'runningVar', shape);
  checkNormOperand('batchNorm', x, weight, 'weight', shape);
  checkNormOperand('batchNorm', x, bias, 'bias', shape);
  checkNormOperand('batchNorm', x, added, 'add', x.shape);
  if (running?.some((statistic) => statistic.requiresGrad)) {
    throw new AutogradError('batchNorm: running statistics have no gradient; detach() them');
  }
  if (!training && running === null) {
    throw new ArgumentError(
      'batchNorm: runningMean and runningVar are null, expected tensors unless training',
    );
  }
  if (training && rowsOf(x) === 1) {
    throw new ShapeError(
      `batchNorm: input ${formatShape(x.shape)} has 1 value per channel, expected more than 1 when training`,
    );
  }
}

/** What no values become: no statistics, and gradients of zero. */
function ofNothing(x: Tensor, { weight, bias, added }: Plan): Tensor {
  return composite(() => {
    const shape = [dim(x.shape, 1), ...x.shape.slice(2).map(() => 1)];
    const scaled = weight === null ? mul(x, 1) : mul(x, reshape(weight, shape));
    const shifted = bias === null ? scaled : add(scaled, reshape(bias, shape));
    return added === null ? shifted : add(shifted, added);
  });
}

/**
 * Batch normalisation (Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing
 * internal covariate shift", 2015): (x − mean)/√(variance + eps)·weight + bias, channel by channel. An empty batch
 * stays empty and leaves the running statistics as they are.
 * @param x [N, C], [N, C, L] or [N, C, H, W]
 * @param runningMean [C], changed in place when training; null (both) keeps none
 * @param runningVar [C], unbiased variance; as runningMean
 * @param weight [C], 1 when null
 * @param bias [C], 0 when null
 */
export function batchNorm(
  x: Tensor,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  weight: Tensor | null = null,
  bias: Tensor | null = null,
  options: BatchNormOptions = {},
): Tensor {
  const { training = false, momentum = 0.1, eps = 1e-5, add: added = null, relu = false } = options;
  if ((runningMean === null) !== (runningVar === null)) {
    throw new ArgumentError(
      'batchNorm: runningMean and runningVar must both be tensors, or both null',
    );
  }
  const running = runningMean && runningVar ? ([runningMean, runningVar] as const) : null;
  checkBatchNorm(x, running, { weight, bias, added, training });
  const plan: Plan = {
    weight,
    bias,
    added,
    training,
    momentum: checkFraction(momentum, 'momentum', 'batchNorm'),
    eps: checkEps(eps, 'batchNorm'),
    relu: relu ? 1 : 0,
  };
  if (x.size === 0 && training) return ofNothing(x, plan);
  if (x.rank !== 3) return normalize(x, running, plan);
  return composite(() => {
    const asImage = (t: Tensor): Tensor => reshape(t, imageShape(t.shape));
    const image = { ...plan, added: added && asImage(added) };
    return reshape(normalize(asImage(x), running, image), x.shape);
  });
}

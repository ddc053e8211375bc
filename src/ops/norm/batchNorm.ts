import { kernels } from '../../backend/select.js';
import { ArgumentError, AutogradError, ShapeError } from '../../errors.js';
import { checkOptions, type OptionNames } from '../../options.js';
import type { Gradients, Node, Saves } from '../../tape/node.js';
import { record } from '../../tape/record.js';
import { isRecording } from '../../tensor/scope.js';
import { dim, formatShape } from '../../tensor/shape.js';
import {
  empty,
  inLayout,
  type Layout,
  releaseTemporary,
  type Tensor,
} from '../../tensor/tensor.js';
import { add, lessEqual, mul, pow, sub, where } from '../elementwise.js';
import { onImages, toImages } from '../images.js';
import { composite } from '../kit/composite.js';
import { checkFloat, defineOp, floats, floatsForWriting } from '../kit/define.js';
import { checkFraction } from '../kit/options.js';
import { sum } from '../reduce.js';
import { reshape } from '../view.js';
import { checkEps, checkNormOperand, type NormGradients, normGradients } from './normGradient.js';

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

const NAMES: OptionNames<BatchNormOptions> = {
  training: true,
  momentum: true,
  eps: true,
  add: true,
  relu: true,
};

/** The options of a batch normalisation. */
interface BatchNormAttrs {
  readonly training: boolean;
  readonly momentum: number;
  readonly eps: number;
  readonly relu: boolean;
}

/** What the gradient by the statistics of the batch reads. */
interface TrainingSaves extends Saves {
  readonly x: Tensor;
  readonly mean: Tensor;
  readonly rstd: Tensor;
  readonly weight: Tensor | null;
  /** The result, which says what ReLU let through; null without ReLU. */
  readonly y: Tensor | null;
}

/** What the gradient by the running statistics reads. */
interface EvaluationSaves extends Saves {
  readonly x: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
  readonly weight: Tensor | null;
  readonly y: Tensor | null;
}

type BatchNormNode = Pick<Node<TrainingSaves, BatchNormAttrs>, 'attrs' | 'needs'>;

/** Gradients of all operands. */
interface BatchNormGradients extends NormGradients {
  readonly dadded: Tensor;
}

/** Channels innermost in memory; [N, C] is so anyway. */
function layoutOf(x: Tensor): Layout {
  return x.rank === 4 ? 'channelsLast' : 'rowMajor';
}

function rowsOf(x: Tensor): number {
  return dim(x.shape, 1) === 0 ? 0 : x.size / dim(x.shape, 1);
}

/** Whether what was added wants a gradient; see {@link inputsOf}. */
function needsAdded({ needs }: BatchNormNode): boolean {
  return needs(5);
}

function kernelGradients(
  g: Tensor,
  { x, mean, rstd, weight, y }: TrainingSaves,
  node: BatchNormNode,
): BatchNormGradients {
  const layout = layoutOf(x);
  const [gradient, source] = [inLayout(g, layout), inLayout(x, layout)];
  const channels = dim(x.shape, 1);
  const dx = empty(x.shape, x.dtype, layout);
  const [dweight, dbias] = [empty([channels], x.dtype), empty([channels], x.dtype)];
  // Without ReLU all of the gradient goes to what was added.
  const masked = needsAdded(node) && y !== null ? empty(x.shape, x.dtype, layout) : null;
  kernels().batchNormGrad(
    floats(dx),
    floats(dweight),
    floats(dbias),
    masked && floats(masked),
    floats(gradient),
    floats(source),
    y && floats(y),
    floats(mean),
    floats(rstd),
    weight && floats(weight),
    rowsOf(x),
    channels,
    node.attrs.training ? 1 : 0,
  );
  releaseTemporary(gradient, g);
  releaseTemporary(source, x);
  return { dx, dweight, dbias, dadded: masked ?? g };
}

function composedGradients(
  g: Tensor,
  { x, mean, rstd, weight, y }: TrainingSaves,
  { attrs }: BatchNormNode,
): BatchNormGradients {
  const axes = x.rank === 4 ? [0, 2, 3] : [0];
  const perChannel = (values: Tensor): Tensor =>
    reshape(values, [dim(x.shape, 1), ...axes.slice(1).map(() => 1)]);
  const own = y === null ? g : where(lessEqual(y, 0), 0, g);
  const scale = weight === null ? null : perChannel(weight);
  if (attrs.training) {
    return { ...normGradients(own, x, scale, axes, axes, attrs.eps), dadded: own };
  }
  const deviation = perChannel(rstd);
  const normalized = mul(sub(x, perChannel(mean)), deviation);
  return {
    dx: mul(own, scale === null ? deviation : mul(scale, deviation)),
    dweight: sum(mul(own, normalized), axes),
    dbias: sum(own, axes),
    dadded: own,
  };
}

function gradients(g: Tensor, saved: TrainingSaves, node: BatchNormNode): Gradients {
  const found = isRecording() ? composedGradients(g, saved, node) : kernelGradients(g, saved, node);
  return [found.dx, null, null, found.dweight, found.dbias, found.dadded];
}

const trainingOp = defineOp<TrainingSaves, BatchNormAttrs>('batchNorm', (g, node) =>
  gradients(g, node.saved, node),
);
const evaluationOp = defineOp<EvaluationSaves, BatchNormAttrs>('batchNorm', (g, node) => {
  const { x, mean, variance, weight, y } = node.saved;
  const rstd = pow(add(variance, node.attrs.eps), -0.5);
  return gradients(g, { x, mean, rstd, weight, y }, node);
});

/** The operands in the order of the gradients. */
function inputsOf(
  x: Tensor,
  running: readonly [Tensor, Tensor] | null,
  { weight, bias, added }: Plan,
): (Tensor | null)[] {
  return [x, running?.[0] ?? null, running?.[1] ?? null, weight, bias, added];
}

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
  const { weight, added } = operands;
  const layout = layoutOf(x);
  const source = inLayout(x, layout);
  const plan = { ...operands, added: added && inLayout(added, layout) };
  const out = empty(x.shape, x.dtype, layout);
  const inputs = inputsOf(x, running, operands);
  const { training, momentum, eps, relu } = plan;
  const attrs: BatchNormAttrs = { training, momentum, eps, relu: relu === 1 };
  const y = attrs.relu ? out : null;
  if (training || running === null) {
    const [mean, rstd] = train(out, source, running, plan);
    record(trainingOp, out, inputs, { x, mean, rstd, weight, y }, attrs);
    mean.dispose();
    rstd.dispose();
  } else {
    evaluate(out, source, running, plan);
    const [mean, variance] = running;
    record(evaluationOp, out, inputs, { x, mean, variance, weight, y }, attrs);
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
  checkOptions('batchNorm', options, NAMES);
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
  return onImages(x, 1, (images) =>
    normalize(images, running, { ...plan, added: added && toImages(added, 1) }),
  );
}

import { ReduceOp, UnaryOp } from '../backend/kernels/index.js';
import { kernels } from '../backend/select.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { checkOptions, type OptionNames } from '../options.js';
import { record } from '../tape/record.js';
import { isFloat } from '../tensor/dtype.js';
import { isRecording } from '../tensor/scope.js';
import { broadcastsTo, dim, formatShape, type Shape, sameShape } from '../tensor/shape.js';
import { empty, inLayout, releaseTemporary, type Tensor } from '../tensor/tensor.js';
import { sigmoid, softplus } from './activation.js';
import { clamp } from './clamp.js';
import {
  abs,
  add,
  cast,
  div,
  exp,
  log,
  mul,
  neg,
  notEqual,
  square,
  sub,
  where,
} from './elementwise.js';
import { composite, unrecorded } from './kit/composite.js';
import {
  checkFloat,
  checkSameDType,
  checkTensor,
  constant,
  defineOp,
  floats,
} from './kit/define.js';
import {
  checkChoice,
  checkReduction,
  LOSS,
  type LossOptions,
  type Reduction,
} from './kit/options.js';
import { materialized } from './kit/strided.js';
import { mean, norm, sum } from './reduce.js';

export type { LossOptions, Reduction };

function reduced(losses: Tensor, reduction: Reduction): Tensor {
  if (reduction === 'none') return losses;
  return reduction === 'sum' ? weighing('sum', sum(losses)) : mean(losses);
}

/** A loss that knows what it was divided by; see {@link Tensor.batchWeight}. */
function weighing(weight: number | 'sum', loss: Tensor): Tensor {
  loss.batchWeight = weight;
  return loss;
}

/** The target in the input's dtype, once both are known to fit. */
function checkedTarget(x: Tensor, target: Tensor, op: string): Tensor {
  checkFloat(x, op);
  checkTensor(target, op, 'target');
  if (!sameShape(x.shape, target.shape)) {
    throw new ShapeError(
      `${op}: input ${formatShape(x.shape)} and target ${formatShape(target.shape)} differ, expected one shape`,
    );
  }
  if (!isFloat(target.dtype)) return cast(target, x.dtype);
  checkSameDType(op, x, target);
  return target;
}

// --- regression -----------------------------------------------------------------------------------------------

/** Attributes of what is recorded before it is reduced. */
const EACH: Required<LossOptions> = Object.freeze({ reduction: 'none' });

type Operands = { readonly x: Tensor; readonly target: Tensor };

const squaredErrorOp = defineOp<Operands & { d: Tensor }, Required<LossOptions>>(
  'mseLoss',
  (g, { saved, attrs, needs }) => {
    // A gradient that is recorded is one of x and the target, too.
    const d = isRecording() ? sub(saved.x, saved.target) : saved.d;
    const gradient = mul(d, mul(g, 2 * scaleOf(attrs.reduction, d)));
    return [gradient, needs(1) ? neg(gradient) : null];
  },
);

function scaleOf(reduction: Reduction, { size }: Tensor): number {
  return reduction === 'mean' ? 1 / size : 1;
}

/** Mean or sum of (x − target)², in one node: small models feel every op. */
function squaredError(x: Tensor, target: Tensor, reduction: Reduction): Tensor {
  const d = unrecorded(() => sub(x, target));
  const out = empty([], d.dtype);
  kernels().reduce(floats(out), floats(d), 1, d.size, 1, ReduceOp.sumSquares);
  const scale = scaleOf(reduction, d);
  if (scale !== 1) kernels().unary(floats(out), floats(out), 1, UnaryOp.affine, scale, 0);
  record(squaredErrorOp, out, [x, target], { x, target, d }, { reduction });
  return weighing(reduction === 'sum' ? 'sum' : d.size, out);
}

/** Mean squared error, (x − target)². */
export function mseLoss(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkOptions('mseLoss', options, LOSS);
  const reduction = checkReduction(options.reduction, 'mseLoss');
  return composite(() => {
    const wanted = checkedTarget(x, target, 'mseLoss');
    if (reduction === 'none') return square(sub(x, wanted));
    return squaredError(x, wanted, reduction);
  });
}

function absoluteError(d: Tensor, reduction: Reduction): Tensor {
  if (reduction === 'none') return abs(d);
  const total = norm(d, undefined, { p: 1 });
  return reduction === 'sum' ? weighing('sum', total) : weighing(d.size, mul(total, 1 / d.size));
}

/** Mean absolute error, |x − target|. */
export function l1Loss(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkOptions('l1Loss', options, LOSS);
  const reduction = checkReduction(options.reduction, 'l1Loss');
  return composite(() => absoluteError(sub(x, checkedTarget(x, target, 'l1Loss')), reduction));
}

/** ½d² where |d| ≤ delta, else delta·(|d| − ½delta): with c = d cut to ±delta both are c·(d − ½c). */
function huber(d: Tensor, delta: number): Tensor {
  const c = clamp(d, { low: -delta, high: delta });
  return mul(c, sub(d, mul(c, 0.5)));
}

export interface HuberLossOptions extends LossOptions {
  /** Where the square becomes a line. Default: 1. */
  delta?: number;
}

const HUBER: OptionNames<HuberLossOptions> = { ...LOSS, delta: true };

/** Half the squared error up to `delta`, and from there on a line of the same slope (Huber 1964). */
export function huberLoss(x: Tensor, target: Tensor, options: HuberLossOptions = {}): Tensor {
  checkOptions('huberLoss', options, HUBER);
  const { delta = 1 } = options;
  if (!(delta > 0)) throw new ArgumentError(`huberLoss: delta is ${delta}, expected a number > 0`);
  const reduction = checkReduction(options.reduction, 'huberLoss');
  return composite(() =>
    reduced(huber(sub(x, checkedTarget(x, target, 'huberLoss')), delta), reduction),
  );
}

export interface SmoothL1LossOptions extends LossOptions {
  /** Where the square becomes a line; 0 gives {@link l1Loss}. Default: 1. */
  beta?: number;
}

const SMOOTH_L1: OptionNames<SmoothL1LossOptions> = { ...LOSS, beta: true };

/** ½d²/beta up to |d| = beta, and |d| − ½beta from there on (Girshick 2015): Huber's loss over beta. */
export function smoothL1Loss(x: Tensor, target: Tensor, options: SmoothL1LossOptions = {}): Tensor {
  checkOptions('smoothL1Loss', options, SMOOTH_L1);
  const { beta = 1 } = options;
  if (!(beta >= 0)) throw new ArgumentError(`smoothL1Loss: beta is ${beta}, expected a number ≥ 0`);
  const reduction = checkReduction(options.reduction, 'smoothL1Loss');
  return composite(() => {
    const d = sub(x, checkedTarget(x, target, 'smoothL1Loss'));
    if (beta === 0) return absoluteError(d, reduction);
    return reduced(mul(huber(d, beta), 1 / beta), reduction);
  });
}

// --- binary classification --------------------------------------------------------------------------------------

/** Floor of logarithms, so that a probability of 0 costs much, and not infinitely much. */
const LOG_FLOOR = -100;

function flooredLog(p: Tensor): Tensor {
  return clamp(log(p), { low: LOG_FLOOR });
}

const bceOp = defineOp<Operands, Required<LossOptions>>('bceLoss', (g, { saved, needs }) => {
  const { x: p, target: t } = saved;
  const slope = (): Tensor => div(sub(p, t), clamp(mul(p, sub(1, p)), { low: 1e-12 }));
  return [
    needs(0) ? mul(g, slope()) : null,
    needs(1) ? mul(g, sub(flooredLog(sub(1, p)), flooredLog(p))) : null,
  ];
});

function checkWeight(weight: Tensor | undefined, x: Tensor, name: string, op: string): void {
  if (weight === undefined) return;
  checkFloat(weight, op, name);
  checkSameDType(op, x, weight);
  if (!broadcastsTo(weight.shape, x.shape)) {
    throw new ShapeError(
      `${op}: ${name} ${formatShape(weight.shape)} does not broadcast to input ${formatShape(x.shape)}`,
    );
  }
}

export interface BceLossOptions extends LossOptions {
  /** Factors of the losses; broadcasts to the input. */
  weight?: Tensor;
}

const BCE: OptionNames<BceLossOptions> = { ...LOSS, weight: true };

/**
 * Binary cross-entropy, −t·log p − (1 − t)·log(1 − p), logarithms cut at −100. Use {@link bceWithLogitsLoss}
 * where you have logits: it is exact everywhere.
 * @param x probabilities, from 0 to 1; NaN comes of others
 * @param target probabilities, of the same shape
 */
export function bceLoss(x: Tensor, target: Tensor, options: BceLossOptions = {}): Tensor {
  checkOptions('bceLoss', options, BCE);
  const { weight } = options;
  const reduction = checkReduction(options.reduction, 'bceLoss');
  return composite(() => {
    const t = checkedTarget(x, target, 'bceLoss');
    checkWeight(weight, x, 'weight', 'bceLoss');
    const out = unrecorded(() =>
      neg(add(mul(t, flooredLog(x)), mul(sub(1, t), flooredLog(sub(1, x))))),
    );
    const losses = record(bceOp, out, [x, t], { x, target: t }, EACH);
    return reduced(weight ? mul(losses, weight) : losses, reduction);
  });
}

type LogitsOperands = Operands & { readonly posWeight: Tensor | null };

const bceWithLogitsOp = defineOp<LogitsOperands, Required<LossOptions>>(
  'bceWithLogitsLoss',
  (g, { saved, needs }) => {
    const { x, target, posWeight } = saved;
    return [
      needs(0) ? logitsGrad(g, x, target, posWeight) : null,
      needs(1) ? mul(g, logitsTargetSlope(x, posWeight)) : null,
      null,
    ];
  },
);

/** ∂loss/∂x = 1 − t − (1 + (w − 1)·t)·sigmoid(−x). */
function logitsGrad(g: Tensor, x: Tensor, t: Tensor, weight: Tensor | null): Tensor {
  if (!isRecording()) return logitsGradKernel(g, x, t, weight);
  const positive = weight ? add(mul(sub(weight, 1), t), 1) : 1;
  return mul(g, sub(sub(1, t), mul(sigmoid(neg(x)), positive)));
}

/** ∂loss/∂t = (w − 1)·log(1 + e⁻ˣ) − x. */
function logitsTargetSlope(x: Tensor, weight: Tensor | null): Tensor {
  return weight ? sub(mul(sub(weight, 1), softplus(neg(x))), x) : neg(x);
}

function logitsGradKernel(g: Tensor, x: Tensor, t: Tensor, weight: Tensor | null): Tensor {
  const gradient = inLayout(g, x.layout);
  const targets = inLayout(t, x.layout);
  const out = empty(x.shape, x.dtype, x.layout);
  const { array, inner, release } = posWeightOperand(weight, x);
  kernels().bceWithLogitsGrad(
    floats(out),
    floats(gradient),
    floats(x),
    floats(targets),
    array,
    x.size,
    inner,
  );
  releaseTemporary(gradient, g);
  releaseTemporary(targets, t);
  release();
  return out;
}

/** posWeight as kernels take it: repeated every `inner` elements of x's memory, or spread out to x's shape. */
function posWeightOperand(
  weight: Tensor | null,
  x: Tensor,
): { array: ReturnType<typeof floats> | null; inner: number; release: () => void } {
  if (weight === null) return { array: null, inner: 1, release: () => {} };
  const repeats =
    weight.size === 1 || (x.layout === 'rowMajor' && isTrailing(weight.shape, x.shape));
  const operand = repeats ? weight : materialized(weight, x.shape, x.layout);
  return {
    array: floats(operand),
    inner: Math.max(1, operand.size),
    release: () => releaseTemporary(operand, weight),
  };
}

/** True if a shape is the last axes of another. */
function isTrailing(shape: Shape, of: Shape): boolean {
  const first = shape.findIndex((size) => size !== 1);
  const own = first < 0 ? [] : shape.slice(first);
  return sameShape(own, of.slice(of.length - own.length));
}

export interface BceWithLogitsLossOptions extends BceLossOptions {
  /** Weight of positive answers against negative ones, such as [classes]; broadcasts to the input. */
  posWeight?: Tensor;
}

const BCE_WITH_LOGITS: OptionNames<BceWithLogitsLossOptions> = { ...BCE, posWeight: true };

/**
 * Binary cross-entropy of logits, stable: (1 − t)·x + (1 + (posWeight − 1)·t)·log(1 + e⁻ˣ).
 * @param x logits, of any shape
 * @param target probabilities, of the same shape
 */
export function bceWithLogitsLoss(
  x: Tensor,
  target: Tensor,
  options: BceWithLogitsLossOptions = {},
): Tensor {
  const op = 'bceWithLogitsLoss';
  checkOptions(op, options, BCE_WITH_LOGITS);
  const { weight } = options;
  const reduction = checkReduction(options.reduction, op);
  return composite(() => {
    const given = checkedTarget(x, target, op);
    checkWeight(weight, x, 'weight', op);
    checkWeight(options.posWeight, x, 'posWeight', op);
    const posWeight = options.posWeight ? constant(options.posWeight, op, 'posWeight') : null;
    const t = inLayout(given, x.layout);
    const { array, inner } = posWeightOperand(posWeight, x);
    const out = empty(x.shape, x.dtype, x.layout);
    kernels().bceWithLogits(floats(out), floats(x), floats(t), array, x.size, inner);
    const saves = { x, target: given, posWeight };
    record(bceWithLogitsOp, out, [x, given, posWeight], saves, EACH);
    return reduced(weight ? mul(out, weight) : out, reduction);
  });
}

// --- distributions ----------------------------------------------------------------------------------------------

export interface KlDivLossOptions {
  /** 'batchmean' divides the sum by the size of axis 0, which is the divergence proper. Default: 'mean'. */
  reduction?: Reduction | 'batchmean';
  /** True if the target holds logarithms of probabilities. Default: false. */
  logTarget?: boolean;
}

const KL_DIV: OptionNames<KlDivLossOptions> = { reduction: true, logTarget: true };

/** t·(log t − x), and 0 where t is 0. */
function divergence(x: Tensor, t: Tensor): Tensor {
  const present = notEqual(t, 0);
  return where(present, mul(t, sub(log(where(present, t, 1)), x)), 0);
}

/**
 * Kullback-Leibler divergence of the target from the input, target·(log target − input).
 * @param x logarithms of probabilities
 * @param target probabilities, or their logarithms with `logTarget`
 */
export function klDivLoss(x: Tensor, target: Tensor, options: KlDivLossOptions = {}): Tensor {
  checkOptions('klDivLoss', options, KL_DIV);
  const { reduction = 'mean', logTarget = false } = options;
  checkChoice(reduction, ['mean', 'sum', 'none', 'batchmean'], 'reduction', 'klDivLoss');
  return composite(() => {
    const t = checkedTarget(x, target, 'klDivLoss');
    const losses = logTarget ? mul(exp(t), sub(t, x)) : divergence(x, t);
    if (reduction !== 'batchmean') return reduced(losses, reduction);
    if (x.rank === 0)
      throw new ShapeError("klDivLoss: reduction 'batchmean' of a scalar, expected [N, ...]");
    return weighing(dim(x.shape, 0), mul(sum(losses), 1 / dim(x.shape, 0)));
  });
}

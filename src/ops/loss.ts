import { ReduceOp, UnaryOp } from '../backend/kernels/index.js';
import { kernels } from '../backend/select.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { record } from '../tape/record.js';
import { isFloat } from '../tensor/dtype.js';
import { isRecording } from '../tensor/scope.js';
import { broadcastsTo, dim, formatShape, type Shape, sameShape } from '../tensor/shape.js';
import { empty, inLayout, releaseTemporary, type Tensor } from '../tensor/tensor.js';
import { clamp, sigmoid, softplus } from './activation.js';
import { abs, add, div, exp, log, mul, neg, notEqual, square, sub, where } from './elementwise.js';
import { composite, unrecorded } from './kit/composite.js';
import {
  checkFloat,
  checkSameDType,
  checkTensor,
  converted,
  defineOp,
  floats,
} from './kit/define.js';
import { checkChoice, checkReduction, type LossOptions, type Reduction } from './kit/options.js';
import { materialized } from './kit/strided.js';
import { mean, norm, sum } from './reduce.js';

export type { LossOptions, Reduction };

function reduced(losses: Tensor, reduction: Reduction): Tensor {
  if (reduction === 'none') return losses;
  return reduction === 'sum' ? sum(losses) : mean(losses);
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
  if (!isFloat(target.dtype)) return converted(target, x.dtype);
  checkSameDType(op, x, target);
  return target;
}

// --- regression -----------------------------------------------------------------------------------------------

const squaredErrorOp = defineOp<number>('mseLoss', (g, node) => [
  mul(node.saved(0), mul(g, 2 * node.attrs)),
]);

/** scale · Σ d², in one node: small models feel every op. */
function squaredError(d: Tensor, scale: number): Tensor {
  const out = empty([], d.dtype);
  kernels().reduce(floats(out), floats(d), 1, d.size, 1, ReduceOp.sumSquares);
  if (scale !== 1) kernels().unary(floats(out), floats(out), 1, UnaryOp.affine, scale, 0);
  return record(squaredErrorOp, out, [d], [d], scale);
}

/** Mean squared error, (x − target)². */
export function mseLoss(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const reduction = checkReduction(options.reduction, 'mseLoss');
  return composite(() => {
    const d = sub(x, checkedTarget(x, target, 'mseLoss'));
    if (reduction === 'none') return square(d);
    return squaredError(d, reduction === 'mean' ? 1 / d.size : 1);
  });
}

function absoluteError(d: Tensor, reduction: Reduction): Tensor {
  if (reduction === 'none') return abs(d);
  const total = norm(d, 1);
  return reduction === 'sum' ? total : mul(total, 1 / d.size);
}

/** Mean absolute error, |x − target|. */
export function l1Loss(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const reduction = checkReduction(options.reduction, 'l1Loss');
  return composite(() => absoluteError(sub(x, checkedTarget(x, target, 'l1Loss')), reduction));
}

/** ½d² where |d| ≤ delta, else delta·(|d| − ½delta): with c = d cut to ±delta both are c·(d − ½c). */
function huber(d: Tensor, delta: number): Tensor {
  const c = clamp(d, -delta, delta);
  return mul(c, sub(d, mul(c, 0.5)));
}

export interface HuberLossOptions extends LossOptions {
  /** Where the square becomes a line. Default: 1. */
  delta?: number;
}

/** Half the squared error up to `delta`, and from there on a line of the same slope (Huber 1964). */
export function huberLoss(x: Tensor, target: Tensor, options: HuberLossOptions = {}): Tensor {
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

/** ½d²/beta up to |d| = beta, and |d| − ½beta from there on (Girshick 2015): Huber's loss over beta. */
export function smoothL1Loss(x: Tensor, target: Tensor, options: SmoothL1LossOptions = {}): Tensor {
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
  return clamp(log(p), LOG_FLOOR);
}

const bceOp = defineOp('bceLoss', (g, node) => {
  const [p, t] = [node.saved(0), node.saved(1)];
  const slope = (): Tensor => div(sub(p, t), clamp(mul(p, sub(1, p)), 1e-12));
  return [
    node.needs(0) ? mul(g, slope()) : null,
    node.needs(1) ? mul(g, sub(flooredLog(sub(1, p)), flooredLog(p))) : null,
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

/**
 * Binary cross-entropy, −t·log p − (1 − t)·log(1 − p), logarithms cut at −100. Use {@link bceWithLogitsLoss}
 * where you have logits: it is exact everywhere.
 * @param x probabilities, from 0 to 1; NaN comes of others
 * @param target probabilities, of the same shape
 */
export function bceLoss(x: Tensor, target: Tensor, options: BceLossOptions = {}): Tensor {
  const { weight } = options;
  const reduction = checkReduction(options.reduction, 'bceLoss');
  return composite(() => {
    const t = checkedTarget(x, target, 'bceLoss');
    checkWeight(weight, x, 'weight', 'bceLoss');
    const out = unrecorded(() =>
      neg(add(mul(t, flooredLog(x)), mul(sub(1, t), flooredLog(sub(1, x))))),
    );
    const losses = record(bceOp, out, [x, t], [x, t], undefined);
    return reduced(weight ? mul(losses, weight) : losses, reduction);
  });
}

interface LogitsAttrs {
  /** Whether posWeight is the third saved tensor. */
  readonly isWeighted: boolean;
}

const bceWithLogitsOp = defineOp<LogitsAttrs>('bceWithLogitsLoss', (g, node) => {
  const [x, t] = [node.saved(0), node.saved(1)];
  const weight = node.attrs.isWeighted ? node.saved(2) : null;
  return [
    node.needs(0) ? logitsGrad(g, x, t, weight) : null,
    node.needs(1) ? mul(g, logitsTargetSlope(x, weight)) : null,
  ];
});

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
  const { weight, posWeight } = options;
  const op = 'bceWithLogitsLoss';
  const reduction = checkReduction(options.reduction, op);
  return composite(() => {
    const given = checkedTarget(x, target, op);
    checkWeight(weight, x, 'weight', op);
    checkWeight(posWeight, x, 'posWeight', op);
    const t = inLayout(given, x.layout);
    const { array, inner } = posWeightOperand(posWeight ?? null, x);
    const out = empty(x.shape, x.dtype, x.layout);
    kernels().bceWithLogits(floats(out), floats(x), floats(t), array, x.size, inner);
    const saved = posWeight ? [x, given, posWeight] : [x, given];
    record(bceWithLogitsOp, out, [x, given], saved, { isWeighted: posWeight !== undefined });
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
  const { reduction = 'mean', logTarget = false } = options;
  checkChoice(reduction, ['mean', 'sum', 'none', 'batchmean'], 'reduction', 'klDivLoss');
  return composite(() => {
    const t = checkedTarget(x, target, 'klDivLoss');
    const losses = logTarget ? mul(exp(t), sub(t, x)) : divergence(x, t);
    if (reduction !== 'batchmean') return reduced(losses, reduction);
    if (x.rank === 0)
      throw new ShapeError("klDivLoss: reduction 'batchmean' of a scalar, expected [N, ...]");
    return mul(sum(losses), 1 / dim(x.shape, 0));
  });
}

import { kernels } from '../backend/select.js';
import { ArgumentError, DTypeError, ShapeError } from '../errors.js';
import { record } from '../tape/node.js';
import { isFloat } from '../tensor/dtype.js';
import { isRecording } from '../tensor/scope.js';
import { dim, formatShape, type Shape, sameShape, sizeOf } from '../tensor/shape.js';
import { empty, inLayout, releaseTemporary, rowMajor, type Tensor } from '../tensor/tensor.js';
import { expand } from './broadcast.js';
import { full } from './creation.js';
import { add, cast, div, mul, neg, notEqual, sub, where } from './elementwise.js';
import { gather, indexSelect } from './indexing.js';
import { composite, unrecorded } from './kit/composite.js';
import {
  checkFloat,
  checkSameDType,
  checkTensor,
  converted,
  defineOp,
  floats,
  ints,
} from './kit/define.js';
import { checkFraction, checkReduction, type LossOptions, type Reduction } from './kit/options.js';
import { mean, sum } from './reduce.js';
import { logSoftmax, softmax } from './softmax.js';
import { reshape } from './view.js';

/** PyTorch's mark for targets that do not count. */
const DEFAULT_IGNORE_INDEX = -100;

export interface NllLossOptions extends LossOptions {
  /** One factor a class, [C]. 'mean' divides by the sum of the targets' factors. Constant. */
  weight?: Tensor;
  /** Targets of this class count for nothing. Default: −100. */
  ignoreIndex?: number;
}

export interface CrossEntropyOptions extends NllLossOptions {
  /** Share of the target that is spread evenly over all classes, from 0 to 1. Default: 0. */
  labelSmoothing?: number;
}

// --- checks ---------------------------------------------------------------------------------------------------

/** The axis of the classes: 1, or the only one. */
function classesOf(op: string, x: Tensor, name: string): number {
  checkFloat(x, op, name);
  if (x.rank === 0)
    throw new ShapeError(`${op}: ${name} are a scalar, expected [C] or [N, C, ...]`);
  return dim(x.shape, x.rank === 1 ? 0 : 1);
}

/** The shape of class indices that belong to x. */
function indexShape(x: Shape): Shape {
  return x.length === 1 ? [] : [dim(x, 0), ...x.slice(2)];
}

function checkIndices(op: string, x: Shape, target: Tensor, name: string): void {
  if (isFloat(target.dtype)) {
    throw new DTypeError(
      `${op}: target is ${target.dtype}, expected class indices, int32 or uint8`,
    );
  }
  if (!sameShape(target.shape, indexShape(x))) {
    throw new ShapeError(
      `${op}: target ${formatShape(target.shape)} does not fit ${name} ${formatShape(x)}, ` +
        `expected class indices ${formatShape(indexShape(x))}`,
    );
  }
}

function checkClassWeight(
  op: string,
  weight: Tensor | undefined,
  x: Tensor,
  classes: number,
): void {
  if (weight === undefined) return;
  checkFloat(weight, op, 'weight');
  checkSameDType(op, x, weight);
  if (!sameShape(weight.shape, [classes])) {
    throw new ShapeError(
      `${op}: weight ${formatShape(weight.shape)}, expected [${classes}], one factor a class`,
    );
  }
}

function checkIgnoreIndex(op: string, ignoreIndex: number): number {
  if ((ignoreIndex | 0) !== ignoreIndex) {
    throw new ArgumentError(`${op}: ignoreIndex is ${ignoreIndex}, expected an integer`);
  }
  return ignoreIndex;
}

// --- class indices ----------------------------------------------------------------------------------------------

interface CrossEntropyAttrs {
  /** Shape of the logits, [N, C, ...]. */
  readonly shape: Shape;
  readonly ignoreIndex: number;
  readonly smoothing: number;
  readonly reduction: Reduction;
  readonly isWeighted: boolean;
}

/** [N, C, ...] as [N, C, D, 1] with the classes innermost in memory: the rows that the kernel walks. */
function asRows(x: Tensor): Tensor {
  const [n, classes] = [dim(x.shape, 0), dim(x.shape, 1)];
  const flat = x.share([n, classes, sizeOf(x.shape.slice(2)), 1]);
  const rows = inLayout(flat, 'channelsLast');
  releaseTemporary(flat, rows);
  return rows;
}

/** The way back from {@link asRows}; images stay channels-last. */
function fromRows(rows: Tensor, shape: Shape): Tensor {
  if (shape.length === 4) return rows.share(shape, rows.offset, 'channelsLast');
  return rowMajor(rows).share(shape);
}

/** ∂loss/∂logits of every row, times g: [rows], in one kernel. */
function gradKernel(
  g: Tensor,
  logProb: Tensor,
  target: Tensor,
  weight: Tensor | null,
  attrs: CrossEntropyAttrs,
): Tensor {
  const rows = empty(logProb.shape, logProb.dtype, 'channelsLast');
  kernels().crossEntropyGrad(
    floats(rows),
    floats(g),
    floats(logProb),
    ints(target),
    weight ? floats(weight) : null,
    target.size,
    dim(attrs.shape, 1),
    attrs.ignoreIndex,
    attrs.smoothing,
  );
  return fromRows(rows, attrs.shape);
}

/**
 * The same gradient as ops of the logits: g·(m·softmax(x) − wanted), `wanted` being the target's distribution
 * with its weights and m its sum. The kernel gives `wanted` where all probabilities are 0.
 */
function composedGrad(
  g: Tensor,
  x: Tensor,
  target: Tensor,
  weight: Tensor | null,
  attrs: CrossEntropyAttrs,
): Tensor {
  const { shape } = attrs;
  const impossible = full(
    [dim(shape, 0), dim(shape, 1), sizeOf(shape.slice(2)), 1],
    Number.NEGATIVE_INFINITY,
    { dtype: x.dtype },
  );
  const minusOne = full([target.size], -1, { dtype: x.dtype });
  const wanted = gradKernel(minusOne, impossible, target, weight, attrs);
  const difference = sub(mul(softmax(x, 1), sum(wanted, 1, true)), wanted);
  return mul(reshape(g, [dim(shape, 0), 1, ...shape.slice(2)]), difference);
}

const crossEntropyOp = defineOp<CrossEntropyAttrs>('crossEntropy', (g, node) => {
  const { attrs } = node;
  const [x, logProb, target] = [node.saved(0), node.saved(1), node.saved(2)];
  const weight = attrs.isWeighted ? node.saved(4) : null;
  const perRow =
    attrs.reduction === 'none'
      ? reshape(g, [target.size])
      : expand(attrs.reduction === 'mean' ? div(g, node.saved(3)) : g, [target.size]);
  return [
    isRecording()
      ? composedGrad(perRow, x, target, weight, attrs)
      : gradKernel(perRow, logProb, target, weight, attrs),
  ];
});

/** Cross-entropy of logits [N, C, ...] with class indices [N, ...]. */
function withIndices(
  x: Tensor,
  target: Tensor,
  weight: Tensor | null,
  attrs: CrossEntropyAttrs,
): Tensor {
  const rows = asRows(x);
  const indices = rowMajor(converted(target, 'int32'));
  const losses = empty([indices.size], x.dtype);
  const factors = empty([indices.size], x.dtype);
  const logProb = empty(rows.shape, x.dtype, 'channelsLast');
  kernels().crossEntropy(
    floats(losses),
    floats(factors),
    floats(logProb),
    floats(rows),
    ints(indices),
    weight ? floats(weight) : null,
    indices.size,
    dim(attrs.shape, 1),
    attrs.ignoreIndex,
    attrs.smoothing,
  );
  const divisor = sum(factors);
  const saved = [x, logProb, indices, divisor, ...(weight ? [weight] : [])];
  const out =
    attrs.reduction === 'none'
      ? losses.share(target.shape)
      : total(losses, divisor, attrs.reduction);
  return record(crossEntropyOp, out, [x], saved, attrs);
}

function total(losses: Tensor, divisor: Tensor, reduction: Reduction): Tensor {
  return unrecorded(() => (reduction === 'sum' ? sum(losses) : div(sum(losses), divisor)));
}

// --- probabilities ----------------------------------------------------------------------------------------------

/** [1, C, 1, ...]: class weights as they broadcast to logits. */
function weightAlong(weight: Tensor, rank: number): Tensor {
  return reshape(weight, [1, weight.size, ...Array.from({ length: rank - 2 }, () => 1)]);
}

/** Cross-entropy of logits with probabilities of one shape, [N, C, ...]. */
function withProbabilities(
  x: Tensor,
  target: Tensor,
  weight: Tensor | undefined,
  smoothing: number,
  reduction: Reduction,
): Tensor {
  const classes = dim(x.shape, 1);
  const wanted = smoothing > 0 ? add(mul(target, 1 - smoothing), smoothing / classes) : target;
  const terms = mul(logSoftmax(x, 1), wanted);
  const losses = neg(sum(weight ? mul(terms, weightAlong(weight, x.rank)) : terms, 1));
  if (reduction === 'none') return losses;
  return reduction === 'sum' ? sum(losses) : mean(losses);
}

/**
 * Cross-entropy of logits: −log softmax(logits)[target], in one kernel.
 *
 * 'mean' divides by the sum of the targets' weights; it is NaN if every target is ignored, as in PyTorch. With
 * probabilities as target it divides by the number of samples, and ignoreIndex does not apply.
 * @param logits [N, C], [C], or [N, C, d1, ...] for images and sequences
 * @param target class indices, int32 or uint8: [N], [], or [N, d1, ...]; or probabilities of the logits' shape
 */
export function crossEntropy(
  logits: Tensor,
  target: Tensor,
  options: CrossEntropyOptions = {},
): Tensor {
  const op = 'crossEntropy';
  const { weight, ignoreIndex = DEFAULT_IGNORE_INDEX, labelSmoothing = 0 } = options;
  const reduction = checkReduction(options.reduction, op);
  checkFraction(labelSmoothing, 'labelSmoothing', op);
  const classes = classesOf(op, logits, 'logits');
  checkTensor(target, op, 'target');
  checkClassWeight(op, weight, logits, classes);
  const hasProbabilities = isFloat(target.dtype) && sameShape(target.shape, logits.shape);
  if (hasProbabilities) checkSameDType(op, logits, target);
  else checkIndices(op, logits.shape, target, 'logits');
  return composite(() => {
    const x = logits.rank === 1 ? reshape(logits, [1, classes]) : logits;
    if (hasProbabilities) {
      const wanted = reshape(target, x.shape);
      const losses = withProbabilities(x, wanted, weight, labelSmoothing, reduction);
      return reduction === 'none' ? reshape(losses, indexShape(logits.shape)) : losses;
    }
    return withIndices(x, target, weight ?? null, {
      shape: x.shape,
      ignoreIndex: checkIgnoreIndex(op, ignoreIndex),
      smoothing: labelSmoothing,
      reduction,
      isWeighted: weight !== undefined,
    });
  });
}

/**
 * Negative log-likelihood: −logProbabilities[target]. Use {@link crossEntropy} where you have logits.
 *
 * 'mean' divides by the sum of the targets' weights; it is NaN if every target is ignored, as in PyTorch.
 * @param logProbabilities [N, C], [C], or [N, C, d1, ...]
 * @param target class indices, int32 or uint8: [N], [], or [N, d1, ...]
 */
export function nllLoss(
  logProbabilities: Tensor,
  target: Tensor,
  options: NllLossOptions = {},
): Tensor {
  const op = 'nllLoss';
  const { weight, ignoreIndex = DEFAULT_IGNORE_INDEX } = options;
  const reduction = checkReduction(options.reduction, op);
  const classes = classesOf(op, logProbabilities, 'logProbabilities');
  checkTensor(target, op, 'target');
  checkIndices(op, logProbabilities.shape, target, 'logProbabilities');
  checkIgnoreIndex(op, ignoreIndex);
  checkClassWeight(op, weight, logProbabilities, classes);
  return composite(() => {
    const axis = logProbabilities.rank === 1 ? 0 : 1;
    const indices = converted(target, 'int32');
    const counts = notEqual(indices, ignoreIndex);
    const safe = where(counts, indices, 0);
    const unfit = logProbabilities.shape.map((size, i) => (i === axis ? 1 : size));
    const picked = reshape(gather(logProbabilities, axis, reshape(safe, unfit)), target.shape);
    const kept = cast(counts, logProbabilities.dtype);
    const factors = weight
      ? mul(
          kept,
          reshape(indexSelect(weight.detach(), 0, reshape(safe, [safe.size])), target.shape),
        )
      : kept;
    const losses = where(counts, neg(mul(picked, factors)), 0);
    if (reduction === 'none') return losses;
    return reduction === 'sum' ? sum(losses) : div(sum(losses), sum(factors));
  });
}

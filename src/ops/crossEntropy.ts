import { backend, kernels } from '../backend/select.js';
import { ArgumentError, DTypeError, ShapeError } from '../errors.js';
import { checkOptions, type OptionNames } from '../options.js';
import { record } from '../tape/record.js';
import { isFloat } from '../tensor/dtype.js';
import { isRecording } from '../tensor/scope.js';
import { dim, formatShape, type Shape, sameShape, sizeOf } from '../tensor/shape.js';
import {
  empty,
  inLayout,
  type QueuedWeight,
  releaseTemporary,
  rowMajor,
  type Tensor,
} from '../tensor/tensor.js';
import { expand } from './broadcast.js';
import { add, cast, div, mul, neg, notEqual, sub, where } from './elementwise.js';
import { gather, indexSelect, oneHot } from './indexing.js';
import { composite, unrecorded } from './kit/composite.js';
import {
  checkFloat,
  checkSameDType,
  checkTensor,
  constant,
  converted,
  defineOp,
  floats,
  ints,
} from './kit/define.js';
import {
  checkFraction,
  checkReduction,
  KEEP_DIMS,
  LOSS,
  type LossOptions,
  type Reduction,
} from './kit/options.js';
import { mean, sum } from './reduce.js';
import { logSoftmax, softmax } from './softmax.js';
import { permute, reshape } from './view.js';

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

const NLL: OptionNames<NllLossOptions> = { ...LOSS, weight: true, ignoreIndex: true };
const CROSS_ENTROPY: OptionNames<CrossEntropyOptions> = { ...NLL, labelSmoothing: true };

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
  readonly ignoreIndex: number;
  readonly labelSmoothing: number;
  readonly reduction: Reduction;
}

type Saved = {
  readonly x: Tensor;
  /** Logarithms of the probabilities, as rows. */
  readonly logProb: Tensor;
  /** int32, row-major. */
  readonly target: Tensor;
  /** Sum of the factors of all rows. */
  readonly divisor: Tensor;
  readonly weight: Tensor | null;
};

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
  { x, logProb, target, weight }: Saved,
  { ignoreIndex, labelSmoothing }: CrossEntropyAttrs,
): Tensor {
  const rows = empty(logProb.shape, logProb.dtype, 'channelsLast');
  kernels().crossEntropyGrad(
    floats(rows),
    floats(g),
    floats(logProb),
    ints(target),
    weight ? floats(weight) : null,
    target.size,
    dim(x.shape, 1),
    ignoreIndex,
    labelSmoothing,
  );
  return fromRows(rows, x.shape);
}

/** What the loss wants each class's probability to be, times the classes' weights: [rows, C]. */
function wantedRows(
  { x, target, weight }: Saved,
  { ignoreIndex, labelSmoothing }: CrossEntropyAttrs,
): Tensor {
  const classes = dim(x.shape, 1);
  const rows = reshape(target, [target.size]);
  const counts = notEqual(rows, ignoreIndex);
  const hot = oneHot(where(counts, rows, 0), classes, { dtype: x.dtype });
  const smooth = add(mul(hot, 1 - labelSmoothing), labelSmoothing / classes);
  const kept = mul(smooth, reshape(cast(counts, x.dtype), [target.size, 1]));
  return weight ? mul(kept, weight) : kept;
}

/** The same gradient as ops of the logits: g·(m·softmax(x) − wanted), m being the sum of what is wanted. */
function composedGrad(g: Tensor, saved: Saved, attrs: CrossEntropyAttrs): Tensor {
  const { shape } = saved.x;
  const [n, classes] = [dim(shape, 0), dim(shape, 1)];
  const rows = reshape(wantedRows(saved, attrs), [n, sizeOf(shape.slice(2)), classes]);
  const wanted = reshape(permute(rows, [0, 2, 1]), shape);
  const difference = sub(mul(softmax(saved.x, 1), sum(wanted, 1, KEEP_DIMS)), wanted);
  const counted = where(
    notEqual(reshape(saved.target, [saved.target.size]), attrs.ignoreIndex),
    g,
    0,
  );
  return mul(reshape(counted, [n, 1, ...shape.slice(2)]), difference);
}

const crossEntropyOp = defineOp<Saved, CrossEntropyAttrs>('crossEntropy', (g, node) => {
  const { saved, attrs } = node;
  const rows = [saved.target.size];
  const perRow =
    attrs.reduction === 'none'
      ? reshape(g, rows)
      : expand(attrs.reduction === 'mean' ? perTarget(g, saved) : g, rows);
  return [
    isRecording() ? composedGrad(perRow, saved, attrs) : gradKernel(perRow, saved, attrs),
    null,
    null,
  ];
});

/** The gradient of a mean. Where classes weigh nothing, nothing comes of nothing: 0 / 0 is no gradient. */
function perTarget(g: Tensor, { divisor, weight }: Pick<Saved, 'divisor' | 'weight'>): Tensor {
  const share = div(g, divisor);
  return weight === null ? share : where(notEqual(g, 0), share, 0);
}

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
    dim(x.shape, 1),
    attrs.ignoreIndex,
    attrs.labelSmoothing,
  );
  const divisor = unrecorded(() => sum(factors));
  const out =
    attrs.reduction === 'none'
      ? losses.share(target.shape)
      : total(losses, divisor, attrs.reduction);
  const saves = { x, logProb, target: indices, divisor, weight };
  record(crossEntropyOp, out, [x, target, weight], saves, attrs);
  if (attrs.reduction === 'none') return out;
  return weighing(out, attrs.reduction, {
    divisor,
    about: indices.size,
    canVanish: weight !== null,
  });
}

/** A loss that knows what it was divided by; see {@link Tensor.batchWeight}. */
function weighing(loss: Tensor, reduction: Reduction, weight: QueuedWeight): Tensor {
  if (reduction === 'mean') weight.divisor.keep();
  loss.batchWeight = reduction === 'sum' ? 'sum' : weight;
  return loss;
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
  if (reduction === 'mean') return mean(losses);
  const loss = sum(losses);
  loss.batchWeight = 'sum';
  return loss;
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
  checkOptions(op, options, CROSS_ENTROPY);
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
    return withIndices(x, target, weight ? constant(weight, op, 'weight') : null, {
      ignoreIndex: checkIgnoreIndex(op, ignoreIndex),
      labelSmoothing,
      reduction,
    });
  });
}

const quotientOp = defineOp<Pick<Saved, 'divisor' | 'weight'>>('div', (g, { saved }) => [
  perTarget(g, saved),
  null,
]);

/** The mean of weighted losses. */
function quotient(total: Tensor, divisor: Tensor, weight: Tensor): Tensor {
  const out = unrecorded(() => div(total, divisor));
  return record(quotientOp, out, [total, divisor], { divisor, weight });
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
  checkOptions(op, options, NLL);
  const { weight, ignoreIndex = DEFAULT_IGNORE_INDEX } = options;
  const reduction = checkReduction(options.reduction, op);
  const classes = classesOf(op, logProbabilities, 'logProbabilities');
  checkTensor(target, op, 'target');
  checkIndices(op, logProbabilities.shape, target, 'logProbabilities');
  checkIgnoreIndex(op, ignoreIndex);
  checkClassWeight(op, weight, logProbabilities, classes);
  return composite(() => {
    const axis = logProbabilities.rank === 1 ? 0 : 1;
    const indices = cast(target, 'int32');
    const counts = notEqual(indices, ignoreIndex);
    const safe = where(counts, indices, 0);
    const unfit = logProbabilities.shape.map((size, i) => (i === axis ? 1 : size));
    const picked = backend().faultsAs(op, () =>
      reshape(gather(logProbabilities, axis, reshape(safe, unfit)), target.shape),
    );
    const kept = cast(counts, logProbabilities.dtype);
    const factors = weight
      ? mul(
          kept,
          reshape(
            indexSelect(constant(weight, op, 'weight'), 0, reshape(safe, [safe.size])),
            target.shape,
          ),
        )
      : kept;
    const losses = where(counts, neg(mul(picked, factors)), 0);
    if (reduction === 'none') return losses;
    const divisor = sum(factors);
    const all = sum(losses);
    const mean = (): Tensor => (weight ? quotient(all, divisor, weight) : div(all, divisor));
    return weighing(reduction === 'sum' ? all : mean(), reduction, {
      divisor,
      about: target.size,
      canVanish: weight !== undefined,
    });
  });
}

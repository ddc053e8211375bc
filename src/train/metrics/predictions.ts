import { ArgumentError, DTypeError, ShapeError } from '../../errors.js';
import {
  cast,
  equal,
  greater,
  lessEqual,
  logicalNot,
  notEqual,
  where,
} from '../../ops/elementwise.js';
import { oneHot } from '../../ops/indexing.js';
import { argmax, sum } from '../../ops/reduce.js';
import { reshape } from '../../ops/view.js';
import { inWords, type OptionNames } from '../../options.js';
import { isFloat } from '../../tensor/dtype.js';
import { formatShape, sameShape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';

/** Which targets count. */
export interface IgnoreOptions {
  /** Class indices of this value do not count, as the padding of sequences. Default: −100, as of the losses. */
  ignoreIndex?: number;
}

/** How the outputs of a classifier are read. */
export interface PredictionOptions extends IgnoreOptions {
  /**
   * Where there is one number a sample, or one for each of several labels: those above it are class 1. Give it where
   * outputs and float targets of one shape [N, C, ...] are no classes with one-hot or probability targets: several labels
   * a sample, masks [N, H, W], or sequences [T, B]. (Of [N], [N, 1, ...] and [T, B, 1] it is clear.)
   * Default: 0, for logits; take 0.5 for probabilities.
   */
  threshold?: number;
}

/** The names of {@link IgnoreOptions}. */
export const IGNORE_NAMES: OptionNames<IgnoreOptions> = { ignoreIndex: true };

/** The names of {@link PredictionOptions}. */
export const PREDICTION_NAMES: OptionNames<PredictionOptions> = {
  ...IGNORE_NAMES,
  threshold: true,
};

const DEFAULT_IGNORE_INDEX = -100;

/** @throws ArgumentError unless it is an int32 */
export function checkedIgnoreIndex(owner: string, { ignoreIndex }: IgnoreOptions): number {
  if (ignoreIndex === undefined) return DEFAULT_IGNORE_INDEX;
  if (typeof ignoreIndex === 'number' && (ignoreIndex | 0) === ignoreIndex) return ignoreIndex;
  throw new ArgumentError(
    `${owner}: ignoreIndex is ${inWords(ignoreIndex)}, expected an integer of 32 bits`,
  );
}

/** {@link PredictionOptions}, checked. */
export interface Reading {
  readonly ignoreIndex: number;
  /** Null if none was given. */
  readonly threshold: number | null;
}

/** @throws ArgumentError for options that are out of range */
export function readingOf(owner: string, options: PredictionOptions): Reading {
  const { threshold = null } = options;
  if (threshold !== null && (typeof threshold !== 'number' || Number.isNaN(threshold))) {
    throw new ArgumentError(`${owner}: threshold is ${inWords(threshold)}, expected a number`);
  }
  return { ignoreIndex: checkedIgnoreIndex(owner, options), threshold };
}

/** Predicted and true classes, int32, of one shape. */
export interface Classes {
  readonly predicted: Tensor;
  readonly truth: Tensor;
}

/** [N, 1, ...] as [N, ...]. */
function withoutUnitAxis(x: Tensor): Tensor {
  if (x.rank < 2 || x.shape[1] !== 1) return x;
  return reshape(x, [x.shape[0] ?? 0, ...x.shape.slice(2)]);
}

function truthOf(target: Tensor): Tensor {
  return target.dtype === 'int32' ? target : cast(target, 'int32');
}

/** True for targets that give each class a probability, as `crossEntropy` knows them; 1 and 0 if they are one-hot. */
export function hasProbabilities(output: Tensor, target: Tensor): boolean {
  return isFloat(target.dtype) && sameShape(output.shape, target.shape);
}

/** Whether outputs and targets of one shape have a number for each class, rather than one that is above a threshold. */
function hasClasses(
  output: Tensor,
  target: Tensor,
  { threshold }: Reading,
  classes: number | null,
): boolean {
  const along = output.shape[1] ?? 1;
  if (threshold !== null || output.rank < 2 || along === 1) return false;
  // [T, B, 1] and [B, T, 1] are one number a step. Their second axis may have any size.
  if (output.rank > 2 && output.shape.at(-1) === 1 && (classes ?? 2) === 2) return false;
  if (classes !== null && along !== classes) return false;
  // Losses of one number a label take integers, crossEntropy does not. More than two classes are no threshold's.
  return hasProbabilities(output, target) || (classes !== null && classes !== 2);
}

/**
 * Classes from the outputs of a classifier: logits or probabilities [N, C, ...] against class indices [N, ...], or
 * against one-hot or probability targets of their shape; or, for two classes, one number a sample, [N], [N, 1, ...]
 * or [..., 1], against targets of that shape, 0 and 1.
 * @param classes their number, where it is known
 */
export function classesOf(
  op: string,
  output: Tensor,
  target: Tensor,
  reading: Reading,
  classes: number | null = null,
): Classes {
  const [flat, wanted] = [withoutUnitAxis(output), withoutUnitAxis(target)];
  if (sameShape(output.shape, target.shape) && hasClasses(output, target, reading, classes)) {
    return { predicted: argmax(output, 1), truth: argmax(target, 1) };
  }
  if (sameShape(flat.shape, wanted.shape)) {
    const predicted = cast(greater(flat, reading.threshold ?? 0), 'int32');
    return { predicted, truth: truthOf(wanted) };
  }
  checkClasses(op, output, target);
  return { predicted: argmax(output, 1), truth: truthOf(target) };
}

function checkClasses(op: string, output: Tensor, target: Tensor): void {
  const expected = [output.shape[0] ?? 0, ...output.shape.slice(2)];
  if (output.rank < 2 || !sameShape(target.shape, expected)) {
    throw new ShapeError(
      `${op}: target ${formatShape(target.shape)} does not fit output ${formatShape(output.shape)}, expected ` +
        'class indices [N, ...] for [N, C, ...], or one shape for both',
    );
  }
  if (isFloat(target.dtype)) {
    throw new DTypeError(
      `${op}: target is ${target.dtype}, expected class indices, int32 or uint8`,
    );
  }
}

/** The true classes [N, ...] of outputs [N, C, ...], int32. */
export function trueClasses(op: string, output: Tensor, target: Tensor): Tensor {
  if (output.rank >= 2 && sameShape(output.shape, target.shape)) return argmax(target, 1);
  checkClasses(op, output, target);
  return truthOf(target);
}

/** 1 where a target counts and 0 where it does not, float32; null where all do. */
export function countingMask(truth: Tensor, ignoreIndex: number): Tensor | null {
  if (truth.dtype === 'uint8' && ignoreIndex < 0) return null;
  return cast(notEqual(truth, ignoreIndex), 'float32');
}

/** 1 for each right prediction, float32. */
export function hits({ predicted, truth }: Classes): Tensor {
  return cast(equal(predicted, truth), 'float32');
}

/** 1 for each true class that is among the k largest outputs (a NaN is never), float32. */
export function topHits(output: Tensor, truth: Tensor, k: number, ignoreIndex: number): Tensor {
  const known = where(notEqual(truth, ignoreIndex), truth, 0);
  const own = output.gather(1, reshape(known, [output.shape[0] ?? 0, 1, ...output.shape.slice(2)]));
  const above = sum(cast(logicalNot(lessEqual(output, own)), 'float32'), 1);
  return cast(lessEqual(above, k - 1), 'float32');
}

/** One row a counted target with a single one, [M, C] float32; rows of targets that do not count are zero. */
export function rows(classes: Tensor, count: number, mask: Tensor | null): Tensor {
  const flat = reshape(classes, [classes.size]);
  if (mask === null) return oneHot(flat, count);
  const counts = reshape(mask, [mask.size, 1]);
  const safe = where(cast(reshape(mask, [mask.size]), 'uint8'), flat, 0);
  return oneHot(safe, count).mul(counts);
}

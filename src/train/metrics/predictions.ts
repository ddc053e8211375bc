import { DTypeError, ShapeError } from '../../errors.js';
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
import { permute, reshape } from '../../ops/view.js';
import type { OptionNames } from '../../options.js';
import { isFloat } from '../../tensor/dtype.js';
import { formatShape, sameShape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';

/** Which targets count. */
export interface IgnoreOptions {
  /** Targets of this class do not count, as the padding of sequences. Default: all count. */
  ignoreIndex?: number;
}

/** How the outputs of a classifier are read. */
export interface PredictionOptions extends IgnoreOptions {
  /**
   * For outputs of the targets' shape, one number a sample: those above it are class 1. Default: 0, for logits; take
   * 0.5 for probabilities.
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

/** Predicted and true classes, int32, of one shape. */
export interface Classes {
  readonly predicted: Tensor;
  readonly truth: Tensor;
}

function withoutUnitAxis(x: Tensor): Tensor {
  return x.rank === 2 && x.shape[1] === 1 ? reshape(x, [x.size]) : x;
}

function truthOf(target: Tensor): Tensor {
  return target.dtype === 'int32' ? target : cast(target, 'int32');
}

/**
 * Classes from the outputs of a classifier: logits or probabilities [N, C, ...] against class indices [N, ...]; or,
 * for two classes, one number a sample, [N] or [N, 1], against targets of that shape, 0 and 1.
 */
export function classesOf(
  op: string,
  output: Tensor,
  target: Tensor,
  { threshold = 0 }: PredictionOptions,
): Classes {
  const [flat, wanted] = [withoutUnitAxis(output), withoutUnitAxis(target)];
  if (sameShape(flat.shape, wanted.shape)) {
    return { predicted: cast(greater(flat, threshold), 'int32'), truth: truthOf(wanted) };
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

/** 1 where a target counts and 0 where it does not, float32; null where all do. */
export function countingMask(truth: Tensor, ignoreIndex: number | undefined): Tensor | null {
  return ignoreIndex === undefined ? null : cast(notEqual(truth, ignoreIndex), 'float32');
}

/** 1 for each right prediction, float32. */
export function hits({ predicted, truth }: Classes): Tensor {
  return cast(equal(predicted, truth), 'float32');
}

/** 1 for each target that is among the k largest outputs (a NaN is never), float32. */
export function topHits(
  op: string,
  output: Tensor,
  target: Tensor,
  k: number,
  ignoreIndex?: number,
): Tensor {
  checkClasses(op, output, target);
  const truth = truthOf(target);
  const known = ignoreIndex === undefined ? truth : where(notEqual(truth, ignoreIndex), truth, 0);
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

/** Logits [N, C, ...] as rows [M, C] in the order of the targets. */
export function asRows(output: Tensor): Tensor {
  if (output.rank === 2) return output;
  const axes = Array.from({ length: output.rank }, (_, i) => i).filter((axis) => axis !== 1);
  const classes = output.shape[1] ?? 0;
  return reshape(permute(output, [...axes, 1]), [output.size / classes, classes]);
}

import { ArgOp, ReduceOp } from '../backend/kernels/index.js';
import { kernels } from '../backend/select.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { record } from '../tape/node.js';
import { dim, formatShape, normalizeAxes, normalizeAxis, splitAtAxis } from '../tensor/shape.js';
import { empty, releaseTemporary, rowMajor, type Tensor } from '../tensor/tensor.js';
import { restored, sum } from './broadcast.js';
import { abs, cast, div, equal, mul, pow, sign, sqrt, sub, where } from './elementwise.js';
import { composite, unrecorded } from './kit/composite.js';
import { checkFloat, checkTensor, converted, defineOp, ints, numbers } from './kit/define.js';
import {
  type Axes,
  type ReduceAttrs,
  type Reduction,
  reducedShape,
  reduction,
} from './kit/reduction.js';
import { flip, type PadWidth, pad } from './slice.js';
import { reshape } from './view.js';

export { sum } from './broadcast.js';
export type { Axes } from './kit/reduction.js';

function withKeptDims(y: Tensor, { axes, shape }: ReduceAttrs): Tensor {
  return reshape(y, reducedShape(shape, axes, true));
}

const meanOp = defineOp<ReduceAttrs>('mean', (g, node) => [
  restored(mul(g, 1 / node.attrs.count), node.attrs),
]);
/** The largest (smallest) elements share the gradient equally, as in torch.amax. */
const extremeOp = defineOp<ReduceAttrs>('max', (g, node) => {
  const [x, y] = [node.saved(0), node.saved(1)];
  const hits = cast(equal(x, withKeptDims(y, node.attrs)), x.dtype);
  const share = div(withKeptDims(g, node.attrs), sum(hits, node.attrs.axes, true));
  return [mul(hits, share)];
});
/** The gradient is the product of all others, taken without dividing by x, which may be zero. */
const prodOp = defineOp<ReduceAttrs>('prod', (g, node) => {
  const [axis] = node.attrs.axes;
  if (axis === undefined) return [g];
  const x = node.saved(0);
  const after = flip(productsBefore(flip(x, axis), axis), axis);
  return [mul(mul(productsBefore(x, axis), after), withKeptDims(g, node.attrs))];
});

/** Products of the elements before each along an axis, in a logarithmic number of steps. */
function productsBefore(x: Tensor, axis: number): Tensor {
  const size = dim(x.shape, axis);
  if (size === 0) return x;
  let products = shifted(x, axis, 1);
  for (let step = 1; step < size; step *= 2)
    products = mul(products, shifted(products, axis, step));
  return products;
}

/** x moved along an axis by up to its size, with ones moving in. */
function shifted(x: Tensor, axis: number, by: number): Tensor {
  const still = Array.from({ length: x.rank - axis - 1 }, (): PadWidth => [0, 0]);
  return pad(x, [[by, -by], ...still], 1);
}

const sumSquaresOp = defineOp<ReduceAttrs>('sumSquares', (g, node) => [
  mul(mul(node.saved(0), 2), withKeptDims(g, node.attrs)),
]);
const sumAbsOp = defineOp<ReduceAttrs>('sumAbs', (g, node) => [
  mul(sign(node.saved(0)), withKeptDims(g, node.attrs)),
]);

const MEAN: Reduction = { op: meanOp, code: ReduceOp.mean, saves: 'nothing' };
const MAX: Reduction = { op: extremeOp, code: ReduceOp.max, saves: 'both' };
const MIN: Reduction = { op: extremeOp, code: ReduceOp.min, saves: 'both' };
const PROD: Reduction = { op: prodOp, code: ReduceOp.prod, saves: 'input' };
const SUM_SQUARES: Reduction = { op: sumSquaresOp, code: ReduceOp.sumSquares, saves: 'input' };
const SUM_ABS: Reduction = { op: sumAbsOp, code: ReduceOp.sumAbs, saves: 'input' };

/** Mean over axes (all by default); NaN of nothing. */
export function mean(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  checkFloat(x, 'mean');
  return reduction(x, 'mean', MEAN, axes, keepDims);
}

/** Largest element over axes (all by default); NaN if any is. Equal ones share the gradient. */
export function max(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  return reduction(x, 'max', MAX, axes, keepDims);
}

/** Smallest element over axes (all by default); NaN if any is. Equal ones share the gradient. */
export function min(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  return reduction(x, 'min', MIN, axes, keepDims);
}

/** Product over axes (all by default). int32 wraps. */
export function prod(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  checkTensor(x, 'prod');
  const list = normalizeAxes(axes, x.rank, 'prod');
  if (!x.requiresGrad || list.length < 2) return reduction(x, 'prod', PROD, list, keepDims);
  // The gradient goes along one axis at a time.
  return composite(() => {
    const y = list.reduce((part, axis) => reduction(part, 'prod', PROD, axis, true), x);
    return keepDims ? y : reshape(y, reducedShape(x.shape, list, false));
  });
}

export interface VarianceOptions {
  /** Keeps reduced axes with size 1. Default: false. */
  keepDims?: boolean;
  /** Subtracted from the count in the divisor: 1 (default) for samples, 0 for populations. */
  correction?: number;
}

/** Variance over axes (all by default): Σ(x − mean)² / (n − correction). */
export function variance(x: Tensor, axes?: Axes, options: VarianceOptions = {}): Tensor {
  checkFloat(x, 'variance');
  const { keepDims = false, correction = 1 } = options;
  const list = normalizeAxes(axes, x.rank, 'variance');
  const count = list.reduce((n, axis) => n * dim(x.shape, axis), 1);
  return composite(() => {
    const center = mean(x, list, true);
    const squares = sumSquares(sub(x, center), list, keepDims);
    return div(squares, Math.max(0, count - correction));
  });
}

/** Standard deviation, the root of {@link variance}. */
export function std(x: Tensor, axes?: Axes, options: VarianceOptions = {}): Tensor {
  return composite(() => sqrt(variance(x, axes, options)));
}

/** Σ x² over axes (all by default). */
export function sumSquares(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  checkFloat(x, 'sumSquares');
  return reduction(x, 'sumSquares', SUM_SQUARES, axes, keepDims);
}

const rootOp = defineOp('norm', (g, node) => {
  const y = node.saved(0);
  // The norm of nothing but zeros has no slope; 0 is its subgradient, as in PyTorch.
  const zero = equal(y, 0);
  return [where(zero, 0, div(g, mul(where(zero, 1, y), 2)))];
});

/** √x with gradient 0 at 0. */
function root(x: Tensor): Tensor {
  const y = unrecorded(() => sqrt(x));
  return record(rootOp, y, [x], [y], undefined);
}

/**
 * The p-norm over axes (all by default): (Σ|x|ᵖ)^(1/p); p = Infinity gives the largest magnitude.
 * @param p order, 2 by default
 */
export function norm(x: Tensor, p = 2, axes?: Axes, keepDims = false): Tensor {
  checkFloat(x, 'norm');
  if (!(p > 0)) throw new ArgumentError(`norm: p is ${p}, expected a number > 0 or Infinity`);
  if (p === 1) return reduction(x, 'norm', SUM_ABS, axes, keepDims);
  return composite(() => {
    if (p === 2) return root(sumSquares(x, axes, keepDims));
    if (p === Number.POSITIVE_INFINITY) return max(abs(x), axes, keepDims);
    return pow(sum(pow(abs(x), p), axes, keepDims), 1 / p);
  });
}

function argReduce(
  x: Tensor,
  name: string,
  code: ArgOp,
  axis: number | undefined,
  keepDims: boolean,
): Tensor {
  checkTensor(x, name);
  const flat = axis === undefined;
  const at = flat ? 0 : normalizeAxis(axis, x.rank, name);
  const split = flat ? { outer: 1, axis: x.size, inner: 1 } : splitAtAxis(x.shape, at);
  if (split.axis === 0)
    throw new ShapeError(`${name}: ${formatShape(x.shape)} has nothing to choose from`);
  const shape = flat
    ? keepDims
      ? x.shape.map(() => 1)
      : []
    : reducedShape(x.shape, [at], keepDims);
  const ordered = rowMajor(x);
  const source = ordered.dtype === 'uint8' ? converted(ordered, 'int32') : ordered;
  const out = empty(shape, 'int32');
  kernels().argReduce(ints(out), numbers(source), split.outer, split.axis, split.inner, code);
  releaseTemporary(source, ordered);
  releaseTemporary(ordered, x);
  return out;
}

/** Index of the first largest element along an axis, or of the flattened tensor. int32, no gradient. */
export function argmax(x: Tensor, axis?: number, keepDims = false): Tensor {
  return argReduce(x, 'argmax', ArgOp.max, axis, keepDims);
}

/** Index of the first smallest element along an axis, or of the flattened tensor. int32, no gradient. */
export function argmin(x: Tensor, axis?: number, keepDims = false): Tensor {
  return argReduce(x, 'argmin', ArgOp.min, axis, keepDims);
}

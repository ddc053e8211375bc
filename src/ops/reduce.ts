import { ArgOp, ReduceOp } from '../backend/kernels/index.js';
import { kernels } from '../backend/select.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { checkOptions, type OptionNames } from '../options.js';
import type { Nothing } from '../tape/node.js';
import { record } from '../tape/record.js';
import {
  dim,
  formatShape,
  normalizeAxes,
  normalizeAxis,
  type Shape,
  splitAtAxis,
} from '../tensor/shape.js';
import {
  type BatchWeight,
  empty,
  releaseTemporary,
  rowMajor,
  type Tensor,
} from '../tensor/tensor.js';
import { restored, sum } from './broadcast.js';
import { abs, cast, div, equal, mul, pow, sign, sqrt, sub, where } from './elementwise.js';
import type { PadWidth } from './kit/axisWidths.js';
import { composite, unrecorded } from './kit/composite.js';
import {
  checkFloat,
  checkTensor,
  converted,
  defineOp,
  inputShape,
  ints,
  numbers,
} from './kit/define.js';
import { KEEP_DIMS, REDUCE, type ReduceOptions } from './kit/options.js';
import {
  type Axes,
  type ReduceAttrs,
  reduceAttrs,
  reduced,
  reducedCount,
  reducedShape,
} from './kit/reduction.js';
import { flip, pad } from './slice.js';
import { reshape } from './view.js';

export { sum } from './broadcast.js';
export type { Axes, ReduceOptions };

/** A result, or its gradient, with the reduced axes as 1. */
function kept(y: Tensor, shape: Shape, axes: readonly number[]): Tensor {
  return reshape(y, reducedShape(shape, axes, true));
}

const meanOp = defineOp<Nothing, ReduceAttrs>('mean', (g, node) => {
  const [shape, { axes }] = [inputShape(node), node.attrs];
  return [restored(mul(g, 1 / reducedCount(shape, axes)), shape, axes)];
});

/** What max and min save: the input and the output. */
type Extreme = { readonly x: Tensor; readonly y: Tensor };

/** The largest (smallest) elements share the gradient equally, as in torch.amax. */
function extremeGrad(g: Tensor, { x, y }: Extreme, { axes }: ReduceAttrs): [Tensor] {
  const hits = cast(equal(x, kept(y, x.shape, axes)), x.dtype);
  const share = div(kept(g, x.shape, axes), sum(hits, axes, KEEP_DIMS));
  return [mul(hits, share)];
}

const maxOp = defineOp<Extreme, ReduceAttrs>('max', (g, node) =>
  extremeGrad(g, node.saved, node.attrs),
);
const minOp = defineOp<Extreme, ReduceAttrs>('min', (g, node) =>
  extremeGrad(g, node.saved, node.attrs),
);

/** The gradient is the product of all others, taken without dividing by x, which may be zero. */
const prodOp = defineOp<{ x: Tensor }, ReduceAttrs>('prod', (g, { saved: { x }, attrs }) => {
  const [axis] = attrs.axes;
  if (axis === undefined) return [g];
  const after = flip(productsBefore(flip(x, axis), axis), axis);
  return [mul(mul(productsBefore(x, axis), after), kept(g, x.shape, attrs.axes))];
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
  return pad(x, [[by, -by], ...still], { value: 1 });
}

const sumSquaresOp = defineOp<{ x: Tensor }, ReduceAttrs>(
  'sumSquares',
  (g, { saved: { x }, attrs }) => [mul(mul(x, 2), kept(g, x.shape, attrs.axes))],
);

/** Mean over axes (all by default); NaN of nothing. */
export function mean(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  checkFloat(x, 'mean');
  const attrs = reduceAttrs('mean', x, axes, options);
  const y = record(meanOp, reduced('mean', ReduceOp.mean, x, attrs), [x], {}, attrs);
  if (y.size === 1) y.batchWeight = weightOfMean(x);
  return y;
}

/** The number of elements; the mean of a loss is that loss. */
function weightOfMean(x: Tensor): BatchWeight | null {
  const weight = x.batchWeight;
  if (x.size !== 1 || weight === null) return x.size === 1 ? null : x.size;
  if (typeof weight !== 'object') return weight;
  return { ...weight, divisor: weight.divisor.detach().keep() };
}

/** Largest element over axes (all by default); NaN if any is. Equal ones share the gradient. */
export function max(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  const attrs = reduceAttrs('max', x, axes, options);
  const y = reduced('max', ReduceOp.max, x, attrs);
  return record(maxOp, y, [x], { x, y }, attrs);
}

/** Smallest element over axes (all by default); NaN if any is. Equal ones share the gradient. */
export function min(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  const attrs = reduceAttrs('min', x, axes, options);
  const y = reduced('min', ReduceOp.min, x, attrs);
  return record(minOp, y, [x], { x, y }, attrs);
}

function product(x: Tensor, attrs: ReduceAttrs): Tensor {
  return record(prodOp, reduced('prod', ReduceOp.prod, x, attrs), [x], { x }, attrs);
}

/** Product over axes (all by default). int32 wraps. */
export function prod(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  const attrs = reduceAttrs('prod', x, axes, options);
  if (!x.requiresGrad || attrs.axes.length < 2) return product(x, attrs);
  // The gradient goes along one axis at a time.
  return composite(() => {
    const y = attrs.axes.reduce((part, axis) => product(part, { axes: [axis], keepDims: true }), x);
    return attrs.keepDims ? y : reshape(y, reducedShape(x.shape, attrs.axes, false));
  });
}

export interface VarianceOptions extends ReduceOptions {
  /** Subtracted from the count in the divisor: 1 (default) for samples, 0 for populations. */
  correction?: number;
}

const VARIANCE: OptionNames<VarianceOptions> = { ...REDUCE, correction: true };

interface VarianceAttrs extends ReduceAttrs {
  readonly correction: number;
}

/** x less its mean, with digits to spare when the mean is far from zero: a mean is rounded as numbers of its size are. */
function deviations(x: Tensor, axes: readonly number[]): Tensor {
  const coarse = sub(x, mean(x, axes, KEEP_DIMS));
  const rest = mean(coarse, axes, KEEP_DIMS);
  // An infinite rest less itself is NaN: there are no digits to be had then.
  return sub(coarse, where(equal(sub(rest, rest), 0), rest, 0));
}

const varianceOp = defineOp<{ x: Tensor }, VarianceAttrs>(
  'variance',
  (g, { saved: { x }, attrs }) => {
    const divisor = Math.max(0, reducedCount(x.shape, attrs.axes) - attrs.correction);
    // The mean moves, too, but deviations from it sum to zero.
    return [mul(deviations(x, attrs.axes), mul(kept(g, x.shape, attrs.axes), 2 / divisor))];
  },
);

/** Variance over axes (all by default): Σ(x − mean)² / (n − correction). */
export function variance(x: Tensor, axes?: Axes, options: VarianceOptions = {}): Tensor {
  checkFloat(x, 'variance');
  checkOptions('variance', options, VARIANCE);
  const { keepDims = false, correction = 1 } = options;
  const list = normalizeAxes(axes, x.rank, 'variance');
  const count = reducedCount(x.shape, list);
  const attrs: VarianceAttrs = { axes: list, keepDims, correction };
  const y = unrecorded(() => {
    const squares = sumSquares(deviations(x, list), list, { keepDims });
    return div(squares, Math.max(0, count - correction));
  });
  return record(varianceOp, y, [x], { x }, attrs);
}

const stdOp = defineOp<Extreme, VarianceAttrs>('std', (g, { saved: { x, y }, attrs }) => {
  const { axes, correction } = attrs;
  const divisor = Math.max(0, reducedCount(x.shape, axes) - correction);
  return [mul(deviations(x, axes), kept(mul(slopeOfRoot(g, y), 1 / divisor), x.shape, axes))];
});

/** g / y; 0 where y is: equal values have no slope, and 0 is a subgradient, as in PyTorch. */
function slopeOfRoot(g: Tensor, y: Tensor): Tensor {
  const zero = equal(y, 0);
  return where(zero, 0, div(g, where(zero, 1, y)));
}

/** Standard deviation, the root of {@link variance}. Equal values have the gradient 0. */
export function std(x: Tensor, axes?: Axes, options: VarianceOptions = {}): Tensor {
  checkFloat(x, 'std');
  checkOptions('std', options, VARIANCE);
  const { keepDims = false, correction = 1 } = options;
  const attrs: VarianceAttrs = { axes: normalizeAxes(axes, x.rank, 'std'), keepDims, correction };
  const y = unrecorded(() => sqrt(variance(x, attrs.axes, options)));
  return record(stdOp, y, [x], { x, y }, attrs);
}

/** Σ x² over axes (all by default). */
export function sumSquares(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  checkFloat(x, 'sumSquares');
  const attrs = reduceAttrs('sumSquares', x, axes, options);
  const y = reduced('sumSquares', ReduceOp.sumSquares, x, attrs);
  return record(sumSquaresOp, y, [x], { x }, attrs);
}

export interface VectorNormOptions extends ReduceOptions {
  /** The order, above 0; Infinity gives the largest magnitude. Default: 2. */
  p?: number;
}

const NORM: OptionNames<VectorNormOptions> = { ...REDUCE, p: true };

interface NormAttrs extends ReduceAttrs {
  readonly p: number;
}

const sumAbsOp = defineOp<{ x: Tensor }, NormAttrs>('norm', (g, { saved: { x }, attrs }) => [
  mul(sign(x), kept(g, x.shape, attrs.axes)),
]);
const euclideanOp = defineOp<Extreme, NormAttrs>('norm', (g, { saved: { x, y }, attrs }) => [
  mul(x, kept(slopeOfRoot(g, y), x.shape, attrs.axes)),
]);
/** sign(x)·(|x| / y)ᵖ⁻¹; zeros have the gradient 0, as in PyTorch. */
const powerNormOp = defineOp<Extreme, NormAttrs>('norm', (g, { saved: { x, y }, attrs }) => {
  const { p, axes } = attrs;
  const [zero, none] = [equal(x, 0), equal(y, 0)];
  const direction = where(zero, 0, mul(sign(x), pow(abs(where(zero, 1, x)), p - 1)));
  const slope = where(none, 0, mul(g, pow(where(none, 1, y), 1 - p)));
  return [mul(direction, kept(slope, x.shape, axes))];
});

/** The p-norm over axes (all by default): (Σ|x|ᵖ)^(1/p). */
export function norm(x: Tensor, axes?: Axes, options: VectorNormOptions = {}): Tensor {
  checkFloat(x, 'norm');
  checkOptions('norm', options, NORM);
  const { p = 2, keepDims = false } = options;
  if (!(p > 0)) throw new ArgumentError(`norm: p is ${p}, expected a number > 0 or Infinity`);
  const attrs: NormAttrs = { p, axes: normalizeAxes(axes, x.rank, 'norm'), keepDims };
  if (p === 1) {
    return record(sumAbsOp, reduced('norm', ReduceOp.sumAbs, x, attrs), [x], { x }, attrs);
  }
  if (p === 2) {
    const y = unrecorded(() => sqrt(reduced('norm', ReduceOp.sumSquares, x, attrs)));
    return record(euclideanOp, y, [x], { x, y }, attrs);
  }
  if (p === Number.POSITIVE_INFINITY) return composite(() => max(abs(x), attrs.axes, { keepDims }));
  const y = unrecorded(() => pow(sum(pow(abs(x), p), attrs.axes, { keepDims }), 1 / p));
  return record(powerNormOp, y, [x], { x, y }, attrs);
}

interface ArgAttrs {
  /** Absent: of the flattened tensor. */
  readonly axis?: number;
  readonly keepDims: boolean;
}

const argmaxOp = defineOp<Nothing, ArgAttrs>('argmax');
const argminOp = defineOp<Nothing, ArgAttrs>('argmin');

function argReduce(
  op: typeof argmaxOp,
  code: ArgOp,
  x: Tensor,
  axis: number | undefined,
  options: ReduceOptions,
): Tensor {
  const { name } = op;
  checkTensor(x, name);
  checkOptions(name, options, REDUCE);
  const { keepDims = false } = options;
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
  return record(op, out, [x], {}, flat ? { keepDims } : { axis: at, keepDims });
}

/** Index of the first largest element along an axis, or of the flattened tensor. int32, no gradient. */
export function argmax(x: Tensor, axis?: number, options: ReduceOptions = {}): Tensor {
  return argReduce(argmaxOp, ArgOp.max, x, axis, options);
}

/** Index of the first smallest element along an axis, or of the flattened tensor. int32, no gradient. */
export function argmin(x: Tensor, axis?: number, options: ReduceOptions = {}): Tensor {
  return argReduce(argminOp, ArgOp.min, x, axis, options);
}

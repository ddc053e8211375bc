import { ArgOp, ReduceOp } from '../backend/kernels/index.js';
import { kernels } from '../backend/select.js';
import { ArgumentError, DTypeError, ShapeError } from '../errors.js';
import { record } from '../tape/node.js';
import { isFloat } from '../tensor/dtype.js';
import {
  broadcastsTo,
  dim,
  formatShape,
  normalizeAxes,
  normalizeAxis,
  type Shape,
  sameShape,
  splitAtAxis,
} from '../tensor/shape.js';
import { empty, releaseTemporary, rowMajor, type Tensor } from '../tensor/tensor.js';
import { abs, cast, div, equal, mul, pow, sign, sqrt, sub, where } from './elementwise.js';
import { composite, unrecorded } from './kit/composite.js';
import {
  checkFloat,
  checkTensor,
  converted,
  defineOp,
  ints,
  memoryOrder,
  numbers,
} from './kit/define.js';
import { flip, type PadWidth, pad } from './slice.js';
import { expand, reshape } from './view.js';

/** One axis or several, negative from the end; all when undefined. */
export type Axes = number | readonly number[] | undefined;

interface ReduceAttrs {
  readonly axes: readonly number[];
  readonly shape: Shape;
  /** Number of elements behind each result. */
  readonly count: number;
}

/** A run of neighbouring axes in memory that are all reduced, or all kept. */
interface Run {
  size: number;
  readonly reduced: boolean;
}

function runsOf(x: Tensor, axes: readonly number[]): Run[] {
  const runs: Run[] = [];
  for (const axis of memoryOrder(x.rank, x.layout)) {
    const reduced = axes.includes(axis);
    const last = runs[runs.length - 1];
    if (last && last.reduced === reduced) last.size *= dim(x.shape, axis);
    else runs.push({ size: dim(x.shape, axis), reduced });
  }
  return runs;
}

/** True if the kept axes have the same order in memory as in the shape, so that the result is row-major. */
function keepsOrder(x: Tensor, axes: readonly number[]): boolean {
  const kept = memoryOrder(x.rank, x.layout).filter(
    (axis) => !axes.includes(axis) && dim(x.shape, axis) !== 1,
  );
  return kept.every((axis, i) => i === 0 || axis > (kept[i - 1] ?? 0));
}

function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  if (keepDims) return shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  return shape.filter((_, axis) => !axes.includes(axis));
}

/** Later passes over partial results: squares and magnitudes are summed, once taken. */
function combining(op: ReduceOp): ReduceOp {
  return op === ReduceOp.sumSquares || op === ReduceOp.sumAbs ? ReduceOp.sum : op;
}

/** Reduces runs of axes from the innermost outwards; one kernel for each run. */
function reduceKernel(x: Tensor, axes: readonly number[], op: ReduceOp): Tensor {
  const source = keepsOrder(x, axes) ? x : rowMajor(x);
  const runs = runsOf(source, axes);
  const target = reducedShape(x.shape, axes, false);
  let current = source;
  let code = op;
  for (let i = runs.length - 1; i >= 0; i--) {
    const run = runs[i];
    if (!run?.reduced) continue;
    const outer = runs.slice(0, i).reduce((n, r) => n * r.size, 1);
    const inner = runs.slice(i + 1).reduce((n, r) => n * (r.reduced ? 1 : r.size), 1);
    const isLast = !runs.slice(0, i).some((r) => r.reduced);
    const out = empty(isLast ? target : [outer, inner], x.dtype);
    kernels().reduce(numbers(out), numbers(current), outer, run.size, inner, code);
    if (current !== source) current.dispose();
    current = out;
    code = combining(op);
    run.size = 1;
  }
  releaseTemporary(source, x);
  return current;
}

/** The gradient of a reduction, seen in the shape of its input. */
function restored(g: Tensor, { axes, shape }: ReduceAttrs): Tensor {
  return expand(reshape(g, reducedShape(shape, axes, true)), shape);
}

function withKeptDims(y: Tensor, { axes, shape }: ReduceAttrs): Tensor {
  return reshape(y, reducedShape(shape, axes, true));
}

const sumOp = defineOp<ReduceAttrs>('sum', (g, node) => [restored(g, node.attrs)]);
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
  return pad(x, [[by, -by], ...still], { value: 1 });
}

const sumSquaresOp = defineOp<ReduceAttrs>('sumSquares', (g, node) => [
  mul(mul(node.saved(0), 2), withKeptDims(g, node.attrs)),
]);
const sumAbsOp = defineOp<ReduceAttrs>('sumAbs', (g, node) => [
  mul(sign(node.saved(0)), withKeptDims(g, node.attrs)),
]);

/** How one reduction differs from the others. */
interface Reduction {
  readonly op: ReturnType<typeof defineOp<ReduceAttrs>>;
  readonly code: ReduceOp;
  readonly saves: 'nothing' | 'input' | 'both';
}

const SUM: Reduction = { op: sumOp, code: ReduceOp.sum, saves: 'nothing' };
const MEAN: Reduction = { op: meanOp, code: ReduceOp.mean, saves: 'nothing' };
const MAX: Reduction = { op: extremeOp, code: ReduceOp.max, saves: 'both' };
const MIN: Reduction = { op: extremeOp, code: ReduceOp.min, saves: 'both' };
const PROD: Reduction = { op: prodOp, code: ReduceOp.prod, saves: 'input' };
const SUM_SQUARES: Reduction = { op: sumSquaresOp, code: ReduceOp.sumSquares, saves: 'input' };
const SUM_ABS: Reduction = { op: sumAbsOp, code: ReduceOp.sumAbs, saves: 'input' };

function reduction(
  x: Tensor,
  name: string,
  { op, code, saves }: Reduction,
  axes: Axes,
  keepDims: boolean,
): Tensor {
  checkTensor(x, name);
  const list = normalizeAxes(axes, x.rank, name);
  const count = list.reduce((n, axis) => n * dim(x.shape, axis), 1);
  if (count === 0 && (code === ReduceOp.max || code === ReduceOp.min)) {
    throw new ShapeError(
      `${name}: ${formatShape(x.shape)} has nothing to choose from along axes ${formatShape(list)}`,
    );
  }
  const input = x.dtype === 'uint8' ? converted(x, 'int32') : x;
  const attrs: ReduceAttrs = { axes: list, shape: x.shape, count };
  const reduced =
    list.length === 0 ? elementwiseReduction(input, code) : reduceKernel(input, list, code);
  const out = keepDims ? reduced.share(reducedShape(x.shape, list, true), 0, 'rowMajor') : reduced;
  releaseTemporary(reduced, out);
  releaseTemporary(input, x);
  const saved = saves === 'nothing' ? [] : saves === 'input' ? [x] : [x, out];
  return record(op, out, [x], saved, attrs);
}

/** A reduction over no axes: every element by itself. */
function elementwiseReduction(x: Tensor, code: ReduceOp): Tensor {
  const source = rowMajor(x);
  const out = empty(x.shape, x.dtype);
  kernels().reduce(numbers(out), numbers(source), x.size, 1, 1, code);
  releaseTemporary(source, x);
  return out;
}

/** Sum over axes (all by default). int32 wraps. */
export function sum(x: Tensor, axes?: Axes, keepDims = false): Tensor {
  return reduction(x, 'sum', SUM, axes, keepDims);
}

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

/** Sums x down to a shape that broadcasts to x's: the gradient of broadcasting. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  if (!isFloat(x.dtype)) throw new DTypeError(`sumTo: x is ${x.dtype}, expected floats`);
  if (!broadcastsTo(shape, x.shape)) {
    throw new ShapeError(
      `sumTo: ${formatShape(shape)} does not broadcast to ${formatShape(x.shape)}`,
    );
  }
  const extra = x.rank - shape.length;
  const axes: number[] = [];
  for (let axis = 0; axis < x.rank; axis++) {
    if (axis < extra || (shape[axis - extra] === 1 && dim(x.shape, axis) !== 1)) axes.push(axis);
  }
  const reduced = sum(x, axes);
  if (sameShape(reduced.shape, shape)) return reduced;
  const out = reshape(reduced, shape);
  reduced.dispose();
  return out;
}

import { record } from '../autograd/node.js';
import type { Geometry } from '../backend/kernels.js';
import { kernels } from '../backend/select.js';
import { ShapeError } from '../tensor/errors.js';
import { dim, formatShape, type Shape } from '../tensor/shape.js';
import { empty, inLayout, releaseTemporary, Tensor } from '../tensor/tensor.js';
import { composite } from './composite.js';
import { checkFloat, defineOp, floats, ints } from './define.js';
import { checkInteger, type Pair, perAxis } from './options.js';
import { reshape } from './view.js';
import { geometryOf, imageShape, windowPositions } from './window.js';

interface PoolAttrs {
  readonly geometry: Geometry;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
}

// --- maximum ------------------------------------------------------------------------------------------------

const maxPoolOp = defineOp<PoolAttrs>('maxPool2d', (g, node) => [
  maxPoolGrad(g, node.saved(0), node.attrs),
]);
const maxPoolGradOp = defineOp<PoolAttrs>('maxPool2dGrad', (g, node) => [
  maxPoolGather(g, node.saved(0), node.attrs),
]);
const maxPoolGatherOp = defineOp<PoolAttrs>('maxPool2dGather', (g, node) => [
  maxPoolGrad(g, node.saved(0), node.attrs),
]);

/** The largest elements, and where in its plane each was found. */
function largest(x: Tensor, attrs: PoolAttrs): PooledWithIndices {
  const image = inLayout(x, 'channelsLast');
  const output = empty(attrs.outputShape, x.dtype, 'channelsLast');
  const indices = empty(attrs.outputShape, 'int32', 'channelsLast');
  kernels().maxPool2d(floats(output), ints(indices), floats(image), attrs.geometry);
  releaseTemporary(image, x);
  return { output: record(maxPoolOp, output, [x], [indices], attrs), indices };
}

/** Gradients sent back to the elements that were chosen. */
function maxPoolGrad(g: Tensor, indices: Tensor, attrs: PoolAttrs): Tensor {
  const dy = inLayout(g, 'channelsLast');
  const out = empty(attrs.inputShape, g.dtype, 'channelsLast');
  kernels().maxPool2dGrad(floats(out), floats(dy), ints(indices), attrs.geometry);
  releaseTemporary(dy, g);
  return record(maxPoolGradOp, out, [g], [indices], attrs);
}

/** The elements of x at the places that were chosen: the transpose of {@link maxPoolGrad}. */
function maxPoolGather(x: Tensor, indices: Tensor, attrs: PoolAttrs): Tensor {
  const image = inLayout(x, 'channelsLast');
  const out = empty(attrs.outputShape, x.dtype, 'channelsLast');
  kernels().maxPool2dGather(floats(out), floats(image), ints(indices), attrs.geometry);
  releaseTemporary(image, x);
  return record(maxPoolGatherOp, out, [x], [indices], attrs);
}

// --- average ------------------------------------------------------------------------------------------------

interface AvgPoolAttrs extends PoolAttrs {
  /** Padding at the bottom and the right, whether padding counts, and the divisor or 0, as kernels take them. */
  readonly rest: readonly [number, number, number, number];
}

const avgPoolOp = defineOp<AvgPoolAttrs>('avgPool2d', (g, node) => [avgPoolGrad(g, node.attrs)]);
const avgPoolGradOp = defineOp<AvgPoolAttrs>('avgPool2dGrad', (g, node) => [
  averages(g, node.attrs),
]);

function averages(x: Tensor, attrs: AvgPoolAttrs): Tensor {
  const image = inLayout(x, 'channelsLast');
  const out = empty(attrs.outputShape, x.dtype, 'channelsLast');
  kernels().avgPool2d(floats(out), floats(image), attrs.geometry, ...attrs.rest);
  releaseTemporary(image, x);
  return record(avgPoolOp, out, [x], [], attrs);
}

function avgPoolGrad(g: Tensor, attrs: AvgPoolAttrs): Tensor {
  const dy = inLayout(g, 'channelsLast');
  const out = empty(attrs.inputShape, g.dtype, 'channelsLast');
  kernels().avgPool2dGrad(floats(out), floats(dy), attrs.geometry, ...attrs.rest);
  releaseTemporary(dy, g);
  return record(avgPoolGradOp, out, [g], [], attrs);
}

// --- checks -------------------------------------------------------------------------------------------------

interface PoolOptions {
  readonly stride?: number | readonly number[];
  readonly padding?: number | readonly number[];
  readonly dilation?: number | readonly number[];
  readonly ceilMode?: boolean;
}

interface PoolPlan extends PoolAttrs {
  readonly padding: readonly number[];
}

/** Checks shapes and options, and works out the result's shape; a sequence becomes an image of height 1. */
function planPool(
  op: string,
  rank: number,
  x: Tensor,
  kernel: number | readonly number[],
  options: PoolOptions,
): PoolPlan {
  checkFloat(x, op);
  if (x.rank !== rank) {
    const axes = rank === 4 ? 'H, W' : 'L';
    throw new ShapeError(`${op}: input ${formatShape(x.shape)}, expected [N, C, ${axes}]`);
  }
  const sizes = perAxis(kernel, rank - 2, 'kernel', op, 1);
  const stride = perAxis(options.stride ?? sizes, rank - 2, 'stride', op, 1);
  const padding = perAxis(options.padding ?? 0, rank - 2, 'padding', op, 0);
  const dilation = perAxis(options.dilation ?? 1, rank - 2, 'dilation', op, 1);
  if (padding.some((width, i) => width > Math.floor(dim(sizes, i) / 2))) {
    throw new ShapeError(
      `${op}: padding ${formatShape(padding)} is more than half of kernel ${formatShape(sizes)}`,
    );
  }
  const window = { kernel: sizes, stride, padBefore: padding, padAfter: padding, dilation };
  const positions = windowPositions(op, x.shape, window, options.ceilMode ?? false);
  const channels = dim(x.shape, 1);
  const output = [dim(x.shape, 0), channels, ...positions];
  return {
    geometry: geometryOf(op, x.shape, output, window, channels),
    inputShape: imageShape(x.shape),
    outputShape: imageShape(output),
    padding,
  };
}

/** A sequence as an image of height 1. */
function asImage(x: Tensor, { inputShape }: PoolAttrs): Tensor {
  return reshape(x, inputShape);
}

/** An image of height 1 as a sequence. */
function asSequence(y: Tensor): Tensor {
  return reshape(y, [dim(y.shape, 0), dim(y.shape, 1), dim(y.shape, 3)]);
}

// --- the ops ------------------------------------------------------------------------------------------------

export interface PooledWithIndices {
  output: Tensor;
  /** Where each element was found: its position h·W + w in its plane, int32, of the output's shape. */
  indices: Tensor;
}

/** What max pooling returns: the output, and with `returnIndices: true` the positions of its elements, too. */
export type MaxPooled<I extends boolean> = I extends true ? PooledWithIndices : Tensor;

export interface ReturnIndicesOption<I extends boolean = false> {
  /** Returns `{ output, indices }`, for {@link maxUnpool2d}. Default: false. */
  returnIndices?: I;
}

/** As much of what was found as is asked for. */
function maxPooled<I extends boolean>(
  found: PooledWithIndices,
  { returnIndices }: ReturnIndicesOption<I>,
): MaxPooled<I> {
  if (!returnIndices) found.indices.dispose();
  return (returnIndices ? found : found.output) as MaxPooled<I>;
}

/** The output and, if they are there, the positions, each as `fn` changes it. @internal */
export function changed<I extends boolean>(
  pooled: MaxPooled<I>,
  fn: (each: Tensor, isIndex: boolean) => Tensor,
): MaxPooled<I> {
  const found: Tensor | PooledWithIndices = pooled;
  if (found instanceof Tensor) return fn(found, false) as MaxPooled<I>;
  return { output: fn(found.output, false), indices: fn(found.indices, true) } as MaxPooled<I>;
}

export interface MaxPool2dOptions<I extends boolean = false> extends ReturnIndicesOption<I> {
  /** Step between windows. Default: the kernel's size. */
  stride?: Pair;
  /** Padding that never wins; at most half of the kernel. Default: 0. */
  padding?: Pair;
  /** Distance between the elements of a window. Default: 1. */
  dilation?: Pair;
  /** Rounds the output's size up, as long as the last window starts inside the input. Default: false. */
  ceilMode?: boolean;
}

/**
 * Largest element of each window; NaN if any is. The first of equals receives the gradient. The position of an
 * element is −1 where dilation lets a window cover padding only.
 * @param x [N, C, H, W]
 * @param kernel size of the window
 * @returns [N, C, P, Q], P = ⌊(H + 2·padding − dilation·(kernel − 1) − 1)/stride⌋ + 1, Q likewise
 */
export function maxPool2d<I extends boolean = false>(
  x: Tensor,
  kernel: Pair,
  options: MaxPool2dOptions<I> = {},
): MaxPooled<I> {
  const { geometry, inputShape, outputShape } = planPool('maxPool2d', 4, x, kernel, options);
  return maxPooled(largest(x, { geometry, inputShape, outputShape }), options);
}

export interface AvgPool2dOptions {
  /** Step between windows. Default: the kernel's size. */
  stride?: Pair;
  /** Zeros around the input; at most half of the kernel. Default: 0. */
  padding?: Pair;
  /** Rounds the output's size up, as long as the last window starts inside the input. Default: false. */
  ceilMode?: boolean;
  /** Whether padding counts as elements of a window. Default: true. */
  countIncludePad?: boolean;
  /** Divides every sum by this, instead of by the number of elements. */
  divisorOverride?: number;
}

interface AverageOptions extends PoolOptions {
  readonly countIncludePad?: boolean;
  readonly divisorOverride?: number;
}

function planAverage(
  op: string,
  rank: number,
  x: Tensor,
  kernel: number | readonly number[],
  options: AverageOptions,
): AvgPoolAttrs {
  const { divisorOverride, countIncludePad = true } = options;
  if (divisorOverride !== undefined) checkInteger(divisorOverride, 'divisorOverride', op, 1);
  const { geometry, inputShape, outputShape, padding } = planPool(op, rank, x, kernel, options);
  const [bottom, right] = rank === 4 ? [dim(padding, 0), dim(padding, 1)] : [0, dim(padding, 0)];
  const rest = [bottom, right, countIncludePad ? 1 : 0, divisorOverride ?? 0] as const;
  return { geometry, inputShape, outputShape, rest };
}

/**
 * Mean of each window.
 * @param x [N, C, H, W]
 * @param kernel size of the window
 * @returns [N, C, P, Q], P = ⌊(H + 2·padding − kernel)/stride⌋ + 1, Q likewise
 */
export function avgPool2d(x: Tensor, kernel: Pair, options: AvgPool2dOptions = {}): Tensor {
  return averages(x, planAverage('avgPool2d', 4, x, kernel, options));
}

export interface MaxPool1dOptions<I extends boolean = false> extends ReturnIndicesOption<I> {
  /** Step between windows. Default: the kernel's size. */
  stride?: number;
  /** Padding that never wins; at most half of the kernel. Default: 0. */
  padding?: number;
  /** Distance between the elements of a window. Default: 1. */
  dilation?: number;
  /** Rounds the output's size up, as long as the last window starts inside the input. Default: false. */
  ceilMode?: boolean;
}

/** Largest element of each window of a sequence [N, C, L]; see {@link maxPool2d}. */
export function maxPool1d<I extends boolean = false>(
  x: Tensor,
  kernel: number,
  options: MaxPool1dOptions<I> = {},
): MaxPooled<I> {
  const { geometry, inputShape, outputShape } = planPool('maxPool1d', 3, x, kernel, options);
  const attrs = { geometry, inputShape, outputShape };
  return composite(() =>
    changed(maxPooled(largest(asImage(x, attrs), attrs), options), asSequence),
  );
}

export interface AvgPool1dOptions {
  /** Step between windows. Default: the kernel's size. */
  stride?: number;
  /** Zeros at both ends; at most half of the kernel. Default: 0. */
  padding?: number;
  /** Rounds the output's size up, as long as the last window starts inside the input. Default: false. */
  ceilMode?: boolean;
  /** Whether padding counts as elements of a window. Default: true. */
  countIncludePad?: boolean;
}

/** Mean of each window of a sequence [N, C, L]; see {@link avgPool2d}. */
export function avgPool1d(x: Tensor, kernel: number, options: AvgPool1dOptions = {}): Tensor {
  const attrs = planAverage('avgPool1d', 3, x, kernel, options);
  return composite(() => asSequence(averages(asImage(x, attrs), attrs)));
}

import {
  type Averaging,
  type Geometry,
  type Packed,
  packAveraging,
} from '../../backend/kernels/index.js';
import { kernels } from '../../backend/select.js';
import { ShapeError } from '../../errors.js';
import { record } from '../../tape/node.js';
import { dim, formatShape, type Shape } from '../../tensor/shape.js';
import { empty, inLayout, releaseTemporary, type Tensor } from '../../tensor/tensor.js';
import { defineOp, floats, ints } from '../kit/define.js';
import { asImages, type SpatialAxes, withBatch } from '../kit/imageAxes.js';
import { checkNonZero, type Pair, perAxis } from '../kit/options.js';
import { geometryOf, imageShape, windowPositions } from '../kit/window.js';
import {
  type MaxPooled,
  maxPooled,
  type PooledWithIndices,
  type ReturnIndicesOption,
} from './maxPooled.js';

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
  readonly averaging: Packed<Averaging>;
}

const avgPoolOp = defineOp<AvgPoolAttrs>('avgPool2d', (g, node) => [avgPoolGrad(g, node.attrs)]);
const avgPoolGradOp = defineOp<AvgPoolAttrs>('avgPool2dGrad', (g, node) => [
  averages(g, node.attrs),
]);

function averages(x: Tensor, attrs: AvgPoolAttrs): Tensor {
  const image = inLayout(x, 'channelsLast');
  const out = empty(attrs.outputShape, x.dtype, 'channelsLast');
  kernels().avgPool2d(floats(out), floats(image), attrs.geometry, attrs.averaging);
  releaseTemporary(image, x);
  return record(avgPoolOp, out, [x], [], attrs);
}

function avgPoolGrad(g: Tensor, attrs: AvgPoolAttrs): Tensor {
  const dy = inLayout(g, 'channelsLast');
  const out = empty(attrs.inputShape, g.dtype, 'channelsLast');
  kernels().avgPool2dGrad(floats(out), floats(dy), attrs.geometry, attrs.averaging);
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
  x: Shape,
  kernel: number | readonly number[],
  options: PoolOptions,
): PoolPlan {
  const axes = x.length - 2;
  const sizes = perAxis(kernel, axes, 'kernel', op, 1);
  const stride = perAxis(options.stride ?? sizes, axes, 'stride', op, 1);
  const padding = perAxis(options.padding ?? 0, axes, 'padding', op, 0);
  const dilation = perAxis(options.dilation ?? 1, axes, 'dilation', op, 1);
  if (padding.some((width, i) => width > Math.floor(dim(sizes, i) / 2))) {
    throw new ShapeError(
      `${op}: padding ${formatShape(padding)} is more than half of kernel ${formatShape(sizes)}`,
    );
  }
  const window = { kernel: sizes, stride, padBefore: padding, padAfter: padding, dilation };
  const positions = windowPositions(op, x, window, options.ceilMode ?? false);
  const channels = dim(x, 1);
  const output = [dim(x, 0), channels, ...positions];
  return {
    geometry: geometryOf(op, x, output, window, channels),
    inputShape: imageShape(x),
    outputShape: imageShape(output),
    padding,
  };
}

// --- the ops ------------------------------------------------------------------------------------------------

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

interface MaxOptions<I extends boolean> extends PoolOptions, ReturnIndicesOption<I> {}

function maxPool<I extends boolean>(
  op: string,
  axes: SpatialAxes,
  x: Tensor,
  kernel: number | readonly number[],
  options: MaxOptions<I>,
): MaxPooled<I> {
  return withBatch<I>(op, axes, x, (batch) => {
    const plan = planPool(op, batch.shape, kernel, options);
    return asImages<I>(batch, (images) => maxPooled(largest(images, plan), options));
  });
}

/**
 * Largest element of each window; NaN if any is. The first of equals receives the gradient. The position of an
 * element is −1 where dilation lets a window cover padding only.
 * @param x [N, C, H, W] or [C, H, W]
 * @param kernel size of the window
 * @returns [N, C, P, Q] or [C, P, Q], P = ⌊(H + 2·padding − dilation·(kernel − 1) − 1)/stride⌋ + 1, Q likewise
 */
export function maxPool2d<I extends boolean = false>(
  x: Tensor,
  kernel: Pair,
  options: MaxPool2dOptions<I> = {},
): MaxPooled<I> {
  return maxPool('maxPool2d', 2, x, kernel, options);
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
  /** Divides every sum by this integer, which is not 0, instead of by the number of elements. */
  divisorOverride?: number;
}

interface AverageOptions extends PoolOptions {
  readonly countIncludePad?: boolean;
  readonly divisorOverride?: number;
}

function planAverage(
  op: string,
  x: Shape,
  kernel: number | readonly number[],
  options: AverageOptions,
): AvgPoolAttrs {
  const { divisorOverride, countIncludePad = true } = options;
  if (divisorOverride !== undefined) checkNonZero(divisorOverride, 'divisorOverride', op);
  const { padding, ...plan } = planPool(op, x, kernel, options);
  const [bottom, right] =
    padding.length === 2 ? [dim(padding, 0), dim(padding, 1)] : [0, dim(padding, 0)];
  const averaging = packAveraging({
    padBottom: bottom,
    padRight: right,
    countPadding: countIncludePad ? 1 : 0,
    divisor: divisorOverride ?? 0,
  });
  return { ...plan, averaging };
}

function avgPool(
  op: string,
  axes: SpatialAxes,
  x: Tensor,
  kernel: number | readonly number[],
  options: AverageOptions,
): Tensor {
  return withBatch(op, axes, x, (batch) => {
    const plan = planAverage(op, batch.shape, kernel, options);
    return asImages(batch, (images) => averages(images, plan));
  });
}

/**
 * Mean of each window.
 * @param x [N, C, H, W] or [C, H, W]
 * @param kernel size of the window
 * @returns [N, C, P, Q] or [C, P, Q], P = ⌊(H + 2·padding − kernel)/stride⌋ + 1, Q likewise
 */
export function avgPool2d(x: Tensor, kernel: Pair, options: AvgPool2dOptions = {}): Tensor {
  return avgPool('avgPool2d', 2, x, kernel, options);
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

/** Largest element of each window of sequences [N, C, L] or [C, L]; see {@link maxPool2d}. */
export function maxPool1d<I extends boolean = false>(
  x: Tensor,
  kernel: number,
  options: MaxPool1dOptions<I> = {},
): MaxPooled<I> {
  return maxPool('maxPool1d', 1, x, kernel, options);
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

/** Mean of each window of sequences [N, C, L] or [C, L]; see {@link avgPool2d}. */
export function avgPool1d(x: Tensor, kernel: number, options: AvgPool1dOptions = {}): Tensor {
  return avgPool('avgPool1d', 1, x, kernel, options);
}

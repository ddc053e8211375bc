import { kernels } from '../../backend/select.js';
import { ShapeError } from '../../errors.js';
import { checkOptions, type OptionNames } from '../../options.js';
import type { Nothing } from '../../tape/node.js';
import { record, recordAll } from '../../tape/record.js';
import { dim, formatShape, type Shape } from '../../tensor/shape.js';
import { empty, inLayout, releaseTemporary, type Tensor } from '../../tensor/tensor.js';
import { onImages } from '../images.js';
import { defineOp, floats, ints } from '../kit/define.js';
import { batchShape, checkAxes, imageShape } from '../kit/imageAxes.js';
import { checkNonZero, type Pair, perAxis } from '../kit/options.js';
import { geometryOf, windowPositions } from '../kit/window.js';
import {
  type MaxPooled,
  maxPooled,
  type PooledWithIndices,
  pooledImages,
  type ReturnIndicesOption,
} from './maxPooled.js';
import { AvgPoolAttrs, MaxPoolAttrs, type PoolWindow } from './poolAttrs.js';

// --- maximum ------------------------------------------------------------------------------------------------

type Indices = { readonly indices: Tensor };

const maxPoolOp = defineOp<Indices, MaxPoolAttrs>('maxPool2d', (g, { saved, attrs }) => [
  maxPoolGrad(g, saved.indices, attrs),
]);
const maxPoolGradOp = defineOp<Indices, MaxPoolAttrs>('maxPool2dGrad', (g, { saved, attrs }) => [
  maxPoolGather(g, saved.indices, attrs),
  null,
]);
const maxPoolGatherOp = defineOp<Indices, MaxPoolAttrs>(
  'maxPool2dGather',
  (g, { saved, attrs }) => [maxPoolGrad(g, saved.indices, attrs), null],
);

/** The largest elements, and where in its plane each was found. */
function largest(x: Tensor, attrs: MaxPoolAttrs): PooledWithIndices {
  const image = inLayout(x, 'channelsLast');
  const output = empty(attrs.outputShape, x.dtype, 'channelsLast');
  const indices = empty(attrs.outputShape, 'int32', 'channelsLast');
  kernels().maxPool2d(floats(output), ints(indices), floats(image), attrs.geometry);
  releaseTemporary(image, x);
  recordAll(maxPoolOp, [output, indices], [x], { indices }, attrs);
  return { output, indices };
}

/** Gradients sent back to the elements that were chosen. */
function maxPoolGrad(g: Tensor, indices: Tensor, attrs: MaxPoolAttrs): Tensor {
  const dy = inLayout(g, 'channelsLast');
  const out = empty(attrs.inputShape, g.dtype, 'channelsLast');
  kernels().maxPool2dGrad(floats(out), floats(dy), ints(indices), attrs.geometry);
  releaseTemporary(dy, g);
  return record(maxPoolGradOp, out, [g, indices], { indices }, attrs);
}

/** The elements of x at the places that were chosen: the transpose of {@link maxPoolGrad}. */
function maxPoolGather(x: Tensor, indices: Tensor, attrs: MaxPoolAttrs): Tensor {
  const image = inLayout(x, 'channelsLast');
  const out = empty(attrs.outputShape, x.dtype, 'channelsLast');
  kernels().maxPool2dGather(floats(out), floats(image), ints(indices), attrs.geometry);
  releaseTemporary(image, x);
  return record(maxPoolGatherOp, out, [x, indices], { indices }, attrs);
}

// --- average ------------------------------------------------------------------------------------------------

const avgPoolOp = defineOp<Nothing, AvgPoolAttrs>('avgPool2d', (g, { attrs }) => [
  avgPoolGrad(g, attrs),
]);
const avgPoolGradOp = defineOp<Nothing, AvgPoolAttrs>('avgPool2dGrad', (g, { attrs }) => [
  averages(g, attrs),
]);

function averages(x: Tensor, attrs: AvgPoolAttrs): Tensor {
  const image = inLayout(x, 'channelsLast');
  const out = empty(attrs.outputShape, x.dtype, 'channelsLast');
  kernels().avgPool2d(floats(out), floats(image), attrs.geometry, attrs.averaging);
  releaseTemporary(image, x);
  return record(avgPoolOp, out, [x], {}, attrs);
}

function avgPoolGrad(g: Tensor, attrs: AvgPoolAttrs): Tensor {
  const dy = inLayout(g, 'channelsLast');
  const out = empty(attrs.inputShape, g.dtype, 'channelsLast');
  kernels().avgPool2dGrad(floats(out), floats(dy), attrs.geometry, attrs.averaging);
  releaseTemporary(dy, g);
  return record(avgPoolGradOp, out, [g], {}, attrs);
}

// --- checks -------------------------------------------------------------------------------------------------

interface PoolOptions {
  readonly stride?: number | readonly number[];
  readonly padding?: number | readonly number[];
  readonly dilation?: number | readonly number[];
  readonly ceilMode?: boolean;
}

/** Checks shapes and options, and works out the result's shape; a sequence becomes an image of height 1. */
function planPool(
  op: string,
  x: Shape,
  kernel: number | readonly number[],
  options: PoolOptions,
): PoolWindow {
  const axes = x.length - 2;
  const sizes = perAxis(kernel, axes, 'kernelSize', op, 1);
  const stride = perAxis(options.stride ?? sizes, axes, 'stride', op, 1);
  const padding = perAxis(options.padding ?? 0, axes, 'padding', op, 0);
  const dilation = perAxis(options.dilation ?? 1, axes, 'dilation', op, 1);
  if (padding.some((width, i) => width > Math.floor(dim(sizes, i) / 2))) {
    throw new ShapeError(
      `${op}: padding ${formatShape(padding)} is more than half of kernel ${formatShape(sizes)}`,
    );
  }
  const window = { kernel: sizes, stride, padBefore: padding, padAfter: padding, dilation };
  const { ceilMode = false } = options;
  const positions = windowPositions(op, x, window, ceilMode);
  const channels = dim(x, 1);
  const output = [dim(x, 0), channels, ...positions];
  return {
    window,
    ceilMode,
    geometry: geometryOf(op, x, output, window, channels),
    inputShape: imageShape(x),
    outputShape: imageShape(output),
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

const MAX_POOL: OptionNames<MaxPool2dOptions> = {
  stride: true,
  padding: true,
  dilation: true,
  ceilMode: true,
  returnIndices: true,
};

interface MaxOptions<I extends boolean> extends PoolOptions, ReturnIndicesOption<I> {}

function maxPool<I extends boolean>(
  op: string,
  axes: 1 | 2,
  x: Tensor,
  kernel: number | readonly number[],
  options: MaxOptions<I>,
): MaxPooled<I> {
  checkAxes(op, axes, x);
  const attrs = new MaxPoolAttrs(planPool(op, batchShape(x.shape, axes), kernel, options));
  return pooledImages<I>(x, axes, (images) => maxPooled(largest(images, attrs), options));
}

/**
 * Largest element of each window; NaN if any is. The first of equals receives the gradient. The position of an
 * element is −1 where dilation lets a window cover padding only.
 * @param x [N, C, H, W] or [C, H, W]
 * @param kernelSize size of the window
 * @returns [N, C, P, Q] or [C, P, Q], P = ⌊(H + 2·padding − dilation·(kernelSize − 1) − 1)/stride⌋ + 1, Q likewise
 */
export function maxPool2d<I extends boolean = false>(
  x: Tensor,
  kernelSize: Pair,
  options: MaxPool2dOptions<I> = {},
): MaxPooled<I> {
  checkOptions('maxPool2d', options, MAX_POOL);
  return maxPool('maxPool2d', 2, x, kernelSize, options);
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

const AVG_POOL_2D: OptionNames<AvgPool2dOptions> = {
  stride: true,
  padding: true,
  ceilMode: true,
  countIncludePad: true,
  divisorOverride: true,
};

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
  const plan = planPool(op, x, kernel, options);
  return new AvgPoolAttrs(plan, countIncludePad, divisorOverride ?? null);
}

function avgPool(
  op: string,
  axes: 1 | 2,
  x: Tensor,
  kernel: number | readonly number[],
  options: AverageOptions,
): Tensor {
  checkAxes(op, axes, x);
  const attrs = planAverage(op, batchShape(x.shape, axes), kernel, options);
  return onImages(x, axes, (images) => averages(images, attrs));
}

/**
 * Mean of each window.
 * @param x [N, C, H, W] or [C, H, W]
 * @param kernelSize size of the window
 * @returns [N, C, P, Q] or [C, P, Q], P = ⌊(H + 2·padding − kernelSize)/stride⌋ + 1, Q likewise
 */
export function avgPool2d(x: Tensor, kernelSize: Pair, options: AvgPool2dOptions = {}): Tensor {
  checkOptions('avgPool2d', options, AVG_POOL_2D);
  return avgPool('avgPool2d', 2, x, kernelSize, options);
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
  kernelSize: number,
  options: MaxPool1dOptions<I> = {},
): MaxPooled<I> {
  checkOptions('maxPool1d', options, MAX_POOL);
  return maxPool('maxPool1d', 1, x, kernelSize, options);
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

const AVG_POOL_1D: OptionNames<AvgPool1dOptions> = {
  stride: true,
  padding: true,
  ceilMode: true,
  countIncludePad: true,
};

/** Mean of each window of sequences [N, C, L] or [C, L]; see {@link avgPool2d}. */
export function avgPool1d(x: Tensor, kernelSize: number, options: AvgPool1dOptions = {}): Tensor {
  checkOptions('avgPool1d', options, AVG_POOL_1D);
  return avgPool('avgPool1d', 1, x, kernelSize, options);
}

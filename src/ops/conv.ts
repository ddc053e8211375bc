import { record } from '../autograd/node.js';
import type { Geometry } from '../backend/kernels.js';
import { kernels } from '../backend/select.js';
import { ShapeError } from '../tensor/errors.js';
import { isRecording } from '../tensor/scope.js';
import { dim, formatShape, type Shape, sameShape } from '../tensor/shape.js';
import { empty, inLayout, releaseTemporary, rowMajor, type Tensor } from '../tensor/tensor.js';
import { composite } from './composite.js';
import { checkFloat, checkSameDType, defineOp, floats } from './define.js';
import { checkInteger, type Pair, perAxis } from './options.js';
import { sum } from './reduce.js';
import { reshape } from './view.js';
import { geometryOf, imageShape, type SlidingWindow, windowPositions } from './window.js';

export type { Pair };

/** A convolution's shapes: x [N, C, H, W], weight [K, C/groups, R, S], y [N, K, P, Q]. */
export interface ConvAttrs {
  readonly geometry: Geometry;
  readonly inputShape: Shape;
  readonly weightShape: Shape;
  readonly outputShape: Shape;
}

// Convolution is bilinear, and so are its two gradients; each of the three has the other two as its gradients:
// y = x ∗ w, dx = inputGrad(dy, w), dw = weightGrad(dy, x).

const convOp = defineOp<ConvAttrs>('conv2d', (g, node) => {
  const dy = imageGradient(g);
  const { attrs } = node;
  return [
    node.needs(0) ? inputGrad(dy, node.saved(1), null, attrs) : null,
    node.needs(1) ? weightGrad(dy, node.saved(0), attrs) : null,
    node.needs(2) ? sum(dy, [0, 2, 3]) : null,
  ];
});
const inputGradOp = defineOp<ConvAttrs>('convTranspose2d', (g, node) => {
  const dx = imageGradient(g);
  const { attrs } = node;
  return [
    node.needs(0) ? convolve(dx, node.saved(1), null, attrs) : null,
    node.needs(1) ? weightGrad(node.saved(0), dx, attrs) : null,
    node.needs(2) ? sum(dx, [0, 2, 3]) : null,
  ];
});
const weightGradOp = defineOp<ConvAttrs>('conv2dWeightGrad', (dw, node) => [
  node.needs(0) ? convolve(node.saved(1), dw, null, node.attrs) : null,
  node.needs(1) ? inputGrad(node.saved(0), dw, null, node.attrs) : null,
]);

/** A gradient that several kernels read, brought into their layout once; as it is when the tape runs. */
function imageGradient(g: Tensor): Tensor {
  return isRecording() ? g : inLayout(g, 'channelsLast');
}

function convolve(x: Tensor, weight: Tensor, bias: Tensor | null, attrs: ConvAttrs): Tensor {
  const image = inLayout(x, 'channelsLast');
  const filters = rowMajor(weight);
  const out = empty(attrs.outputShape, x.dtype, 'channelsLast');
  const offset = bias === null ? null : floats(bias);
  kernels().conv2d(floats(out), floats(image), floats(filters), offset, attrs.geometry);
  releaseTemporary(image, x);
  releaseTemporary(filters, weight);
  return record(convOp, out, bias ? [x, weight, bias] : [x, weight], [x, weight], attrs);
}

/** The gradient of a convolution's input, which is also the transposed convolution of dy. */
function inputGrad(dy: Tensor, weight: Tensor, bias: Tensor | null, attrs: ConvAttrs): Tensor {
  const image = inLayout(dy, 'channelsLast');
  const filters = rowMajor(weight);
  const out = empty(attrs.inputShape, dy.dtype, 'channelsLast');
  const offset = bias === null ? null : floats(bias);
  kernels().conv2dInputGrad(floats(out), floats(image), floats(filters), offset, attrs.geometry);
  releaseTemporary(image, dy);
  releaseTemporary(filters, weight);
  return record(inputGradOp, out, bias ? [dy, weight, bias] : [dy, weight], [dy, weight], attrs);
}

function weightGrad(dy: Tensor, x: Tensor, attrs: ConvAttrs): Tensor {
  const gradient = inLayout(dy, 'channelsLast');
  const image = inLayout(x, 'channelsLast');
  const out = empty(attrs.weightShape, dy.dtype);
  kernels().conv2dWeightGrad(floats(out), floats(gradient), floats(image), attrs.geometry);
  releaseTemporary(gradient, dy);
  releaseTemporary(image, x);
  return record(weightGradOp, out, [dy, x], [dy, x], attrs);
}

// --- checks -------------------------------------------------------------------------------------------------

function checkOperands(
  op: string,
  rank: number,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
): void {
  checkFloat(x, op);
  checkFloat(weight, op, 'weight');
  if (bias !== null) checkFloat(bias, op, 'bias');
  checkSameDType(op, x, weight, ...(bias ? [bias] : []));
  const axes = rank === 4 ? 'H, W' : 'L';
  if (x.rank !== rank) {
    throw new ShapeError(`${op}: input ${formatShape(x.shape)}, expected [N, C, ${axes}]`);
  }
  if (weight.rank !== rank || weight.size === 0) {
    const kernel = rank === 4 ? 'R, S' : 'S';
    const layout = op.startsWith('convTranspose') ? 'in, out/groups' : 'out, in/groups';
    throw new ShapeError(
      `${op}: weight ${formatShape(weight.shape)}, expected [${layout}, ${kernel}] without empty axes`,
    );
  }
}

function checkBias(op: string, bias: Tensor | null, channels: number): void {
  if (bias !== null && !sameShape(bias.shape, [channels])) {
    throw new ShapeError(
      `${op}: bias ${formatShape(bias.shape)}, expected [${channels}], one number an output channel`,
    );
  }
}

function checkGroups(op: string, weight: Shape, groups: number): void {
  checkInteger(groups, 'groups', op, 1);
  if (dim(weight, 0) % groups !== 0) {
    throw new ShapeError(
      `${op}: groups=${groups} does not divide axis 0 of weight ${formatShape(weight)}`,
    );
  }
}

interface Padding {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

function paddingOf(
  op: string,
  padding: number | readonly number[] | 'same' | 'valid',
  { kernel, stride, dilation }: Pick<SlidingWindow, 'kernel' | 'stride' | 'dilation'>,
): Padding {
  if (padding === 'same') {
    if (stride.some((step) => step !== 1)) {
      throw new ShapeError(`${op}: padding 'same' with stride ${formatShape(stride)}, expected 1`);
    }
    // An odd total puts the extra one at the bottom and the right.
    const totals = kernel.map((size, i) => dim(dilation, i) * (size - 1));
    const before = totals.map((total) => Math.floor(total / 2));
    return { before, after: totals.map((total, i) => total - dim(before, i)) };
  }
  const widths = perAxis(padding === 'valid' ? 0 : padding, kernel.length, 'padding', op, 0);
  return { before: widths, after: widths };
}

export interface ConvOptions {
  readonly stride?: number | readonly number[];
  readonly padding?: number | readonly number[] | 'same' | 'valid';
  readonly dilation?: number | readonly number[];
  readonly groups?: number;
}

/** Checks shapes and options, and works out the result's shape; a sequence becomes an image of height 1. @internal */
export function planConv(op: string, x: Shape, weight: Shape, options: ConvOptions): ConvAttrs {
  const { groups = 1 } = options;
  checkGroups(op, weight, groups);
  const expected = dim(weight, 1) * groups;
  if (dim(x, 1) !== expected) {
    throw new ShapeError(
      `${op}: input ${formatShape(x)} has ${dim(x, 1)} channels, weight ${formatShape(weight)} with ` +
        `groups=${groups} expects ${expected}`,
    );
  }
  const kernel = weight.slice(2);
  const stride = perAxis(options.stride ?? 1, kernel.length, 'stride', op, 1);
  const dilation = perAxis(options.dilation ?? 1, kernel.length, 'dilation', op, 1);
  const { before, after } = paddingOf(op, options.padding ?? 0, { kernel, stride, dilation });
  const window = { kernel, stride, padBefore: before, padAfter: after, dilation };
  const output = [dim(x, 0), dim(weight, 0), ...windowPositions(op, x, window)];
  return {
    geometry: geometryOf(op, x, output, window, groups),
    inputShape: imageShape(x),
    weightShape: imageShape(weight),
    outputShape: imageShape(output),
  };
}

// --- the ops --------------------------------------------------------------------------------------------------

export interface Conv2dOptions {
  /** Step between windows. Default: 1. */
  stride?: Pair;
  /** Zeros around the input; 'same' keeps its size (stride 1 only), 'valid' is 0. Default: 0. */
  padding?: Pair | 'same' | 'valid';
  /** Distance between the kernel's taps. Default: 1. */
  dilation?: Pair;
  /** Groups of channels that are convolved apart; as many as channels for depthwise. Default: 1. */
  groups?: number;
}

/**
 * 2-D convolution (cross-correlation, as everywhere in the field).
 * @param x [N, C, H, W]
 * @param weight [K, C/groups, R, S]
 * @param bias [K]
 * @returns [N, K, P, Q], P = ⌊(H + 2·padding − dilation·(R − 1) − 1)/stride⌋ + 1, Q likewise
 */
export function conv2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: Conv2dOptions = {},
): Tensor {
  checkOperands('conv2d', 4, x, weight, bias);
  const attrs = planConv('conv2d', x.shape, weight.shape, options);
  checkBias('conv2d', bias, dim(weight.shape, 0));
  return convolve(x, weight, bias, attrs);
}

export interface Conv1dOptions {
  /** Step between windows. Default: 1. */
  stride?: number;
  /** Zeros at both ends; 'same' keeps the length (stride 1 only), 'valid' is 0. Default: 0. */
  padding?: number | 'same' | 'valid';
  /** Distance between the kernel's taps. Default: 1. */
  dilation?: number;
  /** Groups of channels that are convolved apart. Default: 1. */
  groups?: number;
}

/**
 * 1-D convolution.
 * @param x [N, C, L]
 * @param weight [K, C/groups, S]
 * @param bias [K]
 * @returns [N, K, Q], Q = ⌊(L + 2·padding − dilation·(S − 1) − 1)/stride⌋ + 1
 */
export function conv1d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: Conv1dOptions = {},
): Tensor {
  checkOperands('conv1d', 3, x, weight, bias);
  const attrs = planConv('conv1d', x.shape, weight.shape, options);
  checkBias('conv1d', bias, dim(weight.shape, 0));
  return composite(() => {
    const image = reshape(x, attrs.inputShape);
    const y = convolve(image, reshape(weight, attrs.weightShape), bias, attrs);
    return reshape(y, [dim(y.shape, 0), dim(y.shape, 1), dim(y.shape, 3)]);
  });
}

export interface ConvTranspose2dOptions {
  /** Step between windows of the output. Default: 1. */
  stride?: Pair;
  /** Pixels cut off around the output. Default: 0. */
  padding?: Pair;
  /** Pixels added to the output at the bottom and the right; less than stride or dilation. Default: 0. */
  outputPadding?: Pair;
  /** Distance between the kernel's taps. Default: 1. */
  dilation?: Pair;
  /** Groups of channels that are convolved apart. Default: 1. */
  groups?: number;
}

/** The convolution whose input gradient a transposed convolution is. */
function planTransposed(x: Shape, weight: Shape, options: ConvTranspose2dOptions): ConvAttrs {
  const op = 'convTranspose2d';
  const { groups = 1 } = options;
  checkGroups(op, weight, groups);
  if (dim(x, 1) !== dim(weight, 0)) {
    throw new ShapeError(
      `${op}: input ${formatShape(x)} has ${dim(x, 1)} channels, weight ${formatShape(weight)} expects ` +
        `${dim(weight, 0)}`,
    );
  }
  const kernel = weight.slice(2);
  const stride = perAxis(options.stride ?? 1, 2, 'stride', op, 1);
  const dilation = perAxis(options.dilation ?? 1, 2, 'dilation', op, 1);
  const padding = perAxis(options.padding ?? 0, 2, 'padding', op, 0);
  const extra = perAxis(options.outputPadding ?? 0, 2, 'outputPadding', op, 0);
  if (extra.some((size, i) => size >= dim(stride, i) && size >= dim(dilation, i))) {
    throw new ShapeError(
      `${op}: outputPadding ${formatShape(extra)}, expected less than stride ${formatShape(stride)} ` +
        `or dilation ${formatShape(dilation)}`,
    );
  }
  const sizes = kernel.map((size, i) => {
    const span = dim(dilation, i) * (size - 1) + 1;
    return (dim(x, i + 2) - 1) * dim(stride, i) + span - 2 * dim(padding, i) + dim(extra, i);
  });
  if (sizes.some((size) => size < 1) || x.slice(2).includes(0)) {
    throw new ShapeError(
      `${op}: input ${formatShape(x)} with kernel ${formatShape(kernel)} and padding ` +
        `${formatShape(padding)} gives an image of ${formatShape(sizes)}, expected at least 1 pixel`,
    );
  }
  const outputShape = [dim(x, 0), dim(weight, 1) * groups, ...sizes];
  const window = { kernel, stride, padBefore: padding, padAfter: padding, dilation };
  return {
    geometry: geometryOf(op, outputShape, x, window, groups),
    inputShape: outputShape,
    weightShape: weight,
    outputShape: x,
  };
}

/**
 * 2-D transposed convolution: the input gradient of {@link conv2d} as an op of its own (Zeiler et al. 2010).
 * @param x [N, C, H, W]
 * @param weight [C, K/groups, R, S]
 * @param bias [K]
 * @returns [N, K, P, Q], P = (H − 1)·stride − 2·padding + dilation·(R − 1) + outputPadding + 1, Q likewise
 */
export function convTranspose2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvTranspose2dOptions = {},
): Tensor {
  checkOperands('convTranspose2d', 4, x, weight, bias);
  const attrs = planTransposed(x.shape, weight.shape, options);
  checkBias('convTranspose2d', bias, dim(attrs.inputShape, 1));
  return inputGrad(x, weight, bias, attrs);
}

import { kernels } from '../../backend/select.js';
import { checkOptions, type OptionNames } from '../../options.js';
import { record } from '../../tape/record.js';
import { isRecording } from '../../tensor/scope.js';
import { dim } from '../../tensor/shape.js';
import { empty, inLayout, releaseTemporary, rowMajor, type Tensor } from '../../tensor/tensor.js';
import { onImages, toImages } from '../images.js';
import { defineOp, floats } from '../kit/define.js';
import { batchShape, checkAxes } from '../kit/imageAxes.js';
import type { Pair } from '../kit/options.js';
import { type OutputSize, spatialSize } from '../kit/outputSize.js';
import { sum } from '../reduce.js';
import { type ConvAttrs, TransposedAttrs } from './convAttrs.js';
import {
  type ConvOptions,
  checkBias,
  checkOperands,
  planConv,
  planTransposed,
  type TransposedOptions,
} from './convPlan.js';
import { type Prepared, PreparedFilters } from './preparedFilters.js';

export type { OutputSize, Pair };

// Convolution is bilinear, and so are its two gradients; each of the three has the other two as its gradients:
// y = x ∗ w, dx = inputGrad(dy, w), dw = weightGrad(dy, x).

type Operands = { readonly x: Tensor; readonly weight: Tensor };
type GradientOperands = { readonly dy: Tensor; readonly weight: Tensor };
type Images = { readonly dy: Tensor; readonly x: Tensor };

const convOp = defineOp<Operands, ConvAttrs>('conv2d', (g, { saved, attrs, needs }) => {
  const dy = imageGradient(g);
  return [
    needs(0) ? inputGrad(dy, saved.weight, null, attrs) : null,
    needs(1) ? weightGrad(dy, saved.x, attrs) : null,
    needs(2) ? sum(dy, [0, 2, 3]) : null,
  ];
});
const inputGradOp = defineOp<GradientOperands, TransposedAttrs>(
  'convTranspose2d',
  (g, { saved, attrs: { conv }, needs }) => {
    const dx = imageGradient(g);
    return [
      needs(0) ? convolve(dx, saved.weight, null, conv) : null,
      needs(1) ? weightGrad(saved.dy, dx, conv) : null,
      needs(2) ? sum(dx, [0, 2, 3]) : null,
    ];
  },
);
const weightGradOp = defineOp<Images, ConvAttrs>(
  'conv2dWeightGrad',
  (dw, { saved, attrs, needs }) => [
    needs(0) ? convolve(saved.x, dw, null, attrs) : null,
    needs(1) ? inputGrad(saved.dy, dw, null, attrs) : null,
  ],
);

/** A gradient that several kernels read, brought into their layout once; as it is when the tape runs. */
function imageGradient(g: Tensor): Tensor {
  return isRecording() ? g : inLayout(g, 'channelsLast');
}

/** Prepared weights of parameters that are not being trained: frozen, or under noGrad. */
const preparedFilters = new WeakMap<Tensor, PreparedFilters>();

function preparedOf(weight: Tensor): PreparedFilters {
  const known = preparedFilters.get(weight) ?? new PreparedFilters();
  preparedFilters.set(weight, known);
  return known;
}

/** What follows a convolution in the same kernel. */
export interface ConvFinish {
  /** Added to the result, of its shape. Default: nothing. */
  readonly add?: Tensor | null;
  /** Takes max(0, ·) of it all. Default: false. */
  readonly relu?: boolean;
}

/** A convolution by prepared weights, not recorded. @internal */
export function convolvePrepared(
  x: Tensor,
  { format, packed, bias }: Prepared,
  { geometry, outputShape }: ConvAttrs,
  { add = null, relu = false }: ConvFinish = {},
): Tensor {
  const image = inLayout(x, 'channelsLast');
  const added = add && inLayout(add, 'channelsLast');
  const out = empty(outputShape, x.dtype, 'channelsLast');
  kernels().conv2dPacked(
    floats(out),
    floats(image),
    floats(packed),
    bias && floats(bias),
    added && floats(added),
    geometry,
    format,
    relu ? 1 : 0,
  );
  releaseTemporary(image, x);
  if (add && added) releaseTemporary(added, add);
  return out;
}

/** @param owner of the weight's memory and versions: itself, or the parameter that it is a view of */
function convolve(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  attrs: ConvAttrs,
  owner = weight,
): Tensor {
  // Prepared weights pay when they are used again, so for parameters, while they do not change.
  if (owner.kept && owner.isLeaf && !(owner.requiresGrad && isRecording())) {
    const { format, packed } = preparedOf(owner).of(
      [owner],
      () => ({ weight, bias: null }),
      attrs.geometry,
    );
    const out = convolvePrepared(x, { format, packed, bias }, attrs);
    return record(convOp, out, [x, weight, bias], { x, weight }, attrs);
  }
  const image = inLayout(x, 'channelsLast');
  const filters = rowMajor(weight);
  const out = empty(attrs.outputShape, x.dtype, 'channelsLast');
  const offset = bias === null ? null : floats(bias);
  kernels().conv2d(floats(out), floats(image), floats(filters), offset, attrs.geometry);
  releaseTemporary(image, x);
  releaseTemporary(filters, weight);
  return record(convOp, out, [x, weight, bias], { x, weight }, attrs);
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
  return record(inputGradOp, out, [dy, weight, bias], { dy, weight }, new TransposedAttrs(attrs));
}

function weightGrad(dy: Tensor, x: Tensor, attrs: ConvAttrs): Tensor {
  const gradient = inLayout(dy, 'channelsLast');
  const image = inLayout(x, 'channelsLast');
  const out = empty(attrs.weightShape, dy.dtype);
  kernels().conv2dWeightGrad(floats(out), floats(gradient), floats(image), attrs.geometry);
  releaseTemporary(gradient, dy);
  releaseTemporary(image, x);
  return record(weightGradOp, out, [dy, x], { dy, x }, attrs);
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

/** The options of {@link conv1d} and {@link conv2d}. @internal */
export const CONV: OptionNames<Conv2dOptions> = {
  stride: true,
  padding: true,
  dilation: true,
  groups: true,
};

/** A convolution of sequences or images, with or without a batch axis. @internal */
export function convolution(
  op: string,
  axes: 1 | 2,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  options: ConvOptions,
): Tensor {
  checkAxes(op, axes, x);
  checkOperands(op, axes, x, weight, bias);
  const attrs = planConv(op, batchShape(x.shape, axes), weight.shape, options);
  checkBias(op, bias, dim(weight.shape, 0));
  return onImages(x, axes, (images) =>
    convolve(images, toImages(weight, axes), bias, attrs, weight),
  );
}

/** As {@link convolution}, transposed. @internal */
export function transposedConvolution(
  op: string,
  axes: 1 | 2,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
  options: TransposedOptions,
): Tensor {
  checkAxes(op, axes, x);
  checkOperands(op, axes, x, weight, bias);
  const outputSize = spatialSize(options.outputSize, x.rank, axes);
  const shape = batchShape(x.shape, axes);
  const attrs = planTransposed(op, shape, weight.shape, { ...options, outputSize });
  checkBias(op, bias, dim(attrs.inputShape, 1));
  return onImages(x, axes, (images) => inputGrad(images, toImages(weight, axes), bias, attrs));
}

/**
 * 2-D convolution (cross-correlation, as everywhere in the field).
 * @param x [N, C, H, W] or [C, H, W]
 * @param weight [K, C/groups, R, S]
 * @param bias [K]
 * @returns [N, K, P, Q] or [K, P, Q], P = ⌊(H + 2·padding − dilation·(R − 1) − 1)/stride⌋ + 1, Q likewise
 */
export function conv2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: Conv2dOptions = {},
): Tensor {
  checkOptions('conv2d', options, CONV);
  return convolution('conv2d', 2, x, weight, bias, options);
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
 * @param x [N, C, L] or [C, L]
 * @param weight [K, C/groups, S]
 * @param bias [K]
 * @returns [N, K, Q] or [K, Q], Q = ⌊(L + 2·padding − dilation·(S − 1) − 1)/stride⌋ + 1
 */
export function conv1d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: Conv1dOptions = {},
): Tensor {
  checkOptions('conv1d', options, CONV);
  return convolution('conv1d', 1, x, weight, bias, options);
}

export interface ConvTranspose2dOptions {
  /** Step between windows of the output. Default: 1. */
  stride?: Pair;
  /** Pixels cut off around the output. Default: 0. */
  padding?: Pair;
  /** Pixels added to the output at the bottom and the right; less than stride or dilation. Default: 0. */
  outputPadding?: Pair;
  /**
   * Size of the output, [height, width] or a whole shape; takes the place of outputPadding. From the size without
   * any to stride − 1 more.
   */
  outputSize?: OutputSize;
  /** Distance between the kernel's taps. Default: 1. */
  dilation?: Pair;
  /** Groups of channels that are convolved apart. Default: 1. */
  groups?: number;
}

export interface ConvTranspose1dOptions {
  /** Step between windows of the output. Default: 1. */
  stride?: number;
  /** Elements cut off at both ends of the output. Default: 0. */
  padding?: number;
  /** Elements added at the end of the output; less than stride or dilation. Default: 0. */
  outputPadding?: number;
  /**
   * Length of the output, or its whole shape; takes the place of outputPadding. From the length without any to
   * stride − 1 more.
   */
  outputSize?: OutputSize;
  /** Distance between the kernel's taps. Default: 1. */
  dilation?: number;
  /** Groups of channels that are convolved apart. Default: 1. */
  groups?: number;
}

const CONV_TRANSPOSE: OptionNames<ConvTranspose2dOptions> = {
  stride: true,
  padding: true,
  outputPadding: true,
  outputSize: true,
  dilation: true,
  groups: true,
};

/**
 * 2-D transposed convolution: the input gradient of {@link conv2d} as an op of its own (Zeiler et al. 2010).
 * @param x [N, C, H, W] or [C, H, W]
 * @param weight [C, K/groups, R, S]
 * @param bias [K]
 * @returns [N, K, P, Q] or [K, P, Q], P = (H − 1)·stride − 2·padding + dilation·(R − 1) + outputPadding + 1, Q likewise
 * @throws ShapeError for an outputSize that cannot be reached, naming those that can
 */
export function convTranspose2d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvTranspose2dOptions = {},
): Tensor {
  checkOptions('convTranspose2d', options, CONV_TRANSPOSE);
  return transposedConvolution('convTranspose2d', 2, x, weight, bias, options);
}

/**
 * 1-D transposed convolution: the input gradient of {@link conv1d} as an op of its own.
 * @param x [N, C, L] or [C, L]
 * @param weight [C, K/groups, S]
 * @param bias [K]
 * @returns [N, K, Q] or [K, Q], Q = (L − 1)·stride − 2·padding + dilation·(S − 1) + outputPadding + 1
 * @throws ShapeError for an outputSize that cannot be reached, naming those that can
 */
export function convTranspose1d(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null = null,
  options: ConvTranspose1dOptions = {},
): Tensor {
  checkOptions('convTranspose1d', options, CONV_TRANSPOSE);
  return transposedConvolution('convTranspose1d', 1, x, weight, bias, options);
}

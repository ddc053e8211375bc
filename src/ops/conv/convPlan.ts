import { ShapeError } from '../../errors.js';
import { dim, formatShape, type Shape, sameShape } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { checkFloat, checkSameDType } from '../kit/define.js';
import { imageShape } from '../kit/imageAxes.js';
import { checkInteger, perAxis } from '../kit/options.js';
import { type OutputSize, reachedSize } from '../kit/outputSize.js';
import { geometryOf, type SlidingWindow, windowPositions } from '../kit/window.js';
import { ConvAttrs } from './convAttrs.js';

// What the convolutions check before they allocate anything, and what they make of their options.

export function checkOperands(
  op: string,
  axes: 1 | 2,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | null,
): void {
  checkFloat(weight, op, 'weight');
  if (bias !== null) checkFloat(bias, op, 'bias');
  checkSameDType(op, x, weight, ...(bias ? [bias] : []));
  if (weight.rank !== axes + 2 || weight.size === 0) {
    const kernel = axes === 2 ? 'R, S' : 'S';
    const layout = op.startsWith('convTranspose') ? 'in, out/groups' : 'out, in/groups';
    throw new ShapeError(
      `${op}: weight ${formatShape(weight.shape)}, expected [${layout}, ${kernel}] without empty axes`,
    );
  }
}

export function checkBias(op: string, bias: Tensor | null, channels: number): void {
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

export interface Padding {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** Zeros before and after each axis. */
export function paddingOf(
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

/** Checks shapes and options, and works out the result's shape; a sequence becomes an image of height 1. */
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
  return new ConvAttrs(window, groups, {
    geometry: geometryOf(op, x, output, window, groups),
    inputShape: imageShape(x),
    weightShape: imageShape(weight),
    outputShape: imageShape(output),
  });
}

/** Throws unless what is added to a transposed convolution's output is less than its stride or dilation. */
export function checkOutputPadding(
  op: string,
  extra: readonly number[],
  stride: readonly number[],
  dilation: readonly number[],
): void {
  if (extra.some((size, i) => size >= dim(stride, i) && size >= dim(dilation, i))) {
    throw new ShapeError(
      `${op}: outputPadding ${formatShape(extra)}, expected less than stride ${formatShape(stride)} ` +
        `or dilation ${formatShape(dilation)}`,
    );
  }
}

export interface TransposedOptions {
  readonly stride?: number | readonly number[];
  readonly padding?: number | readonly number[];
  readonly outputPadding?: number | readonly number[];
  readonly outputSize?: OutputSize | undefined;
  readonly dilation?: number | readonly number[];
  readonly groups?: number;
}

/** The convolution whose input gradient a transposed convolution is; a sequence becomes an image of height 1. */
export function planTransposed(
  op: string,
  x: Shape,
  weight: Shape,
  options: TransposedOptions,
): ConvAttrs {
  const { groups = 1 } = options;
  checkGroups(op, weight, groups);
  if (dim(x, 1) !== dim(weight, 0)) {
    throw new ShapeError(
      `${op}: input ${formatShape(x)} has ${dim(x, 1)} channels, weight ${formatShape(weight)} expects ` +
        `${dim(weight, 0)}`,
    );
  }
  const kernel = weight.slice(2);
  const axes = kernel.length;
  const stride = perAxis(options.stride ?? 1, axes, 'stride', op, 1);
  const dilation = perAxis(options.dilation ?? 1, axes, 'dilation', op, 1);
  const padding = perAxis(options.padding ?? 0, axes, 'padding', op, 0);
  const extra = perAxis(options.outputPadding ?? 0, axes, 'outputPadding', op, 0);
  checkOutputPadding(op, extra, stride, dilation);
  const least = kernel.map((size, i) => {
    const span = dim(dilation, i) * (size - 1) + 1;
    return (dim(x, i + 2) - 1) * dim(stride, i) + span - 2 * dim(padding, i);
  });
  const most = least.map((size, i) => size + dim(stride, i) - 1);
  const sizes =
    options.outputSize === undefined
      ? least.map((size, i) => size + dim(extra, i))
      : reachedSize(op, x, options.outputSize, { least, most });
  if (sizes.some((size) => size < 1) || x.slice(2).includes(0)) {
    throw new ShapeError(
      `${op}: input ${formatShape(x)} with kernel ${formatShape(kernel)} and padding ` +
        `${formatShape(padding)} gives ${axes === 2 ? 'an image' : 'a sequence'} of ${formatShape(sizes)}, ` +
        `expected at least 1 ${axes === 2 ? 'pixel' : 'element'}`,
    );
  }
  const outputShape = [dim(x, 0), dim(weight, 1) * groups, ...sizes];
  const window = { kernel, stride, padBefore: padding, padAfter: padding, dilation };
  return new ConvAttrs(window, groups, {
    geometry: geometryOf(op, outputShape, x, window, groups),
    inputShape: imageShape(outputShape),
    weightShape: imageShape(weight),
    outputShape: imageShape(x),
  });
}

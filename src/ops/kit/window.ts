import type { Geometry } from '../../backend/kernels/index.js';
import { ShapeError } from '../../errors.js';
import { checkShape, dim, formatShape, type Shape } from '../../tensor/shape.js';
import type { PadWidth } from './axisWidths.js';

/** A window that slides over an image, or a sequence: one number for each of the spatial axes. */
export interface SlidingWindow {
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padBefore: readonly number[];
  readonly padAfter: readonly number[];
  readonly dilation: readonly number[];
}

/** Largest padded size of an axis: positions are int32 in kernels. */
const MAX_EXTENT = 2 ** 31 - 1;

/** Positions of a window along each spatial axis of an input [N, C, ...]; throws unless it fits. */
export function windowPositions(
  op: string,
  input: Shape,
  window: SlidingWindow,
  ceilMode = false,
): number[] {
  const { kernel, stride, padBefore, padAfter, dilation } = window;
  const padded = input.slice(2).map((size, i) => size + dim(padBefore, i) + dim(padAfter, i));
  const spans = kernel.map((size, i) => dim(dilation, i) * (size - 1) + 1);
  const positions = padded.map((size, i) => {
    const step = dim(stride, i);
    const room = (size - dim(spans, i)) / step;
    const count = (ceilMode ? Math.ceil(room) : Math.floor(room)) + 1;
    // The last window must start inside the input or the padding before it.
    const starts = dim(input, i + 2) + dim(padBefore, i);
    return ceilMode && (count - 1) * step >= starts ? count - 1 : count;
  });
  const isTooLarge =
    padded.some((size) => size > MAX_EXTENT) || spans.some((size) => size > MAX_EXTENT);
  if (isTooLarge || positions.some((count) => count < 1) || input.slice(1).includes(0)) {
    throw new ShapeError(
      `${op}: kernel ${formatShape(kernel)} with dilation ${formatShape(dilation)} spans ` +
        `${formatShape(spans)}, which does not fit input ${formatShape(input)}, ` +
        `${formatShape(padded)} with its padding`,
    );
  }
  return positions;
}

/** Padding along height and width; none along the height of a sequence. */
export function widthsOf({
  padBefore,
  padAfter,
}: Pick<SlidingWindow, 'padBefore' | 'padAfter'>): [height: PadWidth, width: PadWidth] {
  const [top, left] = heightWidth(padBefore, 0);
  const [bottom, right] = heightWidth(padAfter, 0);
  return [
    [top, bottom],
    [left, right],
  ];
}

/** A sequence is an image of height 1. */
export function heightWidth(values: readonly number[], height: number): [number, number] {
  return values.length === 1 ? [height, dim(values, 0)] : [dim(values, 0), dim(values, 1)];
}

/** What kernels take; input and output are [N, C, ...] on the two sides of the window. */
export function geometryOf(
  op: string,
  input: Shape,
  output: Shape,
  window: SlidingWindow,
  groups: number,
): Geometry {
  checkShape(input, op);
  checkShape(output, op);
  return Int32Array.of(
    dim(input, 0),
    ...heightWidth(input.slice(2), 1),
    dim(input, 1),
    ...heightWidth(output.slice(2), 1),
    dim(output, 1),
    ...heightWidth(window.kernel, 1),
    ...heightWidth(window.stride, 1),
    ...heightWidth(window.padBefore, 0),
    ...heightWidth(window.dilation, 1),
    groups,
  );
}

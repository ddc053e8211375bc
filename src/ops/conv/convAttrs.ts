import type { Geometry } from '../../backend/kernels/index.js';
import { dim, type Shape } from '../../tensor/shape.js';
import type { PadWidth } from '../kit/axisWidths.js';
import { heightWidth, type SlidingWindow, widthsOf } from '../kit/window.js';

/** A convolution's shapes: x [N, C, H, W], weight [K, C/groups, R, S], y [N, K, P, Q]. */
export interface ConvPlan {
  readonly geometry: Geometry;
  readonly inputShape: Shape;
  readonly weightShape: Shape;
  readonly outputShape: Shape;
}

/**
 * The attributes of a convolution: its options, those of a sequence as of an image of height 1. What the kernels take
 * stands behind them.
 */
export class ConvAttrs implements ConvPlan {
  readonly kernelSize: readonly [height: number, width: number];
  readonly stride: readonly [height: number, width: number];
  readonly padding: readonly [height: PadWidth, width: PadWidth];
  readonly dilation: readonly [height: number, width: number];
  readonly groups: number;
  readonly #plan: ConvPlan;

  constructor(window: SlidingWindow, groups: number, plan: ConvPlan) {
    this.kernelSize = heightWidth(window.kernel, 1);
    this.stride = heightWidth(window.stride, 1);
    this.padding = widthsOf(window);
    this.dilation = heightWidth(window.dilation, 1);
    this.groups = groups;
    this.#plan = plan;
  }

  get geometry(): Geometry {
    return this.#plan.geometry;
  }

  get inputShape(): Shape {
    return this.#plan.inputShape;
  }

  get weightShape(): Shape {
    return this.#plan.weightShape;
  }

  get outputShape(): Shape {
    return this.#plan.outputShape;
  }
}

/** Pixels that the windows of a convolution leave over along an axis, at its end. */
function leftOver(conv: ConvAttrs, axis: 0 | 1): number {
  const [before, after] = conv.padding[axis];
  const span = conv.dilation[axis] * (conv.kernelSize[axis] - 1) + 1;
  const covered = (dim(conv.outputShape, axis + 2) - 1) * conv.stride[axis] + span;
  return dim(conv.inputShape, axis + 2) + before + after - covered;
}

/** The attributes of a transposed convolution, and behind them those of the convolution whose input gradient it is. */
export class TransposedAttrs {
  readonly kernelSize: readonly [height: number, width: number];
  readonly stride: readonly [height: number, width: number];
  readonly padding: readonly [height: PadWidth, width: PadWidth];
  readonly outputPadding: readonly [height: number, width: number];
  readonly dilation: readonly [height: number, width: number];
  readonly groups: number;
  readonly #conv: ConvAttrs;

  constructor(conv: ConvAttrs) {
    this.kernelSize = conv.kernelSize;
    this.stride = conv.stride;
    this.padding = conv.padding;
    this.outputPadding = [leftOver(conv, 0), leftOver(conv, 1)];
    this.dilation = conv.dilation;
    this.groups = conv.groups;
    this.#conv = conv;
  }

  get conv(): ConvAttrs {
    return this.#conv;
  }
}

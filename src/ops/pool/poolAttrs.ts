import {
  type Averaging,
  type Geometry,
  type Packed,
  packAveraging,
} from '../../backend/kernels/index.js';
import type { Shape } from '../../tensor/shape.js';
import type { PadWidth } from '../kit/axisWidths.js';
import { heightWidth, type SlidingWindow, widthsOf } from '../kit/window.js';

/** A pooling's shapes, [N, C, H, W]. */
interface PoolPlan {
  readonly geometry: Geometry;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
}

/** A pooling's shapes, and the window that they follow from. */
export interface PoolWindow extends PoolPlan {
  readonly window: SlidingWindow;
  readonly ceilMode: boolean;
}

/**
 * The attributes of both poolings: their options, those of a sequence as of an image of height 1. What the kernels
 * take stands behind them.
 */
class PoolAttrs implements PoolPlan {
  readonly kernelSize: readonly [height: number, width: number];
  readonly stride: readonly [height: number, width: number];
  readonly padding: readonly [height: PadWidth, width: PadWidth];
  readonly ceilMode: boolean;
  readonly #plan: PoolPlan;

  constructor(plan: PoolWindow) {
    const { window } = plan;
    this.kernelSize = heightWidth(window.kernel, 1);
    this.stride = heightWidth(window.stride, 1);
    this.padding = widthsOf(window);
    this.ceilMode = plan.ceilMode;
    this.#plan = plan;
  }

  get geometry(): Geometry {
    return this.#plan.geometry;
  }

  get inputShape(): Shape {
    return this.#plan.inputShape;
  }

  get outputShape(): Shape {
    return this.#plan.outputShape;
  }
}

export class MaxPoolAttrs extends PoolAttrs {
  readonly dilation: readonly [height: number, width: number];

  constructor(plan: PoolWindow) {
    super(plan);
    this.dilation = heightWidth(plan.window.dilation, 1);
  }
}

export class AvgPoolAttrs extends PoolAttrs {
  readonly countIncludePad: boolean;
  /** Null divides by the number of elements. */
  readonly divisorOverride: number | null;

  constructor(plan: PoolWindow, countIncludePad: boolean, divisorOverride: number | null) {
    super(plan);
    this.countIncludePad = countIncludePad;
    this.divisorOverride = divisorOverride;
  }

  /** What kernels take. */
  get averaging(): Packed<Averaging> {
    const [[, padBottom], [, padRight]] = this.padding;
    const countPadding = this.countIncludePad ? 1 : 0;
    return packAveraging({ padBottom, padRight, countPadding, divisor: this.divisorOverride ?? 0 });
  }
}

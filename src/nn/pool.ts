import { shown } from '../arguments.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { checkInteger, checkNonZero, type Pair, perAxis } from '../ops/kit/options.js';
import type { OutputSize } from '../ops/kit/outputSize.js';
import {
  type AdaptiveSize,
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
} from '../ops/pool/adaptivePool.js';
import type { MaxPooled, ReturnIndicesOption } from '../ops/pool/maxPooled.js';
import {
  type MaxUnpool1dOptions,
  type MaxUnpool2dOptions,
  maxUnpool1d,
  maxUnpool2d,
} from '../ops/pool/maxUnpool.js';
import {
  type AvgPool1dOptions,
  type AvgPool2dOptions,
  avgPool1d,
  avgPool2d,
  type MaxPool1dOptions,
  type MaxPool2dOptions,
  maxPool1d,
  maxPool2d,
} from '../ops/pool/pool.js';
import { checkOptions, type OptionNames } from '../options.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';
import { type Sizes, sizesText } from './sizes.js';

interface WindowOptions {
  readonly stride?: Sizes;
  readonly padding?: Sizes;
  readonly dilation?: Sizes;
  readonly divisorOverride?: number;
}

/** Throws unless the window is one that some input fits. */
function checkWindow(layer: string, axes: number, kernelSize: Sizes, options: WindowOptions): void {
  const kernel = perAxis(kernelSize, axes, 'kernelSize', layer, 1);
  perAxis(options.stride ?? 1, axes, 'stride', layer, 1);
  perAxis(options.dilation ?? 1, axes, 'dilation', layer, 1);
  const padding = perAxis(options.padding ?? 0, axes, 'padding', layer, 0);
  const { divisorOverride } = options;
  if (divisorOverride !== undefined) checkNonZero(divisorOverride, 'divisorOverride', layer);
  if (padding.some((width, i) => width > (kernel[i] ?? 0) / 2)) {
    throw new ShapeError(
      `${layer}: padding ${sizesText(padding)} is more than half of the kernel ${sizesText(kernel)}`,
    );
  }
}

/** Base of the layers of sliding windows: their size and the options of their function. */
abstract class WindowLayer<K extends Sizes, O extends WindowOptions> extends Module {
  readonly #kernelSize: K;
  readonly #options: O;

  /** @param names what the options are called */
  protected constructor(
    layer: string,
    axes: 1 | 2,
    kernelSize: K,
    options: O,
    names: Readonly<Record<string, true>>,
  ) {
    super();
    checkOptions(layer, options, names);
    checkWindow(layer, axes, kernelSize, options);
    this.#kernelSize = kernelSize;
    this.#options = { ...options };
  }

  protected get kernelSize(): K {
    return this.#kernelSize;
  }

  protected get options(): O {
    return this.#options;
  }

  protected override describeOptions(): string {
    const named: [string, unknown][] = [
      ['kernelSize', this.#kernelSize],
      ...Object.entries(this.#options),
    ];
    return named
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${Array.isArray(value) ? sizesText(value) : value}`)
      .join(', ');
  }
}

const RETURN_INDICES: OptionNames<ReturnIndicesOption> = { returnIndices: true };
const MAX: OptionNames<MaxPool1dOptions & MaxPool2dOptions> = {
  stride: true,
  padding: true,
  dilation: true,
  ceilMode: true,
  ...RETURN_INDICES,
};
const AVERAGE1D: OptionNames<AvgPool1dOptions> = {
  stride: true,
  padding: true,
  ceilMode: true,
  countIncludePad: true,
};
const AVERAGE2D: OptionNames<AvgPool2dOptions> = { ...AVERAGE1D, divisorOverride: true };

/** Largest element of each window of images [N, C, H, W] or [C, H, W], see {@link maxPool2d}. */
export class MaxPool2d<I extends boolean = false> extends WindowLayer<Pair, MaxPool2dOptions<I>> {
  /** @param kernelSize size of the window: one number for both axes, or [height, width] */
  constructor(kernelSize: Pair, options: MaxPool2dOptions<I> = {}) {
    super('MaxPool2d', 2, kernelSize, options, MAX);
  }

  override forward(x: Tensor): MaxPooled<I> {
    return maxPool2d(x, this.kernelSize, this.options);
  }
}

/** Mean of each window of images [N, C, H, W] or [C, H, W], see {@link avgPool2d}. */
export class AvgPool2d extends WindowLayer<Pair, AvgPool2dOptions> {
  /** @param kernelSize size of the window: one number for both axes, or [height, width] */
  constructor(kernelSize: Pair, options: AvgPool2dOptions = {}) {
    super('AvgPool2d', 2, kernelSize, options, AVERAGE2D);
  }

  override forward(x: Tensor): Tensor {
    return avgPool2d(x, this.kernelSize, this.options);
  }
}

/** Largest element of each window of sequences [N, C, L] or [C, L], see {@link maxPool1d}. */
export class MaxPool1d<I extends boolean = false> extends WindowLayer<number, MaxPool1dOptions<I>> {
  /** @param kernelSize size of the window */
  constructor(kernelSize: number, options: MaxPool1dOptions<I> = {}) {
    super('MaxPool1d', 1, kernelSize, options, MAX);
  }

  override forward(x: Tensor): MaxPooled<I> {
    return maxPool1d(x, this.kernelSize, this.options);
  }
}

/** Mean of each window of sequences [N, C, L] or [C, L], see {@link avgPool1d}. */
export class AvgPool1d extends WindowLayer<number, AvgPool1dOptions> {
  /** @param kernelSize size of the window */
  constructor(kernelSize: number, options: AvgPool1dOptions = {}) {
    super('AvgPool1d', 1, kernelSize, options, AVERAGE1D);
  }

  override forward(x: Tensor): Tensor {
    return avgPool1d(x, this.kernelSize, this.options);
  }
}

export interface MaxUnpoolForwardOptions {
  /**
   * Size of the output, one number, one for each axis, or the whole shape of what was pooled. Default: the size that
   * whole windows fill.
   */
  outputSize?: OutputSize;
}

const UNPOOL: OptionNames<MaxUnpool1dLayerOptions & MaxUnpool2dLayerOptions> = {
  stride: true,
  padding: true,
};
const OUTPUT: OptionNames<MaxUnpoolForwardOptions> = { outputSize: true };

export type MaxUnpool2dLayerOptions = Omit<MaxUnpool2dOptions, 'outputSize'>;

/**
 * The way back from {@link MaxPool2d}, see {@link maxUnpool2d}.
 *
 * @example
 * const pool = new nn.MaxPool2d(2, { returnIndices: true });
 * const unpool = new nn.MaxUnpool2d(2);
 * const { output, indices } = pool.forward(x);
 * unpool.forward(output, indices, { outputSize: x.shape }); // the largest elements of x, and zeros
 */
export class MaxUnpool2d extends WindowLayer<Pair, MaxUnpool2dLayerOptions> {
  /** @param kernelSize size of the windows of the pooling */
  constructor(kernelSize: Pair, options: MaxUnpool2dLayerOptions = {}) {
    super('MaxUnpool2d', 2, kernelSize, options, UNPOOL);
  }

  /** @throws ShapeError for an outputSize that cannot be reached, naming those that can */
  override forward(x: Tensor, indices: Tensor, options: MaxUnpoolForwardOptions = {}): Tensor {
    checkOptions('MaxUnpool2d', options, OUTPUT);
    return maxUnpool2d(x, indices, this.kernelSize, { ...this.options, ...options });
  }
}

export type MaxUnpool1dLayerOptions = Omit<MaxUnpool1dOptions, 'outputSize'>;

/** The way back from {@link MaxPool1d}, see {@link maxUnpool1d}. */
export class MaxUnpool1d extends WindowLayer<number, MaxUnpool1dLayerOptions> {
  /** @param kernelSize size of the windows of the pooling */
  constructor(kernelSize: number, options: MaxUnpool1dLayerOptions = {}) {
    super('MaxUnpool1d', 1, kernelSize, options, UNPOOL);
  }

  /** @throws ShapeError for an outputSize that cannot be reached, naming those that can */
  override forward(x: Tensor, indices: Tensor, options: MaxUnpoolForwardOptions = {}): Tensor {
    checkOptions('MaxUnpool1d', options, OUTPUT);
    return maxUnpool1d(x, indices, this.kernelSize, { ...this.options, ...options });
  }
}

function checkAdaptiveSize(layer: string, size: AdaptiveSize): AdaptiveSize {
  const sizes: unknown = typeof size === 'number' ? [size] : size;
  if (
    Array.isArray(sizes) &&
    sizes.length <= 2 &&
    sizes.every((each) => each === null || (Number.isInteger(each) && each >= 1))
  ) {
    return size;
  }
  throw new ArgumentError(
    `${layer}: size is ${Array.isArray(size) ? `[${size.map(shown).join(',')}]` : shown(size)}, expected an integer of at least 1, or [height, width], ` +
      'where null keeps that of the input',
  );
}

/** Base of the adaptive poolings: the size that they bring their input to. */
abstract class AdaptivePool<S extends AdaptiveSize> extends Module {
  readonly #size: S;

  protected constructor(size: S) {
    super();
    this.#size = size;
  }

  protected get size(): S {
    return this.#size;
  }

  protected override describeOptions(): string {
    return `size=${JSON.stringify(this.#size)}`;
  }
}

/** Means that bring images [N, C, H, W] or [C, H, W] of any size to one size, see {@link adaptiveAvgPool2d}. */
export class AdaptiveAvgPool2d extends AdaptivePool<AdaptiveSize> {
  /** @param size of the output; null keeps that of the input */
  constructor(size: AdaptiveSize) {
    super(checkAdaptiveSize('AdaptiveAvgPool2d', size));
  }

  override forward(x: Tensor): Tensor {
    return adaptiveAvgPool2d(x, this.size);
  }
}

/** Maxima that bring images [N, C, H, W] or [C, H, W] of any size to one size, see {@link adaptiveMaxPool2d}. */
export class AdaptiveMaxPool2d<I extends boolean = false> extends AdaptivePool<AdaptiveSize> {
  readonly #options: ReturnIndicesOption<I>;

  /** @param size of the output; null keeps that of the input */
  constructor(size: AdaptiveSize, options: ReturnIndicesOption<I> = {}) {
    super(checkAdaptiveSize('AdaptiveMaxPool2d', size));
    checkOptions('AdaptiveMaxPool2d', options, RETURN_INDICES);
    this.#options = { ...options };
  }

  override forward(x: Tensor): MaxPooled<I> {
    return adaptiveMaxPool2d(x, this.size, this.#options);
  }
}

/** Means that bring sequences [N, C, L] or [C, L] of any length to one length, see {@link adaptiveAvgPool1d}. */
export class AdaptiveAvgPool1d extends AdaptivePool<number> {
  /** @param size length of the output */
  constructor(size: number) {
    super(checkInteger(size, 'size', 'AdaptiveAvgPool1d', 1));
  }

  override forward(x: Tensor): Tensor {
    return adaptiveAvgPool1d(x, this.size);
  }
}

/** Maxima that bring sequences [N, C, L] or [C, L] of any length to one length, see {@link adaptiveMaxPool1d}. */
export class AdaptiveMaxPool1d<I extends boolean = false> extends AdaptivePool<number> {
  readonly #options: ReturnIndicesOption<I>;

  /** @param size length of the output */
  constructor(size: number, options: ReturnIndicesOption<I> = {}) {
    super(checkInteger(size, 'size', 'AdaptiveMaxPool1d', 1));
    checkOptions('AdaptiveMaxPool1d', options, RETURN_INDICES);
    this.#options = { ...options };
  }

  override forward(x: Tensor): MaxPooled<I> {
    return adaptiveMaxPool1d(x, this.size, this.#options);
  }
}

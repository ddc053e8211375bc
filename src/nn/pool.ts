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
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';
import { type Sizes, sizesText } from './sizes.js';

interface WindowOptions {
  readonly stride?: Sizes;
  readonly padding?: Sizes;
  readonly dilation?: Sizes;
  readonly divisorOverride?: number;
}

/** What toString() shows. */
function describeWindow(kernelSize: Sizes, options: object): string {
  const named: [string, unknown][] = [['kernelSize', kernelSize], ...Object.entries(options)];
  return named
    .map(([name, value]) => `${name}=${Array.isArray(value) ? sizesText(value) : value}`)
    .join(', ');
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

/** A pooling of windows by some function, and what its size and options say. */
abstract class WindowPool<K extends Sizes, O extends WindowOptions, R> extends Module {
  readonly #pool: (x: Tensor, kernelSize: K, options: O) => R;
  readonly #kernelSize: K;
  readonly #options: O;

  protected constructor(
    layer: string,
    axes: number,
    pool: (x: Tensor, kernelSize: K, options: O) => R,
    kernelSize: K,
    options: O,
  ) {
    super();
    checkWindow(layer, axes, kernelSize, options);
    this.#pool = pool;
    this.#kernelSize = kernelSize;
    this.#options = { ...options };
  }

  override forward(x: Tensor): R {
    return this.#pool(x, this.#kernelSize, this.#options);
  }

  protected override describeOptions(): string {
    return describeWindow(this.#kernelSize, this.#options);
  }
}

/** Largest element of each window of images [N, C, H, W] or [C, H, W], see {@link maxPool2d}. */
export class MaxPool2d<I extends boolean = false> extends WindowPool<
  Pair,
  MaxPool2dOptions<I>,
  MaxPooled<I>
> {
  constructor(kernelSize: Pair, options: MaxPool2dOptions<I> = {}) {
    super('MaxPool2d', 2, maxPool2d, kernelSize, options);
  }
}

/** Mean of each window of images [N, C, H, W] or [C, H, W], see {@link avgPool2d}. */
export class AvgPool2d extends WindowPool<Pair, AvgPool2dOptions, Tensor> {
  constructor(kernelSize: Pair, options: AvgPool2dOptions = {}) {
    super('AvgPool2d', 2, avgPool2d, kernelSize, options);
  }
}

/** Largest element of each window of sequences [N, C, L] or [C, L], see {@link maxPool1d}. */
export class MaxPool1d<I extends boolean = false> extends WindowPool<
  number,
  MaxPool1dOptions<I>,
  MaxPooled<I>
> {
  constructor(kernelSize: number, options: MaxPool1dOptions<I> = {}) {
    super('MaxPool1d', 1, maxPool1d, kernelSize, options);
  }
}

/** Mean of each window of sequences [N, C, L] or [C, L], see {@link avgPool1d}. */
export class AvgPool1d extends WindowPool<number, AvgPool1dOptions, Tensor> {
  constructor(kernelSize: number, options: AvgPool1dOptions = {}) {
    super('AvgPool1d', 1, avgPool1d, kernelSize, options);
  }
}

export interface MaxUnpoolForwardOptions {
  /**
   * Size of the output, one number, one for each axis, or the whole shape of what was pooled. Default: the size that
   * whole windows fill.
   */
  outputSize?: OutputSize;
}

/** The way back from a max pooling by some function. */
abstract class WindowUnpool<
  K extends Sizes,
  O extends WindowOptions & MaxUnpoolForwardOptions,
> extends Module {
  readonly #unpool: (x: Tensor, indices: Tensor, kernelSize: K, options: O) => Tensor;
  readonly #kernelSize: K;
  readonly #options: O;

  protected constructor(
    layer: string,
    axes: number,
    unpool: (x: Tensor, indices: Tensor, kernelSize: K, options: O) => Tensor,
    kernelSize: K,
    options: O,
  ) {
    super();
    checkWindow(layer, axes, kernelSize, options);
    this.#unpool = unpool;
    this.#kernelSize = kernelSize;
    this.#options = { ...options };
  }

  /** @throws ShapeError for an outputSize that cannot be reached, naming those that can */
  override forward(
    x: Tensor,
    indices: Tensor,
    { outputSize }: MaxUnpoolForwardOptions = {},
  ): Tensor {
    const options = outputSize === undefined ? this.#options : { ...this.#options, outputSize };
    return this.#unpool(x, indices, this.#kernelSize, options);
  }

  protected override describeOptions(): string {
    return describeWindow(this.#kernelSize, this.#options);
  }
}

/**
 * The way back from {@link MaxPool2d}, see {@link maxUnpool2d}.
 *
 * @example
 * const pool = new nn.MaxPool2d(2, { returnIndices: true });
 * const unpool = new nn.MaxUnpool2d(2);
 * const { output, indices } = pool.forward(x);
 * unpool.forward(output, indices, { outputSize: x.shape }); // the largest elements of x, and zeros
 */
export class MaxUnpool2d extends WindowUnpool<Pair, MaxUnpool2dOptions> {
  constructor(kernelSize: Pair, options: Omit<MaxUnpool2dOptions, 'outputSize'> = {}) {
    super('MaxUnpool2d', 2, maxUnpool2d, kernelSize, options);
  }
}

/** The way back from {@link MaxPool1d}, see {@link maxUnpool1d}. */
export class MaxUnpool1d extends WindowUnpool<number, MaxUnpool1dOptions> {
  constructor(kernelSize: number, options: Omit<MaxUnpool1dOptions, 'outputSize'> = {}) {
    super('MaxUnpool1d', 1, maxUnpool1d, kernelSize, options);
  }
}

function checkAdaptiveSize(layer: string, size: AdaptiveSize): AdaptiveSize {
  const sizes = typeof size === 'number' ? [size] : size;
  if (
    sizes.length <= 2 &&
    sizes.every((each) => each === null || (Number.isInteger(each) && each >= 1))
  ) {
    return size;
  }
  throw new ArgumentError(
    `${layer}: size is ${JSON.stringify(size)}, expected an integer of at least 1, or [height, width], ` +
      'where null keeps that of the input',
  );
}

/** An adaptive pooling to some size by some function. */
abstract class AdaptivePool<S extends AdaptiveSize, R> extends Module {
  readonly #pool: (x: Tensor, size: S) => R;
  readonly #size: S;

  protected constructor(pool: (x: Tensor, size: S) => R, size: S) {
    super();
    this.#pool = pool;
    this.#size = size;
  }

  override forward(x: Tensor): R {
    return this.#pool(x, this.#size);
  }

  protected override describeOptions(): string {
    return `size=${JSON.stringify(this.#size)}`;
  }
}

/** Means that bring images [N, C, H, W] or [C, H, W] of any size to one size, see {@link adaptiveAvgPool2d}. */
export class AdaptiveAvgPool2d extends AdaptivePool<AdaptiveSize, Tensor> {
  /** @param size of the output; null keeps that of the input */
  constructor(size: AdaptiveSize) {
    super(adaptiveAvgPool2d, checkAdaptiveSize('AdaptiveAvgPool2d', size));
  }
}

/** Maxima that bring images [N, C, H, W] or [C, H, W] of any size to one size, see {@link adaptiveMaxPool2d}. */
export class AdaptiveMaxPool2d<I extends boolean = false> extends AdaptivePool<
  AdaptiveSize,
  MaxPooled<I>
> {
  /** @param size of the output; null keeps that of the input */
  constructor(size: AdaptiveSize, options: ReturnIndicesOption<I> = {}) {
    const given = { ...options };
    super((x, to) => adaptiveMaxPool2d(x, to, given), checkAdaptiveSize('AdaptiveMaxPool2d', size));
  }
}

/** Means that bring sequences [N, C, L] or [C, L] of any length to one length, see {@link adaptiveAvgPool1d}. */
export class AdaptiveAvgPool1d extends AdaptivePool<number, Tensor> {
  /** @param size length of the output */
  constructor(size: number) {
    super(adaptiveAvgPool1d, checkInteger(size, 'size', 'AdaptiveAvgPool1d', 1));
  }
}

/** Maxima that bring sequences [N, C, L] or [C, L] of any length to one length, see {@link adaptiveMaxPool1d}. */
export class AdaptiveMaxPool1d<I extends boolean = false> extends AdaptivePool<
  number,
  MaxPooled<I>
> {
  /** @param size length of the output */
  constructor(size: number, options: ReturnIndicesOption<I> = {}) {
    const given = { ...options };
    super(
      (x, to) => adaptiveMaxPool1d(x, to, given),
      checkInteger(size, 'size', 'AdaptiveMaxPool1d', 1),
    );
  }
}

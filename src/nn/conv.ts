import {
  type Conv1dOptions,
  type Conv2dOptions,
  type ConvTranspose1dOptions,
  type ConvTranspose2dOptions,
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
  type OutputSize,
} from '../ops/conv.js';
import type { Pair } from '../ops/options.js';
import type { Tensor } from '../tensor/tensor.js';
import {
  Convolution,
  type ConvolutionKind,
  type ConvolutionOptions,
  type PaddingMode,
} from './convolution.js';

export interface Conv1dLayerOptions extends Conv1dOptions {
  kernelSize: number;
  /**
   * What lies beyond the edges: zeros, the mirror image ('reflect', the edge not doubled), the edge again
   * ('replicate'), or the other end ('circular'). Default: 'zeros'.
   */
  paddingMode?: PaddingMode;
  /** Adds a bias. Default: true. */
  bias?: boolean;
}

/**
 * Convolution of sequences: [N, inChannels, L] to [N, outChannels, Q], or both without N, see {@link conv1d}.
 * Weight and bias start uniform on ±1/√(inChannels/groups·kernelSize).
 */
export class Conv1d extends Convolution {
  readonly #options: Conv1dOptions;

  constructor(inChannels: number, outChannels: number, options: Conv1dLayerOptions) {
    super({ name: 'Conv1d', axes: 1, isTransposed: false }, inChannels, outChannels, options);
    const { kernelSize: _, bias: __, paddingMode: ___, ...rest } = options;
    this.#options = rest;
  }

  override forward(x: Tensor): Tensor {
    return this.withEdges(x, this.#options.padding ?? 0, (image, padding) =>
      conv1d(image, this.weight, this.bias, { ...this.#options, padding }),
    );
  }
}

export interface Conv2dLayerOptions extends Conv2dOptions {
  /** One number for both axes, or [height, width]. */
  kernelSize: Pair;
  /**
   * What lies beyond the edges: zeros, the mirror image ('reflect', the edge not doubled), the edge again
   * ('replicate'), or the other end ('circular'). Default: 'zeros'.
   */
  paddingMode?: PaddingMode;
  /** Adds a bias. Default: true. */
  bias?: boolean;
}

/**
 * Convolution of images: [N, inChannels, H, W] to [N, outChannels, P, Q], or both without N, see {@link conv2d}.
 * Weight and bias start uniform on ±1/√(inChannels/groups·kernel size).
 *
 * @example
 * new nn.Conv2d(3, 16, { kernelSize: 3, padding: 1 });
 */
export class Conv2d extends Convolution {
  readonly #options: Conv2dOptions;

  /** What {@link conv2d} is called with. */
  get options(): Conv2dOptions {
    return this.#options;
  }

  constructor(inChannels: number, outChannels: number, options: Conv2dLayerOptions) {
    super({ name: 'Conv2d', axes: 2, isTransposed: false }, inChannels, outChannels, options);
    const { kernelSize: _, bias: __, paddingMode: ___, ...rest } = options;
    this.#options = rest;
  }

  override forward(x: Tensor): Tensor {
    return this.withEdges(x, this.#options.padding ?? 0, (image, padding) =>
      conv2d(image, this.weight, this.bias, { ...this.#options, padding }),
    );
  }
}

export interface ConvTransposeForwardOptions {
  /**
   * Size of the output, one number, one for each axis, or a whole shape such as that of the image that a strided
   * convolution made small; takes the place of outputPadding. Default: what outputPadding gives.
   */
  outputSize?: OutputSize;
}

/** A transposed convolution of some number of axes, as a function. */
type Transposed<O> = (x: Tensor, weight: Tensor, bias: Tensor | null, options: O) => Tensor;

/** Base of the transposed convolutions, which differ in the function that they call. */
abstract class ConvTranspose<O extends ConvTransposeForwardOptions> extends Convolution {
  readonly #convolve: Transposed<O>;
  readonly #options: O;

  protected constructor(
    kind: Omit<ConvolutionKind, 'isTransposed'>,
    convolve: Transposed<O>,
    inChannels: number,
    outChannels: number,
    options: O & ConvolutionOptions,
  ) {
    super({ ...kind, isTransposed: true }, inChannels, outChannels, options);
    this.#convolve = convolve;
    this.#options = { ...options };
  }

  /** @throws ShapeError for an outputSize that cannot be reached, naming those that can */
  override forward(x: Tensor, { outputSize }: ConvTransposeForwardOptions = {}): Tensor {
    const options = outputSize === undefined ? this.#options : { ...this.#options, outputSize };
    return this.#convolve(x, this.weight, this.bias, options);
  }
}

export interface ConvTranspose2dLayerOptions extends Omit<ConvTranspose2dOptions, 'outputSize'> {
  /** One number for both axes, or [height, width]. */
  kernelSize: Pair;
  /** Adds a bias. Default: true. */
  bias?: boolean;
}

/**
 * Transposed convolution, which enlarges images: [N, inChannels, H, W] to [N, outChannels, P, Q], or both without
 * N, see {@link convTranspose2d}. Weight and bias start uniform on ±1/√(outChannels/groups·kernel size), as in PyTorch.
 */
export class ConvTranspose2d extends ConvTranspose<ConvTranspose2dOptions> {
  constructor(inChannels: number, outChannels: number, options: ConvTranspose2dLayerOptions) {
    const kind = { name: 'ConvTranspose2d', axes: 2 } as const;
    super(kind, convTranspose2d, inChannels, outChannels, options);
  }
}

export interface ConvTranspose1dLayerOptions extends Omit<ConvTranspose1dOptions, 'outputSize'> {
  kernelSize: number;
  /** Adds a bias. Default: true. */
  bias?: boolean;
}

/**
 * Transposed convolution of sequences: [N, inChannels, L] to [N, outChannels, Q], or both without N, see
 * {@link convTranspose1d}. Weight and bias start uniform on ±1/√(outChannels/groups·kernelSize), as in PyTorch.
 */
export class ConvTranspose1d extends ConvTranspose<ConvTranspose1dOptions> {
  constructor(inChannels: number, outChannels: number, options: ConvTranspose1dLayerOptions) {
    const kind = { name: 'ConvTranspose1d', axes: 1 } as const;
    super(kind, convTranspose1d, inChannels, outChannels, options);
  }
}

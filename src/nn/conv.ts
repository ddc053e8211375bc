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
} from '../ops/conv/conv.js';
import type { Pair } from '../ops/kit/options.js';
import type { Tensor } from '../tensor/tensor.js';
import {
  Convolution,
  type ConvolutionKind,
  type ConvolutionOptions,
  type PaddingMode,
} from './convolution.js';

interface EdgeOptions {
  /**
   * What lies beyond the edges: zeros, the mirror image ('reflect', the edge not doubled), the edge again
   * ('replicate'), or the other end ('circular'). Default: 'zeros'.
   */
  paddingMode?: PaddingMode;
  /** Adds a bias. Default: true. */
  bias?: boolean;
}

/** A convolution of some number of axes, as a function. */
type Convolve<O> = (x: Tensor, weight: Tensor, bias: Tensor | null, options: O) => Tensor;

/** Base of all convolutions, which differ in the function that they call. */
abstract class CallingConvolution<
  O extends Omit<ConvolutionOptions, 'kernelSize'>,
> extends Convolution {
  readonly #convolve: Convolve<O>;
  readonly #options: O;

  protected constructor(
    kind: ConvolutionKind,
    convolve: Convolve<O>,
    inChannels: number,
    outChannels: number,
    options: O & ConvolutionOptions,
  ) {
    super(kind, inChannels, outChannels, options);
    this.#convolve = convolve;
    this.#options = { ...options };
    // The layer's own, which the function does not know.
    for (const name of ['kernelSize', 'bias', 'paddingMode']) {
      Reflect.deleteProperty(this.#options, name);
    }
  }

  /** What the function is called with. */
  get options(): O {
    return this.#options;
  }

  /** The function of x and the parameters. */
  protected call(x: Tensor, options: O): Tensor {
    return this.#convolve(x, this.weight, this.bias, options);
  }
}

/** Base of the convolutions that are not transposed. */
abstract class PlainConvolution<
  O extends Omit<ConvolutionOptions, 'kernelSize'>,
> extends CallingConvolution<O> {
  override forward(x: Tensor): Tensor {
    const { options } = this;
    return this.withEdges(x, (image, padding) =>
      this.call(image, padding === null ? options : { ...options, padding }),
    );
  }
}

export interface Conv1dLayerOptions extends Conv1dOptions, EdgeOptions {
  kernelSize: number;
}

/**
 * Convolution of sequences: [N, inChannels, L] to [N, outChannels, Q], or both without N, see {@link conv1d}.
 * Weight and bias start uniform on ±1/√(inChannels/groups·kernelSize).
 */
export class Conv1d extends PlainConvolution<Conv1dOptions> {
  constructor(inChannels: number, outChannels: number, options: Conv1dLayerOptions) {
    const kind = { name: 'Conv1d', axes: 1, isTransposed: false } as const;
    super(kind, conv1d, inChannels, outChannels, options);
  }
}

export interface Conv2dLayerOptions extends Conv2dOptions, EdgeOptions {
  /** One number for both axes, or [height, width]. */
  kernelSize: Pair;
}

/**
 * Convolution of images: [N, inChannels, H, W] to [N, outChannels, P, Q], or both without N, see {@link conv2d}.
 * Weight and bias start uniform on ±1/√(inChannels/groups·kernel size).
 *
 * @example
 * new nn.Conv2d(3, 16, { kernelSize: 3, padding: 1 });
 */
export class Conv2d extends PlainConvolution<Conv2dOptions> {
  constructor(inChannels: number, outChannels: number, options: Conv2dLayerOptions) {
    const kind = { name: 'Conv2d', axes: 2, isTransposed: false } as const;
    super(kind, conv2d, inChannels, outChannels, options);
  }
}

export interface ConvTransposeForwardOptions {
  /**
   * Size of the output, one number, one for each axis, or a whole shape such as that of the image that a strided
   * convolution made small; takes the place of outputPadding. Default: what outputPadding gives.
   */
  outputSize?: OutputSize;
}

/** Base of the transposed convolutions. */
abstract class ConvTranspose<
  O extends ConvTransposeForwardOptions & Omit<ConvolutionOptions, 'kernelSize'>,
> extends CallingConvolution<O> {
  /** @throws ShapeError for an outputSize that cannot be reached, naming those that can */
  override forward(x: Tensor, { outputSize }: ConvTransposeForwardOptions = {}): Tensor {
    const { options } = this;
    return this.call(x, outputSize === undefined ? options : { ...options, outputSize });
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
    const kind = { name: 'ConvTranspose2d', axes: 2, isTransposed: true } as const;
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
    const kind = { name: 'ConvTranspose1d', axes: 1, isTransposed: true } as const;
    super(kind, convTranspose1d, inChannels, outChannels, options);
  }
}

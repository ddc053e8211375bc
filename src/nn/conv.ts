import { ArgumentError, ShapeError } from '../errors.js';
import {
  type Conv1dOptions,
  type Conv2dOptions,
  type ConvTranspose1dOptions,
  type ConvTranspose2dOptions,
  convolution,
  type OutputSize,
  transposedConvolution,
} from '../ops/conv/conv.js';
import {
  type ConvOptions,
  checkOutputPadding,
  paddingOf,
  type TransposedOptions,
} from '../ops/conv/convPlan.js';
import { composite } from '../ops/kit/composite.js';
import { checkAxes } from '../ops/kit/imageAxes.js';
import { checkChoice, checkInteger, type Pair, perAxis } from '../ops/kit/options.js';
import { checkExtension, type EdgeMode, extended } from '../ops/reflectionPad.js';
import { checkOptions, type OptionNames } from '../options.js';
import { dim } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { resetWeightAndBias } from './initialWeights.js';
import { Module } from './module.js';
import { emptyParameter, type Parameter } from './parameter.js';
import { type Sizes, sizesText } from './sizes.js';

/** What a convolution sees beyond the edges of its input. */
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';

export interface BiasOption {
  /** Adds a bias. Default: true. */
  bias?: boolean;
}

export interface EdgeOptions extends BiasOption {
  /**
   * What lies beyond the edges: zeros, the mirror image ('reflect', the edge not doubled), the edge again
   * ('replicate'), or the other end ('circular'). Default: 'zeros'.
   */
  paddingMode?: PaddingMode;
}

/** The options of all convolution layers together, as the base reads them. */
interface ConvolutionOptions extends EdgeOptions {
  readonly stride?: Sizes;
  readonly padding?: Sizes | 'same' | 'valid';
  readonly outputPadding?: Sizes;
  readonly dilation?: Sizes;
  readonly groups?: number;
}

/** What tells the convolution layers apart. */
interface Kind {
  readonly name: string;
  /** The function, for messages. */
  readonly op: string;
  /** Spatial axes. */
  readonly axes: 1 | 2;
  readonly isTransposed: boolean;
  /** What the options are called. */
  readonly names: Readonly<Record<string, true>>;
}

/** Padding that is not of zeros. */
interface Edges {
  readonly mode: EdgeMode;
  readonly widths: readonly (readonly [before: number, after: number])[];
}

/** Options as forward needs them. */
interface Plan {
  readonly kernel: readonly number[];
  readonly groups: number;
  /** One number an axis; the padding is what edges leave to zeros. */
  readonly options: ConvOptions;
  /** The same for a transposed convolution. */
  readonly transposed: TransposedOptions;
  readonly edges: Edges | null;
  /** What toString() shows. */
  readonly text: string;
}

/** Throws unless the kernel's size stands where it belongs: the first version had it among the options. */
function checkPlace({ name, axes }: Kind, channels: string, kernelSize: unknown): void {
  if (typeof kernelSize === 'number' || Array.isArray(kernelSize)) return;
  const isOptions = typeof kernelSize === 'object' && kernelSize !== null;
  const sizes = axes === 2 ? 'a number or [height, width]' : 'a number';
  throw new ArgumentError(
    `${name}: kernelSize is ${isOptions ? 'an object' : String(kernelSize)}, expected ${sizes} before the options: ` +
      `new ${name}(${channels}, 3, { padding: 1 })`,
  );
}

/** Checks and reads the options. */
function planOf(kind: Kind, kernelSize: Sizes, options: ConvolutionOptions): Plan {
  const { name, axes } = kind;
  const { padding = 0, paddingMode: mode = 'zeros' } = options;
  const groups = checkInteger(options.groups ?? 1, 'groups', name, 1);
  checkChoice(mode, ['zeros', 'reflect', 'replicate', 'circular'], 'paddingMode', name);
  const kernel = perAxis(kernelSize, axes, 'kernelSize', name, 1);
  const stride = perAxis(options.stride ?? 1, axes, 'stride', name, 1);
  const dilation = perAxis(options.dilation ?? 1, axes, 'dilation', name, 1);
  const outputPadding = perAxis(options.outputPadding ?? 0, axes, 'outputPadding', name, 0);
  checkOutputPadding(name, outputPadding, stride, dilation);
  if (kind.isTransposed && typeof padding === 'string') {
    throw new ArgumentError(`${name}: padding is ${padding}, expected widths`);
  }
  if (padding === 'same' && stride.some((step) => step !== 1)) {
    throw new ShapeError(`${name}: padding 'same' with stride ${sizesText(stride)}, expected 1`);
  }
  const { before, after } = paddingOf(name, padding, { kernel, stride, dilation });
  const edges =
    mode === 'zeros'
      ? null
      : { mode, widths: before.map((width, i) => [width, dim(after, i)] as const) };
  const text = [`kernelSize=${sizesText(kernel)}`, `stride=${sizesText(stride)}`];
  const show = (option: string, value: string, isShown: boolean): void => {
    if (isShown) text.push(`${option}=${value}`);
  };
  const isAny = (sizes: readonly number[], usual: number): boolean =>
    sizes.some((size) => size !== usual);
  if (typeof padding === 'string') show('padding', padding, true);
  else show('padding', sizesText(before), isAny(before, 0));
  show('paddingMode', mode, edges !== null);
  show('outputPadding', sizesText(outputPadding), isAny(outputPadding, 0));
  show('dilation', sizesText(dilation), isAny(dilation, 1));
  show('groups', String(groups), groups !== 1);
  show('bias', 'false', options.bias === false);
  const common = { stride, dilation, groups };
  const zeros = edges !== null ? 0 : padding === 'same' ? padding : before;
  return {
    kernel,
    groups,
    options: { ...common, padding: zeros },
    transposed: { ...common, padding: before, outputPadding },
    edges,
    text: text.join(', '),
  };
}

/** Base of the convolution layers: the options, the weight and the bias. */
abstract class Convolution extends Module {
  /** [outChannels, inChannels/groups, ...kernel]; transposed: [inChannels, outChannels/groups, ...kernel]. */
  readonly weight: Parameter;
  /** [outChannels] */
  readonly bias: Parameter | null;
  readonly #kind: Kind;
  readonly #plan: Plan;

  protected constructor(
    kind: Kind,
    inChannels: number,
    outChannels: number,
    kernelSize: Sizes,
    options: ConvolutionOptions,
  ) {
    super();
    const { name, isTransposed } = kind;
    checkInteger(inChannels, 'inChannels', name, 1);
    checkInteger(outChannels, 'outChannels', name, 1);
    checkPlace(kind, `${inChannels}, ${outChannels}`, kernelSize);
    checkOptions(name, options, kind.names);
    const plan = planOf(kind, kernelSize, options);
    const { groups } = plan;
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new ShapeError(
        `${name}: groups=${groups} does not divide ${inChannels} input and ${outChannels} output channels`,
      );
    }
    this.#kind = kind;
    this.#plan = plan;
    const [first, second] = isTransposed ? [inChannels, outChannels] : [outChannels, inChannels];
    this.weight = emptyParameter([first, second / groups, ...plan.kernel]);
    this.bias = options.bias === false ? null : emptyParameter([outChannels]);
    resetWeightAndBias(this.weight, this.bias);
  }

  get inChannels(): number {
    const { shape } = this.weight;
    return this.#kind.isTransposed ? dim(shape, 0) : dim(shape, 1) * this.#plan.groups;
  }

  get outChannels(): number {
    const { shape } = this.weight;
    return this.#kind.isTransposed ? dim(shape, 1) * this.#plan.groups : dim(shape, 0);
  }

  /** What the function is called with: one number an axis. @internal */
  get options(): ConvOptions {
    return this.#plan.options;
  }

  /** True unless what lies beyond the edges is something else than zeros. @internal */
  get padsWithZeros(): boolean {
    return this.#plan.edges === null;
  }

  /** The convolution of x, made larger first where its edges are not of zeros. */
  protected convolve(x: Tensor): Tensor {
    const { op, axes, name } = this.#kind;
    const { edges, options } = this.#plan;
    const { weight, bias } = this;
    if (edges === null) return convolution(op, axes, x, weight, bias, options);
    const { mode, widths } = edges;
    checkAxes(name, axes, x);
    const first = x.rank - axes;
    for (const [i, width] of widths.entries()) checkExtension(name, x, first + i, width, mode);
    return composite(() => {
      const larger = widths.reduce((y, width, i) => extended(y, first + i, width, mode), x);
      return convolution(op, axes, larger, weight, bias, options);
    });
  }

  /** The transposed convolution of x. */
  protected enlarge(x: Tensor, outputOptions: ConvTransposeForwardOptions): Tensor {
    const { op, axes, name } = this.#kind;
    checkOptions(name, outputOptions, OUTPUT);
    const { outputSize } = outputOptions;
    const { transposed } = this.#plan;
    const whole = outputSize === undefined ? transposed : { ...transposed, outputSize };
    return transposedConvolution(op, axes, x, this.weight, this.bias, whole);
  }

  protected override describeOptions(): string {
    return `${this.inChannels}, ${this.outChannels}, ${this.#plan.text}`;
  }
}

export interface Conv1dLayerOptions extends Conv1dOptions, EdgeOptions {}

const PLAIN: OptionNames<Conv1dLayerOptions & Conv2dLayerOptions> = {
  stride: true,
  padding: true,
  dilation: true,
  groups: true,
  paddingMode: true,
  bias: true,
};

const CONV1D: Kind = { name: 'Conv1d', op: 'conv1d', axes: 1, isTransposed: false, names: PLAIN };

/**
 * Convolution of sequences: [N, inChannels, L] to [N, outChannels, Q], or both without N, see {@link conv1d}.
 * Weight and bias start uniform on ±1/√(inChannels/groups·kernelSize).
 *
 * @example
 * new nn.Conv1d(16, 32, 5, { padding: 'same' });
 */
export class Conv1d extends Convolution {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    options: Conv1dLayerOptions = {},
  ) {
    super(CONV1D, inChannels, outChannels, kernelSize, options);
  }

  override forward(x: Tensor): Tensor {
    return this.convolve(x);
  }
}

export interface Conv2dLayerOptions extends Conv2dOptions, EdgeOptions {}

const CONV2D: Kind = { name: 'Conv2d', op: 'conv2d', axes: 2, isTransposed: false, names: PLAIN };

/**
 * Convolution of images: [N, inChannels, H, W] to [N, outChannels, P, Q], or both without N, see {@link conv2d}.
 * Weight and bias start uniform on ±1/√(inChannels/groups·kernel size).
 *
 * @example
 * new nn.Conv2d(3, 16, 3, { padding: 1 });
 */
export class Conv2d extends Convolution {
  /** @param kernelSize one number for both axes, or [height, width] */
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Pair,
    options: Conv2dLayerOptions = {},
  ) {
    super(CONV2D, inChannels, outChannels, kernelSize, options);
  }

  override forward(x: Tensor): Tensor {
    return this.convolve(x);
  }
}

export interface ConvTransposeForwardOptions {
  /**
   * Size of the output, one number, one for each axis, or a whole shape such as that of the image that a strided
   * convolution made small; takes the place of outputPadding. Default: what outputPadding gives.
   */
  outputSize?: OutputSize;
}

const OUTPUT: OptionNames<ConvTransposeForwardOptions> = { outputSize: true };

export interface ConvTranspose1dLayerOptions
  extends Omit<ConvTranspose1dOptions, 'outputSize'>,
    BiasOption {}

const TRANSPOSED: OptionNames<ConvTranspose1dLayerOptions & ConvTranspose2dLayerOptions> = {
  stride: true,
  padding: true,
  outputPadding: true,
  dilation: true,
  groups: true,
  bias: true,
};

const CONV_TRANSPOSE1D: Kind = {
  name: 'ConvTranspose1d',
  op: 'convTranspose1d',
  axes: 1,
  isTransposed: true,
  names: TRANSPOSED,
};

/**
 * Transposed convolution of sequences: [N, inChannels, L] to [N, outChannels, Q], or both without N, see
 * {@link convTranspose1d}. Weight and bias start uniform on ±1/√(outChannels/groups·kernelSize), as in PyTorch.
 */
export class ConvTranspose1d extends Convolution {
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: number,
    options: ConvTranspose1dLayerOptions = {},
  ) {
    super(CONV_TRANSPOSE1D, inChannels, outChannels, kernelSize, options);
  }

  /** @throws ShapeError for an outputSize that cannot be reached, naming those that can */
  override forward(x: Tensor, options: ConvTransposeForwardOptions = {}): Tensor {
    return this.enlarge(x, options);
  }
}

export interface ConvTranspose2dLayerOptions
  extends Omit<ConvTranspose2dOptions, 'outputSize'>,
    BiasOption {}

const CONV_TRANSPOSE2D: Kind = {
  name: 'ConvTranspose2d',
  op: 'convTranspose2d',
  axes: 2,
  isTransposed: true,
  names: TRANSPOSED,
};

/**
 * Transposed convolution, which enlarges images: [N, inChannels, H, W] to [N, outChannels, P, Q], or both without
 * N, see {@link convTranspose2d}. Weight and bias start uniform on ±1/√(outChannels/groups·kernel size), as in PyTorch.
 *
 * @example
 * new nn.ConvTranspose2d(16, 3, 3, { stride: 2, padding: 1, outputPadding: 1 });
 */
export class ConvTranspose2d extends Convolution {
  /** @param kernelSize one number for both axes, or [height, width] */
  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Pair,
    options: ConvTranspose2dLayerOptions = {},
  ) {
    super(CONV_TRANSPOSE2D, inChannels, outChannels, kernelSize, options);
  }

  /** @throws ShapeError for an outputSize that cannot be reached, naming those that can */
  override forward(x: Tensor, options: ConvTransposeForwardOptions = {}): Tensor {
    return this.enlarge(x, options);
  }
}

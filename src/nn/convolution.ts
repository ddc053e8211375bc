import { ShapeError } from '../errors.js';
import { checkOutputPadding, paddingOf } from '../ops/conv/convPlan.js';
import { composite } from '../ops/kit/composite.js';
import { checkAxes } from '../ops/kit/imageAxes.js';
import { checkChoice, checkInteger, perAxis } from '../ops/kit/options.js';
import { checkExtension, type EdgeMode, extended } from '../ops/reflectionPad.js';
import { dim } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { resetWeightAndBias } from './initialWeights.js';
import { Module } from './module.js';
import { emptyParameter, type Parameter } from './parameter.js';
import { type Sizes, sizesText } from './sizes.js';

/** What a convolution sees beyond the edges of its input. */
export type PaddingMode = 'zeros' | EdgeMode;

/** Options of all kinds of convolution layers. */
export interface ConvolutionOptions {
  readonly kernelSize: Sizes;
  readonly stride?: Sizes;
  readonly padding?: Sizes | 'same' | 'valid';
  readonly paddingMode?: PaddingMode;
  readonly outputPadding?: Sizes;
  readonly dilation?: Sizes;
  readonly groups?: number;
  readonly bias?: boolean;
}

/** What tells the kinds of convolution layers apart. */
export interface ConvolutionKind {
  readonly name: string;
  /** Spatial axes. */
  readonly axes: 1 | 2;
  readonly isTransposed: boolean;
}

/** Checks options; returns the kernel's size, and the options as toString() shows them. */
function checkOptions(
  { name, axes }: ConvolutionKind,
  options: ConvolutionOptions,
): [readonly number[], string] {
  const { padding = 0, groups = 1, paddingMode = 'zeros' } = options;
  checkChoice(paddingMode, ['zeros', 'reflect', 'replicate', 'circular'], 'paddingMode', name);
  const kernel = perAxis(options.kernelSize, axes, 'kernelSize', name, 1);
  const stride = perAxis(options.stride ?? 1, axes, 'stride', name, 1);
  const dilation = perAxis(options.dilation ?? 1, axes, 'dilation', name, 1);
  const outputPadding = perAxis(options.outputPadding ?? 0, axes, 'outputPadding', name, 0);
  checkOutputPadding(name, outputPadding, stride, dilation);
  const text = [`kernelSize=${sizesText(kernel)}`, `stride=${sizesText(stride)}`];
  if (padding === 'same' || padding === 'valid') {
    if (padding === 'same' && stride.some((step) => step !== 1)) {
      throw new ShapeError(`${name}: padding 'same' with stride ${sizesText(stride)}, expected 1`);
    }
    text.push(`padding=${padding}`);
  } else {
    const widths = perAxis(padding, axes, 'padding', name, 0);
    if (widths.some((width) => width !== 0)) text.push(`padding=${sizesText(widths)}`);
  }
  if (paddingMode !== 'zeros') text.push(`paddingMode=${paddingMode}`);
  if (outputPadding.some((size) => size !== 0))
    text.push(`outputPadding=${sizesText(outputPadding)}`);
  if (dilation.some((step) => step !== 1)) text.push(`dilation=${sizesText(dilation)}`);
  if (groups !== 1) text.push(`groups=${groups}`);
  if (options.bias === false) text.push('bias=false');
  return [kernel, text.join(', ')];
}

/** Padding that is not of zeros, or null. */
function edgesOf(
  { name, axes }: ConvolutionKind,
  kernel: readonly number[],
  { paddingMode = 'zeros', padding = 0, ...options }: ConvolutionOptions,
): { mode: EdgeMode; widths: readonly (readonly [number, number])[] } | null {
  if (paddingMode === 'zeros') return null;
  const stride = perAxis(options.stride ?? 1, axes, 'stride', name, 1);
  const dilation = perAxis(options.dilation ?? 1, axes, 'dilation', name, 1);
  const { before, after } = paddingOf(name, padding, { kernel, stride, dilation });
  return { mode: paddingMode, widths: before.map((width, i) => [width, dim(after, i)] as const) };
}

/** What convolution layers share: the checks, the weight and the bias. */
export abstract class Convolution extends Module {
  /** [outChannels, inChannels/groups, ...kernel]; transposed: [inChannels, outChannels/groups, ...kernel]. */
  readonly weight: Parameter;
  /** [outChannels] */
  readonly bias: Parameter | null;
  readonly #kind: ConvolutionKind;
  readonly #groups: number;
  readonly #text: string;
  readonly #edges: { mode: EdgeMode; widths: readonly (readonly [number, number])[] } | null;

  protected constructor(
    kind: ConvolutionKind,
    inChannels: number,
    outChannels: number,
    options: ConvolutionOptions,
  ) {
    super();
    const { name } = kind;
    checkInteger(inChannels, 'inChannels', name, 1);
    checkInteger(outChannels, 'outChannels', name, 1);
    const groups = checkInteger(options.groups ?? 1, 'groups', name, 1);
    const [kernel, text] = checkOptions(kind, options);
    if (inChannels % groups !== 0 || outChannels % groups !== 0) {
      throw new ShapeError(
        `${name}: groups=${groups} does not divide ${inChannels} input and ${outChannels} output channels`,
      );
    }
    this.#kind = kind;
    this.#groups = groups;
    this.#text = text;
    this.#edges = edgesOf(kind, kernel, options);
    const [first, second] = kind.isTransposed
      ? [inChannels, outChannels]
      : [outChannels, inChannels];
    this.weight = emptyParameter([first, second / groups, ...kernel]);
    this.bias = options.bias === false ? null : emptyParameter([outChannels]);
    resetWeightAndBias(this.weight, this.bias);
  }

  get inChannels(): number {
    const { shape } = this.weight;
    return this.#kind.isTransposed ? dim(shape, 0) : dim(shape, 1) * this.#groups;
  }

  get outChannels(): number {
    const { shape } = this.weight;
    return this.#kind.isTransposed ? dim(shape, 1) * this.#groups : dim(shape, 0);
  }

  /** True unless what lies beyond the edges is something else than zeros. */
  get padsWithZeros(): boolean {
    return this.#edges === null;
  }

  /** Convolves the input, or one with what lies beyond its edges, which then needs a padding of 0. */
  protected withEdges(x: Tensor, convolve: (x: Tensor, padding: 0 | null) => Tensor): Tensor {
    const edges = this.#edges;
    if (edges === null) return convolve(x, null);
    const { mode, widths } = edges;
    const { name, axes } = this.#kind;
    checkAxes(name, axes, x);
    const first = x.rank - axes;
    for (const [i, width] of widths.entries()) checkExtension(name, x, first + i, width, mode);
    return composite(() =>
      convolve(
        widths.reduce((padded, width, i) => extended(padded, first + i, width, mode), x),
        0,
      ),
    );
  }

  protected override describeOptions(): string {
    return `${this.inChannels}, ${this.outChannels}, ${this.#text}`;
  }
}

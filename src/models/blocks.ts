import { ShapeError } from '../errors.js';
import { BatchNorm2d, Conv2d, type Conv2dLayerOptions, convNorm, Module } from '../nn/index.js';
import { tensor } from '../ops/creation.js';
import { add, mul } from '../ops/elementwise.js';
import type { Pair } from '../ops/kit/options.js';
import { checkOptions, type OptionNames } from '../options.js';
import { dim, formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

/** What all image classifiers can be told. */
export interface ClassifierOptions {
  /** Number of logits. Default: 1000, as many as ImageNet has classes. */
  numClasses?: number;
}

/** The names of a classifier's options. */
export const CLASSIFIER: OptionNames<ClassifierOptions> = { numClasses: true };

/** Options of the forward of a network that has auxiliary heads. */
export interface AuxiliaryOptions {
  /** Returns the logits of the auxiliary heads, too. Default: false. */
  auxiliary?: boolean;
}

const AUXILIARY: OptionNames<AuxiliaryOptions> = { auxiliary: true };

/** Whether the logits of the auxiliary heads are asked for. */
export function wantsAuxiliary(model: string, options: AuxiliaryOptions): boolean {
  checkOptions(model, options, AUXILIARY);
  return options.auxiliary ?? false;
}

/** Options of the convolution of a {@link ConvNormActivation}. */
export type KernelOptions = Pick<Conv2dLayerOptions, 'stride' | 'padding'>;

/** Convolution without bias, batch-norm with the ε of the Inception networks (1e-3), ReLU. */
export class ConvNormActivation extends Module {
  readonly conv: Conv2d;
  readonly bn: BatchNorm2d;

  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Pair,
    options: KernelOptions = {},
  ) {
    super();
    this.conv = new Conv2d(inChannels, outChannels, kernelSize, { ...options, bias: false });
    this.bn = new BatchNorm2d(outChannels, { eps: 1e-3, relu: true });
  }

  override forward(x: Tensor): Tensor {
    return convNorm(x, this.conv, this.bn);
  }
}

/**
 * Throws unless x is a batch of colour images that a network can pool down to its last layer.
 * @param least smallest height and width
 */
export function checkImages(model: string, x: Tensor, least: number): void {
  const { shape } = x;
  const fits =
    x.rank === 4 && dim(shape, 1) === 3 && dim(shape, 2) >= least && dim(shape, 3) >= least;
  if (!fits) {
    throw new ShapeError(
      `${model}: input ${formatShape(shape)}, expected [N, 3, H, W] with H and W of at least ${least}`,
    );
  }
}

const IMAGENET_MEAN = [0.485, 0.456, 0.406];
const IMAGENET_STD = [0.229, 0.224, 0.225];

/**
 * Images normalised by ImageNet's mean and deviation, as those of the weights that TensorFlow's authors trained:
 * in [−1, 1].
 */
export function toUnitRange(x: Tensor): Tensor {
  const perChannel = (values: readonly number[]): Tensor =>
    tensor(Float64Array.from(values), { dtype: x.dtype, shape: [1, 3, 1, 1] });
  const scale = perChannel(IMAGENET_STD.map((std) => std / 0.5));
  const shift = perChannel(IMAGENET_MEAN.map((mean) => (mean - 0.5) / 0.5));
  return add(mul(x, scale), shift);
}

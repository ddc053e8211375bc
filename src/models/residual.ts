import { ArgumentError } from '../errors.js';
import { BatchNorm2d, Conv2d, convNorm, type Layer, Module } from '../nn/index.js';
import { checkOptions, type OptionNames } from '../options.js';
import type { Tensor } from '../tensor/tensor.js';

/** Options of one residual block. */
export interface BlockOptions {
  /** Step of the convolution that makes the maps smaller. Default: 1. */
  stride?: number;
  /** Brings the block's input to the shape of its output; null where they are the same. Default: null. */
  downsample?: Layer | null;
  /** Groups of the 3×3 convolution (ResNeXt's cardinality); bottlenecks only. Default: 1. */
  groups?: number;
  /** Width of a group where a block has 64 channels; bottlenecks only. Default: 64. */
  widthPerGroup?: number;
}

const NAMES: OptionNames<BlockOptions> = {
  stride: true,
  downsample: true,
  groups: true,
  widthPerGroup: true,
};

/** A kind of residual block. */
export interface BlockType {
  /** Output channels per channel of the block. */
  readonly expansion: number;
  new (inChannels: number, channels: number, options?: BlockOptions): Layer;
}

/** A convolution that batch-norm follows, so without bias, which keeps the size of its input but for the stride. */
export function convolution(
  inChannels: number,
  outChannels: number,
  kernelSize: number,
  options: { stride?: number; groups?: number } = {},
): Conv2d {
  const padding = (kernelSize - 1) / 2;
  return new Conv2d(inChannels, outChannels, kernelSize, { padding, bias: false, ...options });
}

/**
 * Two 3×3 convolutions around which a shortcut leads (He et al., "Deep residual learning for image recognition",
 * 2015, figure 5 left): [N, inChannels, H, W] to [N, channels, ⌈H/stride⌉, ⌈W/stride⌉].
 */
export class BasicBlock extends Module {
  static readonly expansion = 1;
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly downsample: Layer | null;

  constructor(inChannels: number, channels: number, options: BlockOptions = {}) {
    super();
    checkOptions('BasicBlock', options, NAMES);
    const { stride = 1, downsample = null, groups = 1, widthPerGroup = 64 } = options;
    if (groups !== 1 || widthPerGroup !== 64) {
      throw new ArgumentError(
        `BasicBlock: groups ${groups}, widthPerGroup ${widthPerGroup}; only networks of bottlenecks have other ` +
          'ones than 1 and 64',
      );
    }
    this.conv1 = convolution(inChannels, channels, 3, { stride });
    this.bn1 = new BatchNorm2d(channels, { relu: true });
    this.conv2 = convolution(channels, channels, 3);
    this.bn2 = new BatchNorm2d(channels);
    this.downsample = downsample;
  }

  override forward(x: Tensor): Tensor {
    const shortcut = this.downsample?.forward(x) ?? x;
    const hidden = convNorm(x, this.conv1, this.bn1);
    return convNorm(hidden, this.conv2, this.bn2, { add: shortcut, relu: true });
  }
}

/**
 * 1×1, 3×3 and 1×1 convolutions around which a shortcut leads (He et al. 2015, figure 5 right), with the stride in
 * the 3×3 one ("ResNet v1.5"): [N, inChannels, H, W] to [N, 4·channels, ⌈H/stride⌉, ⌈W/stride⌉].
 */
export class Bottleneck extends Module {
  static readonly expansion = 4;
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm2d;
  readonly conv3: Conv2d;
  readonly bn3: BatchNorm2d;
  readonly downsample: Layer | null;

  constructor(inChannels: number, channels: number, options: BlockOptions = {}) {
    super();
    checkOptions('Bottleneck', options, NAMES);
    const { stride = 1, downsample = null, groups = 1, widthPerGroup = 64 } = options;
    const width = Math.floor((channels * widthPerGroup) / 64) * groups;
    const outChannels = channels * Bottleneck.expansion;
    this.conv1 = convolution(inChannels, width, 1);
    this.bn1 = new BatchNorm2d(width, { relu: true });
    this.conv2 = convolution(width, width, 3, { stride, groups });
    this.bn2 = new BatchNorm2d(width, { relu: true });
    this.conv3 = convolution(width, outChannels, 1);
    this.bn3 = new BatchNorm2d(outChannels);
    this.downsample = downsample;
  }

  override forward(x: Tensor): Tensor {
    const shortcut = this.downsample?.forward(x) ?? x;
    const reduced = convNorm(x, this.conv1, this.bn1);
    const hidden = convNorm(reduced, this.conv2, this.bn2);
    return convNorm(hidden, this.conv3, this.bn3, { add: shortcut, relu: true });
  }
}

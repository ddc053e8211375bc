import {
  AdaptiveAvgPool2d,
  BatchNorm2d,
  Conv2d,
  chain,
  Flatten,
  init,
  type Layer,
  Linear,
  Module,
  Sequential,
} from '../nn/index.js';
import { checkInteger } from '../ops/kit/options.js';
import { pad, slice } from '../ops/slice.js';
import { checkOptions, type OptionNames } from '../options.js';
import type { Tensor } from '../tensor/tensor.js';
import { BasicBlock, convolution } from './residual.js';

/** Options of a ResNet for CIFAR-10. */
export interface CifarResNetOptions {
  /** Number of logits. Default: 10. */
  numClasses?: number;
}

const NAMES: OptionNames<CifarResNetOptions> = { numClasses: true };

/** The paper's shortcut A, without weights: every second pixel, and channels of zeros on both sides. */
class PaddedShortcut extends Module {
  readonly #channels: number;

  /** @param channels that are added on each side */
  constructor(channels: number) {
    super();
    this.#channels = channels;
  }

  override forward(x: Tensor): Tensor {
    const half = slice(x, null, null, { step: 2 }, { step: 2 });
    return pad(half, [
      [this.#channels, this.#channels],
      [0, 0],
      [0, 0],
    ]);
  }

  protected override describeOptions(): string {
    return `channels=${this.#channels}`;
  }
}

/**
 * ResNet for small images (He et al., "Deep residual learning for image recognition", 2015, section 4.2): three
 * stages of 16, 32 and 64 channels, shortcuts without weights (option A), with the names of the weights in
 * github.com/akamaster/pytorch_resnet_cifar10.
 * Input [N, 3, H, W] (trained at 32), output logits [N, numClasses]. Weights start as He et al. ("Delving deep into
 * rectifiers", 2015) propose.
 */
export class CifarResNet extends Module {
  readonly conv1 = convolution(3, 16, 3);
  readonly bn1 = new BatchNorm2d(16, { relu: true });
  readonly layer1: Sequential;
  readonly layer2: Sequential;
  readonly layer3: Sequential;
  readonly avgpool = new AdaptiveAvgPool2d(1);
  readonly flatten = new Flatten();
  readonly linear: Linear;

  /** @param depth blocks of each stage, n of the paper: 6n + 2 layers have weights */
  constructor(depth: number, options: CifarResNetOptions = {}) {
    super();
    checkOptions('CifarResNet', options, NAMES);
    checkInteger(depth, 'depth', 'CifarResNet', 1);
    const stage = (inChannels: number, channels: number): Sequential => {
      const blocks = Array.from({ length: depth }, (_, i): Layer => {
        if (i > 0 || inChannels === channels) return new BasicBlock(channels, channels);
        const downsample = new PaddedShortcut((channels - inChannels) / 2);
        return new BasicBlock(inChannels, channels, { stride: 2, downsample });
      });
      return new Sequential(...blocks);
    };
    this.layer1 = stage(16, 16);
    this.layer2 = stage(16, 32);
    this.layer3 = stage(32, 64);
    this.linear = new Linear(64, options.numClasses ?? 10);
    for (const module of this.modules()) {
      if (module instanceof Conv2d || module instanceof Linear) init.kaimingNormal(module.weight);
    }
  }

  override forward(x: Tensor): Tensor {
    const maps = chain(x, this.conv1, this.bn1, this.layer1, this.layer2, this.layer3);
    return chain(maps, this.avgpool, this.flatten, this.linear);
  }
}

/** A function that makes a ResNet for CIFAR-10 with fresh weights. */
function maker(name: string, depth: number): (options?: CifarResNetOptions) => CifarResNet {
  return (options = {}) => {
    checkOptions(name, options, NAMES);
    return new CifarResNet(depth, options);
  };
}

/** ResNet-20 for CIFAR-10: 0.27 million parameters. */
export const resnet20 = maker('resnet20', 3);

/** ResNet-32 for CIFAR-10: 0.46 million parameters. */
export const resnet32 = maker('resnet32', 5);

/** ResNet-44 for CIFAR-10: 0.66 million parameters. */
export const resnet44 = maker('resnet44', 7);

/** ResNet-56 for CIFAR-10: 0.85 million parameters. */
export const resnet56 = maker('resnet56', 9);

/** ResNet-110 for CIFAR-10: 1.7 million parameters. */
export const resnet110 = maker('resnet110', 18);

import {
  AdaptiveAvgPool2d,
  BatchNorm2d,
  Conv2d,
  chain,
  Flatten,
  init,
  type Layer,
  Linear,
  MaxPool2d,
  Module,
  Sequential,
} from '../nn/index.js';
import { checkOptions, type OptionNames } from '../options.js';
import type { Tensor } from '../tensor/tensor.js';
import { CLASSIFIER, type ClassifierOptions } from './blocks.js';
import { BasicBlock, type BlockType, Bottleneck, convolution } from './residual.js';

/** Options of a ResNet. */
export interface ResNetOptions extends ClassifierOptions {
  /** Groups of the 3×3 convolutions; networks of bottlenecks only. Default: 1, ResNeXt's 32. */
  groups?: number;
  /** Width of a group in the first stage; networks of bottlenecks only. Default: 64. */
  widthPerGroup?: number;
}

const NAMES: OptionNames<ResNetOptions> = { ...CLASSIFIER, groups: true, widthPerGroup: true };

/** Blocks of each of the four stages. */
export type Depths = readonly [number, number, number, number];

/**
 * ResNet (He et al., "Deep residual learning for image recognition", 2015) with the stride of a bottleneck in its
 * 3×3 convolution (v1.5), and the names of torchvision's `resnet18` to `resnet152`.
 * Input [N, 3, H, W] (trained at 224), output logits [N, numClasses]. Convolutions start as He et al. ("Delving deep
 * into rectifiers", 2015) propose, with fanOut.
 */
export class ResNet extends Module {
  readonly conv1 = new Conv2d(3, 64, 7, { stride: 2, padding: 3, bias: false });
  readonly bn1 = new BatchNorm2d(64, { relu: true });
  readonly maxpool = new MaxPool2d(3, { stride: 2, padding: 1 });
  readonly layer1: Sequential;
  readonly layer2: Sequential;
  readonly layer3: Sequential;
  readonly layer4: Sequential;
  readonly avgpool = new AdaptiveAvgPool2d(1);
  readonly flatten = new Flatten();
  readonly fc: Linear;

  /** @param depths blocks of each stage */
  constructor(block: BlockType, depths: Depths, options: ResNetOptions = {}) {
    super();
    checkOptions('ResNet', options, NAMES);
    const { numClasses = 1000, ...blockOptions } = options;
    let inChannels = 64;
    const stage = (channels: number, depth: number, firstStride: number): Sequential => {
      const outChannels = channels * block.expansion;
      const blocks = Array.from({ length: depth }, (_, i): Layer => {
        const stride = i === 0 ? firstStride : 1;
        const downsample =
          stride === 1 && inChannels === outChannels
            ? null
            : new Sequential(
                convolution(inChannels, outChannels, 1, { stride }),
                new BatchNorm2d(outChannels),
              );
        const made = new block(inChannels, channels, { ...blockOptions, stride, downsample });
        inChannels = outChannels;
        return made;
      });
      return new Sequential(...blocks);
    };
    this.layer1 = stage(64, depths[0], 1);
    this.layer2 = stage(128, depths[1], 2);
    this.layer3 = stage(256, depths[2], 2);
    this.layer4 = stage(512, depths[3], 2);
    this.fc = new Linear(inChannels, numClasses);
    for (const module of this.modules()) {
      if (!(module instanceof Conv2d)) continue;
      init.kaimingNormal(module.weight, { mode: 'fanOut', nonlinearity: 'relu' });
    }
  }

  override forward(x: Tensor): Tensor {
    const stem = chain(x, this.conv1, this.bn1, this.maxpool);
    const maps = chain(stem, this.layer1, this.layer2, this.layer3, this.layer4);
    return chain(maps, this.avgpool, this.flatten, this.fc);
  }
}

/**
 * A function that makes a ResNet with fresh weights.
 * @param fixed options that the network has by its name
 */
function maker<O extends ClassifierOptions>(
  name: string,
  names: OptionNames<O>,
  block: BlockType,
  depths: Depths,
  fixed: ResNetOptions = {},
): (options?: O) => ResNet {
  return (options) => {
    if (options !== undefined) checkOptions(name, options, names);
    return new ResNet(block, depths, { ...options, ...fixed });
  };
}

/** ResNet with 18 layers. */
export const resnet18 = maker<ClassifierOptions>('resnet18', CLASSIFIER, BasicBlock, [2, 2, 2, 2]);

/** ResNet with 34 layers. */
export const resnet34 = maker<ClassifierOptions>('resnet34', CLASSIFIER, BasicBlock, [3, 4, 6, 3]);

/** ResNet with 50 layers, of bottlenecks. */
export const resnet50 = maker<ResNetOptions>('resnet50', NAMES, Bottleneck, [3, 4, 6, 3]);

/** ResNet with 101 layers, of bottlenecks. */
export const resnet101 = maker<ResNetOptions>('resnet101', NAMES, Bottleneck, [3, 4, 23, 3]);

/** ResNet with 152 layers, of bottlenecks. */
export const resnet152 = maker<ResNetOptions>('resnet152', NAMES, Bottleneck, [3, 8, 36, 3]);

/**
 * ResNet-50 with 3×3 convolutions twice as wide (Zagoruyko and Komodakis, "Wide residual networks", 2016):
 * torchvision's `wide_resnet50_2`.
 */
export const wideResnet50_2 = maker<ClassifierOptions>(
  'wideResnet50_2',
  CLASSIFIER,
  Bottleneck,
  [3, 4, 6, 3],
  {
    widthPerGroup: 128,
  },
);

/**
 * ResNet-50 whose 3×3 convolutions have 32 groups, 4 wide in the first stage (Xie et al., "Aggregated residual
 * transformations for deep neural networks", 2016).
 */
export const resnext50_32x4d = maker<ClassifierOptions>(
  'resnext50_32x4d',
  CLASSIFIER,
  Bottleneck,
  [3, 4, 6, 3],
  {
    groups: 32,
    widthPerGroup: 4,
  },
);

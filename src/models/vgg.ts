import {
  BatchNorm2d,
  Conv2d,
  Identity,
  init,
  type Layer,
  Linear,
  MaxPool2d,
  ReLU,
} from '../nn/index.js';
import { checkOptions, type OptionNames } from '../options.js';
import {
  FEATURE_CLASSIFIER,
  FeatureClassifier,
  type FeatureClassifierOptions,
} from './featureClassifier.js';

/** Convolutions of each of the five stages, by the number of layers with weights. */
const STAGES = {
  11: [1, 1, 2, 2, 2],
  13: [2, 2, 2, 2, 2],
  16: [2, 2, 3, 3, 3],
  19: [2, 2, 4, 4, 4],
} as const satisfies Record<11 | 13 | 16 | 19, readonly number[]>;

const STAGE_CHANNELS = [64, 128, 256, 512, 512];

/** Options of a VGG. */
export interface VGGOptions extends FeatureClassifierOptions {
  /** Batch-norm after each convolution. Default: false. */
  batchNorm?: boolean;
}

const NAMES: OptionNames<VGGOptions> = { ...FEATURE_CLASSIFIER, batchNorm: true };

function featureLayers(convolutions: readonly number[], batchNorm: boolean): Layer[] {
  const layers: Layer[] = [];
  let inChannels = 3;
  for (const [stage, channels] of STAGE_CHANNELS.entries()) {
    for (let i = 0; i < (convolutions[stage] ?? 0); i++) {
      layers.push(new Conv2d(inChannels, channels, 3, { padding: 1 }));
      // Batch-norm can do the ReLU's work in passing; the number that the ReLU has in PyTorch stays taken.
      if (batchNorm) layers.push(new BatchNorm2d(channels, { relu: true }), new Identity());
      else layers.push(new ReLU());
      inChannels = channels;
    }
    layers.push(new MaxPool2d(2));
  }
  return layers;
}

/**
 * VGG: stages of 3×3 convolutions, each ended by max pooling (Simonyan and Zisserman, "Very deep convolutional
 * networks for large-scale image recognition", 2014), with the names of torchvision's `vgg11` to `vgg19_bn`.
 * Input [N, 3, H, W], H and W at least 32 (trained at 224), output logits [N, numClasses]. Convolutions start as He
 * et al. (2015) propose, linear layers normal with standard deviation 0.01.
 */
export class VGG extends FeatureClassifier {
  /** @param depth layers with weights */
  constructor(depth: 11 | 13 | 16 | 19, options: VGGOptions = {}) {
    checkOptions('VGG', options, NAMES);
    super(
      {
        features: featureLayers(STAGES[depth], options.batchNorm ?? false),
        channels: 512,
        pooledSize: 7,
        least: 32,
        arrange: ({ hidden, logits, dropout }) => [
          hidden[0],
          new ReLU(),
          dropout(),
          hidden[1],
          new ReLU(),
          dropout(),
          logits,
        ],
      },
      options,
    );
    for (const module of this.modules()) {
      if (module instanceof Conv2d) {
        init.kaimingNormal(module.weight, { mode: 'fanOut', nonlinearity: 'relu' });
      } else if (module instanceof Linear) {
        init.normal(module.weight, { std: 0.01 });
      } else continue;
      if (module.bias !== null) init.zeros(module.bias);
    }
  }
}

/** A function that makes a VGG with fresh weights. */
function maker(
  name: string,
  depth: 11 | 13 | 16 | 19,
  batchNorm: boolean,
): (options?: FeatureClassifierOptions) => VGG {
  return (options = {}) => {
    checkOptions(name, options, FEATURE_CLASSIFIER);
    return new VGG(depth, { ...options, batchNorm });
  };
}

/** VGG with 11 layers, configuration A. */
export const vgg11 = maker('vgg11', 11, false);

/** VGG with 13 layers, configuration B. */
export const vgg13 = maker('vgg13', 13, false);

/** VGG with 16 layers, configuration D. */
export const vgg16 = maker('vgg16', 16, false);

/** VGG with 19 layers, configuration E. */
export const vgg19 = maker('vgg19', 19, false);

/** VGG with 11 layers and batch-norm: torchvision's `vgg11_bn`. */
export const vgg11Bn = maker('vgg11Bn', 11, true);

/** VGG with 13 layers and batch-norm: torchvision's `vgg13_bn`. */
export const vgg13Bn = maker('vgg13Bn', 13, true);

/** VGG with 16 layers and batch-norm: torchvision's `vgg16_bn`. */
export const vgg16Bn = maker('vgg16Bn', 16, true);

/** VGG with 19 layers and batch-norm: torchvision's `vgg19_bn`. */
export const vgg19Bn = maker('vgg19Bn', 19, true);

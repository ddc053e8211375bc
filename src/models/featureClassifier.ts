import {
  AdaptiveAvgPool2d,
  Dropout,
  Flatten,
  type Layer,
  Linear,
  Module,
  Sequential,
} from '../nn/index.js';
import type { OptionNames } from '../options.js';
import type { Tensor } from '../tensor/tensor.js';
import { CLASSIFIER, type ClassifierOptions, checkImages } from './blocks.js';

/** Options of AlexNet and VGG. */
export interface FeatureClassifierOptions extends ClassifierOptions {
  /** Width of the two hidden linear layers. Default: 4096. */
  hiddenFeatures?: number;
  /** Probability of dropping an input of a linear layer. Default: 0.5. */
  dropout?: number;
}

/** The names of these options. */
export const FEATURE_CLASSIFIER: OptionNames<FeatureClassifierOptions> = {
  ...CLASSIFIER,
  hiddenFeatures: true,
  dropout: true,
};

/** The two hidden layers and the logits, as a classifier's linear and dropout layers. */
export interface ClassifierLayers {
  readonly hidden: readonly [Linear, Linear];
  readonly logits: Linear;
  dropout(): Dropout;
}

/** What a network of convolutions, one pooling to a fixed size, and three linear layers consists of. */
export interface FeatureClassifierParts {
  readonly features: readonly Layer[];
  /** Channels of the features. */
  readonly channels: number;
  /** Height and width that the features are brought to. */
  readonly pooledSize: number;
  /** Smallest height and width of the input. */
  readonly least: number;
  /** The order in which the classifier has its layers. */
  arrange(layers: ClassifierLayers): readonly Layer[];
}

/** A network of convolutions (`features`) whose maps, brought to a fixed size, go into linear layers. */
export abstract class FeatureClassifier extends Module {
  readonly features: Sequential;
  readonly avgpool: AdaptiveAvgPool2d;
  readonly flatten = new Flatten();
  readonly classifier: Sequential;
  readonly #least: number;

  constructor(parts: FeatureClassifierParts, options: FeatureClassifierOptions) {
    super();
    const { numClasses = 1000, hiddenFeatures = 4096, dropout = 0.5 } = options;
    this.#least = parts.least;
    this.features = new Sequential(...parts.features);
    this.avgpool = new AdaptiveAvgPool2d(parts.pooledSize);
    const layers: ClassifierLayers = {
      hidden: [
        new Linear(parts.channels * parts.pooledSize ** 2, hiddenFeatures),
        new Linear(hiddenFeatures, hiddenFeatures),
      ],
      logits: new Linear(hiddenFeatures, numClasses),
      dropout: () => new Dropout(dropout),
    };
    this.classifier = new Sequential(...parts.arrange(layers));
  }

  override forward(x: Tensor): Tensor {
    checkImages(this.constructor.name, x, this.#least);
    const maps = this.avgpool.forward(this.features.forward(x));
    return this.classifier.forward(this.flatten.forward(maps));
  }
}

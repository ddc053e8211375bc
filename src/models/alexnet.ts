import { Conv2d, MaxPool2d, ReLU } from '../nn/index.js';
import { checkOptions } from '../options.js';
import {
  FEATURE_CLASSIFIER,
  FeatureClassifier,
  type FeatureClassifierOptions,
} from './featureClassifier.js';

/**
 * AlexNet in its one-tower form (Krizhevsky, "One weird trick for parallelizing convolutional neural networks",
 * 2014; after Krizhevsky et al., "ImageNet classification with deep convolutional neural networks", 2012), with
 * the names of torchvision's `alexnet`.
 * Input [N, 3, H, W], H and W at least 63 (trained at 224), output logits [N, numClasses].
 */
export class AlexNet extends FeatureClassifier {
  constructor(options: FeatureClassifierOptions = {}) {
    checkOptions('AlexNet', options, FEATURE_CLASSIFIER);
    const features = [
      new Conv2d(3, 64, 11, { stride: 4, padding: 2 }),
      new ReLU(),
      new MaxPool2d(3, { stride: 2 }),
      new Conv2d(64, 192, 5, { padding: 2 }),
      new ReLU(),
      new MaxPool2d(3, { stride: 2 }),
      new Conv2d(192, 384, 3, { padding: 1 }),
      new ReLU(),
      new Conv2d(384, 256, 3, { padding: 1 }),
      new ReLU(),
      new Conv2d(256, 256, 3, { padding: 1 }),
      new ReLU(),
      new MaxPool2d(3, { stride: 2 }),
    ];
    super(
      {
        features,
        channels: 256,
        pooledSize: 6,
        least: 63,
        arrange: ({ hidden, logits, dropout }) => [
          dropout(),
          hidden[0],
          new ReLU(),
          dropout(),
          hidden[1],
          new ReLU(),
          logits,
        ],
      },
      options,
    );
  }
}

/** An AlexNet with fresh weights. */
export function alexnet(options: FeatureClassifierOptions = {}): AlexNet {
  return new AlexNet(options);
}

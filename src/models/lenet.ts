import { Conv2d, Flatten, Linear, MaxPool2d, Module } from '../nn/index.js';
import { relu } from '../ops/activation.js';
import { checkOptions, type OptionNames } from '../options.js';
import type { Tensor } from '../tensor/tensor.js';

export interface LeNetOptions {
  /** Default: 10. */
  numClasses?: number;
  /** Colour channels of the 28×28 input. Default: 1. */
  inChannels?: number;
}

const NAMES: OptionNames<LeNetOptions> = { numClasses: true, inChannels: true };

/**
 * LeNet-5 (LeCun et al., "Gradient-based learning applied to document recognition", 1998) as it is taught
 * today: two convolutions with ReLU and max pooling, three linear layers.
 * Input [N, inChannels, 28, 28], output logits [N, numClasses].
 */
export class LeNet5 extends Module {
  readonly conv1: Conv2d;
  readonly conv2 = new Conv2d(6, 16, 5);
  readonly pool = new MaxPool2d(2);
  readonly flatten = new Flatten();
  readonly fc1 = new Linear(400, 120);
  readonly fc2 = new Linear(120, 84);
  readonly fc3: Linear;

  constructor(options: LeNetOptions = {}) {
    super();
    checkOptions('LeNet5', options, NAMES);
    this.conv1 = new Conv2d(options.inChannels ?? 1, 6, 5, { padding: 2 });
    this.fc3 = new Linear(84, options.numClasses ?? 10);
  }

  override forward(x: Tensor): Tensor {
    const features = this.pool.forward(relu(this.conv1.forward(x)));
    const maps = this.pool.forward(relu(this.conv2.forward(features)));
    const hidden = relu(this.fc1.forward(this.flatten.forward(maps)));
    return this.fc3.forward(relu(this.fc2.forward(hidden)));
  }
}

/** A LeNet-5 with fresh weights. */
export function lenet5(options: LeNetOptions = {}): LeNet5 {
  return new LeNet5(options);
}

import { ArgumentError } from '../errors.js';
import {
  AdaptiveAvgPool2d,
  Conv2d,
  chain,
  Dropout,
  Flatten,
  init,
  Linear,
  MaxPool2d,
  Module,
  Sequential,
} from '../nn/index.js';
import { relu } from '../ops/activation.js';
import { concat } from '../ops/join.js';
import { checkOptions, type OptionNames } from '../options.js';
import type { Tensor } from '../tensor/tensor.js';
import {
  type AuxiliaryOptions,
  CLASSIFIER,
  type ClassifierOptions,
  ConvNormActivation,
  checkImages,
  toUnitRange,
  wantsAuxiliary,
} from './blocks.js';

/** Options of a GoogLeNet. */
export interface GoogLeNetOptions extends ClassifierOptions {
  /** Adds the auxiliary heads, which only training uses. Default: true. */
  auxLogits?: boolean;
  /** Takes images normalised as ImageNet's are; torchvision's pretrained weights need it. Default: false. */
  transformInput?: boolean;
  /** Probability of dropping an input of the last layer. Default: 0.2. */
  dropout?: number;
  /** The same for the auxiliary heads. Default: 0.7. */
  dropoutAux?: number;
}

const NAMES: OptionNames<GoogLeNetOptions> = {
  ...CLASSIFIER,
  auxLogits: true,
  transformInput: true,
  dropout: true,
  dropoutAux: true,
};

/** Logits [N, numClasses] of the network and of its auxiliary heads, which weigh 0.3 each in the paper's loss. */
export interface GoogLeNetOutputs {
  readonly logits: Tensor;
  readonly aux2: Tensor;
  readonly aux1: Tensor;
}

/** Channels of a module: of its 1×1 branch; of the 3×3 branch's two layers; of the "5×5" branch's; after pooling. */
export type InceptionChannels = readonly [
  one: number,
  reduce3: number,
  three: number,
  reduce5: number,
  five: number,
  pool: number,
];

/** Four branches side by side, their channels joined: the paper's figure 2(b). */
export class InceptionModule extends Module {
  readonly branch1: ConvNormActivation;
  readonly branch2: Sequential;
  readonly branch3: Sequential;
  readonly branch4: Sequential;

  constructor(inChannels: number, [one, reduce3, three, reduce5, five, pool]: InceptionChannels) {
    super();
    // The "5×5" branch has 3×3 kernels, as in TensorFlow's network, whose weights torchvision distributes.
    const reduced = (reduce: number, out: number): Sequential =>
      new Sequential(
        new ConvNormActivation(inChannels, reduce, 1),
        new ConvNormActivation(reduce, out, 3, { padding: 1 }),
      );
    this.branch1 = new ConvNormActivation(inChannels, one, 1);
    this.branch2 = reduced(reduce3, three);
    this.branch3 = reduced(reduce5, five);
    this.branch4 = new Sequential(
      new MaxPool2d(3, { stride: 1, padding: 1, ceilMode: true }),
      new ConvNormActivation(inChannels, pool, 1),
    );
  }

  override forward(x: Tensor): Tensor {
    const branches = [this.branch1, this.branch2, this.branch3, this.branch4];
    return concat(
      branches.map((branch) => branch.forward(x)),
      1,
    );
  }
}

/** A classifier on the maps in the middle of the network, which brings gradients there. */
export class AuxiliaryHead extends Module {
  readonly avgpool = new AdaptiveAvgPool2d(4);
  readonly conv: ConvNormActivation;
  readonly flatten = new Flatten();
  readonly fc1 = new Linear(2048, 1024);
  readonly fc2: Linear;
  readonly dropout: Dropout;

  constructor(inChannels: number, numClasses: number, dropout: number) {
    super();
    this.conv = new ConvNormActivation(inChannels, 128, 1);
    this.fc2 = new Linear(1024, numClasses);
    this.dropout = new Dropout(dropout);
  }

  override forward(x: Tensor): Tensor {
    const hidden = relu(chain(x, this.avgpool, this.conv, this.flatten, this.fc1));
    return chain(hidden, this.dropout, this.fc2);
  }
}

/**
 * GoogLeNet (Szegedy et al., "Going deeper with convolutions", 2014) with batch-norm, as torchvision's `googlenet`:
 * its names, pools that round up, 3×3 kernels in the branch that the paper has 5×5 ones in.
 * Input [N, 3, H, W], H and W at least 15 (trained at 224), output logits [N, numClasses]. Weights start normal with
 * standard deviation 0.01.
 *
 * @example
 * const { logits, aux1, aux2 } = model.forward(images, { auxiliary: true });
 * const auxiliary = crossEntropy(aux1, labels).add(crossEntropy(aux2, labels));
 * const loss = crossEntropy(logits, labels).add(auxiliary.mul(0.3));
 */
export class GoogLeNet extends Module {
  readonly conv1 = new ConvNormActivation(3, 64, 7, { stride: 2, padding: 3 });
  readonly maxpool1 = new MaxPool2d(3, { stride: 2, ceilMode: true });
  readonly conv2 = new ConvNormActivation(64, 64, 1);
  readonly conv3 = new ConvNormActivation(64, 192, 3, { padding: 1 });
  readonly maxpool2 = new MaxPool2d(3, { stride: 2, ceilMode: true });
  readonly inception3a = new InceptionModule(192, [64, 96, 128, 16, 32, 32]);
  readonly inception3b = new InceptionModule(256, [128, 128, 192, 32, 96, 64]);
  readonly maxpool3 = new MaxPool2d(3, { stride: 2, ceilMode: true });
  readonly inception4a = new InceptionModule(480, [192, 96, 208, 16, 48, 64]);
  readonly inception4b = new InceptionModule(512, [160, 112, 224, 24, 64, 64]);
  readonly inception4c = new InceptionModule(512, [128, 128, 256, 24, 64, 64]);
  readonly inception4d = new InceptionModule(512, [112, 144, 288, 32, 64, 64]);
  readonly inception4e = new InceptionModule(528, [256, 160, 320, 32, 128, 128]);
  readonly maxpool4 = new MaxPool2d(2, { stride: 2, ceilMode: true });
  readonly inception5a = new InceptionModule(832, [256, 160, 320, 32, 128, 128]);
  readonly inception5b = new InceptionModule(832, [384, 192, 384, 48, 128, 128]);
  readonly aux1: AuxiliaryHead | null;
  readonly aux2: AuxiliaryHead | null;
  readonly avgpool = new AdaptiveAvgPool2d(1);
  readonly flatten = new Flatten();
  readonly dropout: Dropout;
  readonly fc: Linear;
  readonly #transformInput: boolean;

  constructor(options: GoogLeNetOptions = {}) {
    super();
    checkOptions('GoogLeNet', options, NAMES);
    const { numClasses = 1000, auxLogits = true, dropout = 0.2, dropoutAux = 0.7 } = options;
    this.#transformInput = options.transformInput ?? false;
    this.aux1 = auxLogits ? new AuxiliaryHead(512, numClasses, dropoutAux) : null;
    this.aux2 = auxLogits ? new AuxiliaryHead(528, numClasses, dropoutAux) : null;
    this.dropout = new Dropout(dropout);
    this.fc = new Linear(1024, numClasses);
    for (const module of this.modules()) {
      // torchvision also cuts at ±2, which is 200 standard deviations: nothing lies beyond.
      if (module instanceof Conv2d || module instanceof Linear)
        init.normal(module.weight, { std: 0.01 });
    }
  }

  /** Logits; with `auxiliary`, those of the auxiliary heads too, as PyTorch returns them in training. */
  override forward(x: Tensor): Tensor;
  override forward(x: Tensor, options: { auxiliary: true }): GoogLeNetOutputs;
  override forward(x: Tensor, options: AuxiliaryOptions): Tensor | GoogLeNetOutputs;
  override forward(x: Tensor, options: AuxiliaryOptions = {}): Tensor | GoogLeNetOutputs {
    const isWhole = wantsAuxiliary('GoogLeNet', options);
    checkImages('GoogLeNet', x, 15);
    if (isWhole && (this.aux1 === null || this.aux2 === null)) {
      throw new ArgumentError('GoogLeNet: made without auxiliary heads (auxLogits: false)');
    }
    const images = this.#transformInput ? toUnitRange(x) : x;
    const stem = chain(images, this.conv1, this.maxpool1, this.conv2, this.conv3, this.maxpool2);
    const maps4a = chain(stem, this.inception3a, this.inception3b, this.maxpool3, this.inception4a);
    const maps4d = chain(maps4a, this.inception4b, this.inception4c, this.inception4d);
    const maps = chain(maps4d, this.inception4e, this.maxpool4, this.inception5a, this.inception5b);
    const logits = chain(maps, this.avgpool, this.flatten, this.dropout, this.fc);
    if (!isWhole || this.aux1 === null || this.aux2 === null) return logits;
    return { logits, aux2: this.aux2.forward(maps4d), aux1: this.aux1.forward(maps4a) };
  }
}

/** A GoogLeNet with fresh weights. */
export function googlenet(options: GoogLeNetOptions = {}): GoogLeNet {
  return new GoogLeNet(options);
}

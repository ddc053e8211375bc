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
} from '../nn/index.js';
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
import {
  InceptionA,
  InceptionAux,
  InceptionB,
  InceptionC,
  InceptionD,
  InceptionE,
} from './inceptionBlocks.js';

/** Options of an Inception v3. */
export interface InceptionOptions extends ClassifierOptions {
  /** Adds the auxiliary head, which only training uses. Default: true. */
  auxLogits?: boolean;
  /** Takes images normalised as ImageNet's are; torchvision's pretrained weights need it. Default: false. */
  transformInput?: boolean;
  /** Probability of dropping an input of the last layer. Default: 0.5. */
  dropout?: number;
}

const NAMES: OptionNames<InceptionOptions> = {
  ...CLASSIFIER,
  auxLogits: true,
  transformInput: true,
  dropout: true,
};

/** Logits [N, numClasses] of the network and of its auxiliary head, which usually weighs 0.4 in the loss. */
export interface InceptionOutputs {
  readonly logits: Tensor;
  readonly auxLogits: Tensor;
}

/**
 * Inception v3 (Szegedy et al., "Rethinking the Inception architecture for computer vision", 2015), with the names of
 * torchvision's `inception_v3`.
 * Input [N, 3, H, W], H and W at least 75 (trained at 299, which the auxiliary head needs), output logits
 * [N, numClasses]. Weights start normal with standard deviation 0.1, those of the auxiliary logits 0.001.
 *
 * @example
 * const { logits, auxLogits } = model.forward(images, { auxiliary: true });
 * const loss = crossEntropy(logits, labels).add(crossEntropy(auxLogits, labels).mul(0.4));
 */
export class InceptionV3 extends Module {
  readonly Conv2d_1a_3x3 = new ConvNormActivation(3, 32, 3, { stride: 2 });
  readonly Conv2d_2a_3x3 = new ConvNormActivation(32, 32, 3);
  readonly Conv2d_2b_3x3 = new ConvNormActivation(32, 64, 3, { padding: 1 });
  readonly maxpool1 = new MaxPool2d(3, { stride: 2 });
  readonly Conv2d_3b_1x1 = new ConvNormActivation(64, 80, 1);
  readonly Conv2d_4a_3x3 = new ConvNormActivation(80, 192, 3);
  readonly maxpool2 = new MaxPool2d(3, { stride: 2 });
  readonly Mixed_5b = new InceptionA(192, 32);
  readonly Mixed_5c = new InceptionA(256, 64);
  readonly Mixed_5d = new InceptionA(288, 64);
  readonly Mixed_6a = new InceptionB(288);
  readonly Mixed_6b = new InceptionC(768, 128);
  readonly Mixed_6c = new InceptionC(768, 160);
  readonly Mixed_6d = new InceptionC(768, 160);
  readonly Mixed_6e = new InceptionC(768, 192);
  readonly AuxLogits: InceptionAux | null;
  readonly Mixed_7a = new InceptionD(768);
  readonly Mixed_7b = new InceptionE(1280);
  readonly Mixed_7c = new InceptionE(2048);
  readonly avgpool = new AdaptiveAvgPool2d(1);
  readonly dropout: Dropout;
  readonly flatten = new Flatten();
  readonly fc: Linear;
  readonly #transformInput: boolean;

  constructor(options: InceptionOptions = {}) {
    super();
    checkOptions('InceptionV3', options, NAMES);
    const { numClasses = 1000, auxLogits = true, dropout = 0.5 } = options;
    this.#transformInput = options.transformInput ?? false;
    this.AuxLogits = auxLogits ? new InceptionAux(768, numClasses) : null;
    this.dropout = new Dropout(dropout);
    this.fc = new Linear(2048, numClasses);
    for (const module of this.modules()) {
      // torchvision also cuts at ±2, which is 20 standard deviations or more: nothing lies beyond.
      if (module instanceof Conv2d || module instanceof Linear)
        init.normal(module.weight, { std: 0.1 });
    }
    if (this.AuxLogits !== null) init.normal(this.AuxLogits.fc.weight, { std: 0.001 });
  }

  /** Logits; with `auxiliary`, those of the auxiliary head too, as PyTorch returns them in training. */
  override forward(x: Tensor): Tensor;
  override forward(x: Tensor, options: { auxiliary: true }): InceptionOutputs;
  override forward(x: Tensor, options: AuxiliaryOptions): Tensor | InceptionOutputs;
  override forward(x: Tensor, options: AuxiliaryOptions = {}): Tensor | InceptionOutputs {
    const isWhole = wantsAuxiliary('InceptionV3', options);
    checkImages('InceptionV3', x, isWhole ? 299 : 75);
    if (isWhole && this.AuxLogits === null) {
      throw new ArgumentError('InceptionV3: made without its auxiliary head (auxLogits: false)');
    }
    const images = this.#transformInput ? toUnitRange(x) : x;
    const large = chain(images, this.Conv2d_1a_3x3, this.Conv2d_2a_3x3, this.Conv2d_2b_3x3);
    const stem = chain(large, this.maxpool1, this.Conv2d_3b_1x1, this.Conv2d_4a_3x3, this.maxpool2);
    const maps5 = chain(stem, this.Mixed_5b, this.Mixed_5c, this.Mixed_5d);
    const maps6 = chain(
      maps5,
      this.Mixed_6a,
      this.Mixed_6b,
      this.Mixed_6c,
      this.Mixed_6d,
      this.Mixed_6e,
    );
    const maps7 = chain(maps6, this.Mixed_7a, this.Mixed_7b, this.Mixed_7c);
    const logits = chain(maps7, this.avgpool, this.dropout, this.flatten, this.fc);
    if (!isWhole || this.AuxLogits === null) return logits;
    return { logits, auxLogits: this.AuxLogits.forward(maps6) };
  }
}

/** An Inception v3 with fresh weights. */
export function inceptionV3(options: InceptionOptions = {}): InceptionV3 {
  return new InceptionV3(options);
}

import { checkInteger } from '../ops/kit/options.js';
import { linear } from '../ops/linear.js';
import { checkOptions, type OptionNames } from '../options.js';
import { dim } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { resetWeightAndBias } from './initialWeights.js';
import { Module } from './module.js';
import { emptyParameter, type Parameter } from './parameter.js';

export interface LinearOptions {
  /** Adds a bias. Default: true. */
  bias?: boolean;
}

const NAMES: OptionNames<LinearOptions> = { bias: true };

/**
 * x·weightᵀ + bias on the last axis: [..., inFeatures] to [..., outFeatures]. Weight [outFeatures, inFeatures]
 * and bias [outFeatures] start uniform on ±1/√inFeatures.
 *
 * @example
 * new nn.Linear(784, 10).forward(images); // [64, 784] -> [64, 10]
 */
export class Linear extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | null;

  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super();
    checkInteger(inFeatures, 'inFeatures', 'Linear', 1);
    checkInteger(outFeatures, 'outFeatures', 'Linear', 1);
    checkOptions('Linear', options, NAMES);
    this.weight = emptyParameter([outFeatures, inFeatures]);
    this.bias = options.bias === false ? null : emptyParameter([outFeatures]);
    resetWeightAndBias(this.weight, this.bias);
  }

  get inFeatures(): number {
    return dim(this.weight.shape, 1);
  }

  get outFeatures(): number {
    return dim(this.weight.shape, 0);
  }

  override forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }

  protected override describeOptions(): string {
    return `${this.inFeatures}, ${this.outFeatures}${this.bias === null ? ', bias=false' : ''}`;
  }
}

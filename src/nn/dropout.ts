import { checkFraction } from '../ops/options.js';
import { dropout, dropout2d } from '../ops/random.js';
import type { Generator } from '../tensor/random.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';

export interface DropoutLayerOptions {
  /** Where the masks come from. Default: the generator that manualSeed() seeds. */
  generator?: Generator;
}

/**
 * While training, zeroes each element with probability p and scales the others by 1/(1 − p); the input as it is
 * otherwise (Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014).
 */
export class Dropout extends Module {
  readonly #p: number;
  readonly #options: DropoutLayerOptions;

  /** @param p probability of zeroing */
  constructor(p = 0.5, options: DropoutLayerOptions = {}) {
    super();
    this.#p = checkFraction(p, 'p', 'Dropout');
    this.#options = options;
  }

  override forward(x: Tensor): Tensor {
    return dropout(x, this.#p, { ...this.#options, training: this.training });
  }

  protected override describeOptions(): string {
    return `p=${this.#p}`;
  }
}

/**
 * While training, zeroes whole channels of [N, C, ...] with probability p and scales the others by 1/(1 − p)
 * (Tompson et al., "Efficient object localization using convolutional networks", 2015).
 */
export class Dropout2d extends Module {
  readonly #p: number;
  readonly #options: DropoutLayerOptions;

  /** @param p probability of zeroing */
  constructor(p = 0.5, options: DropoutLayerOptions = {}) {
    super();
    this.#p = checkFraction(p, 'p', 'Dropout2d');
    this.#options = options;
  }

  override forward(x: Tensor): Tensor {
    return dropout2d(x, this.#p, { ...this.#options, training: this.training });
  }

  protected override describeOptions(): string {
    return `p=${this.#p}`;
  }
}

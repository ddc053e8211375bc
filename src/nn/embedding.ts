import { embedding } from '../ops/indexing.js';
import { checkInteger } from '../ops/options.js';
import { ArgumentError } from '../tensor/errors.js';
import { dim } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { normal, zeros } from './init.js';
import { Module } from './module.js';
import { emptyParameter, type Parameter } from './parameter.js';

export interface EmbeddingLayerOptions {
  /** A row, negative from the end, that starts at zero and is not trained. Default: none. */
  paddingIndex?: number;
}

/**
 * A learned vector for each of `count` things: integers [...] to [..., features]. The table `weight`
 * [count, features] starts normal.
 */
export class Embedding extends Module {
  readonly weight: Parameter;
  readonly #paddingIndex: number | undefined;

  constructor(count: number, features: number, options: EmbeddingLayerOptions = {}) {
    super();
    checkInteger(count, 'count', 'Embedding', 1);
    checkInteger(features, 'features', 'Embedding', 1);
    const { paddingIndex } = options;
    if (paddingIndex !== undefined) {
      if (!Number.isInteger(paddingIndex) || paddingIndex < -count || paddingIndex >= count) {
        throw new ArgumentError(
          `Embedding: paddingIndex is ${paddingIndex}, expected an integer from ${-count} to ${count - 1}`,
        );
      }
    }
    this.#paddingIndex = paddingIndex;
    this.weight = normal(emptyParameter([count, features]));
    if (paddingIndex !== undefined)
      this.#clearRow(paddingIndex < 0 ? paddingIndex + count : paddingIndex);
  }

  #clearRow(row: number): void {
    const features = dim(this.weight.shape, 1);
    const view = this.weight.share([features], row * features);
    zeros(view);
    view.dispose();
  }

  override forward(index: Tensor): Tensor {
    const options = this.#paddingIndex === undefined ? {} : { paddingIndex: this.#paddingIndex };
    return embedding(index, this.weight, options);
  }

  protected override describeOptions(): string {
    const padding = this.#paddingIndex === undefined ? '' : `, paddingIndex=${this.#paddingIndex}`;
    return `${dim(this.weight.shape, 0)}, ${dim(this.weight.shape, 1)}${padding}`;
  }
}

import { ArgumentError } from '../errors.js';
import { checkEmbeddingOptions, type EmbeddingOptions, embedding } from '../ops/embedding.js';
import { checkInteger } from '../ops/kit/options.js';
import { checkOptions, type OptionNames } from '../options.js';
import { dim } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { normal, zeros } from './init.js';
import { Module } from './module.js';
import { emptyParameter, type Parameter } from './parameter.js';

export interface EmbeddingLayerOptions extends EmbeddingOptions {
  /** A row, negative from the end, that starts at zero and is not trained. Default: none. */
  paddingIndex?: number;
}

const NAMES: OptionNames<EmbeddingLayerOptions> = {
  paddingIndex: true,
  maxNorm: true,
  normType: true,
  scaleGradByFreq: true,
  sparse: true,
};

/**
 * A learned vector for each of `count` things: integers [...] to [..., features]. The table `weight`
 * [count, features] starts normal.
 *
 * With `sparse: true` the gradient, and the steps of `optim.SGD`, `Adagrad` and `SparseAdam`, have only the rows that
 * occur, so that a step costs as much in a table of a million rows as in one of a thousand.
 *
 * @example
 * const words = new nn.Embedding(1_000_000, 64, { sparse: true });
 * const optimizer = new optim.SparseAdam(words.parameters());
 */
export class Embedding extends Module {
  readonly weight: Parameter;
  readonly #options: EmbeddingOptions;

  /**
   * @param count how many things there are
   * @param features elements of a vector
   * @throws ArgumentError for sizes or options out of range
   */
  constructor(count: number, features: number, options: EmbeddingLayerOptions = {}) {
    super();
    checkInteger(count, 'count', 'Embedding', 1);
    checkInteger(features, 'features', 'Embedding', 1);
    checkOptions('Embedding', options, NAMES);
    const { paddingIndex } = options;
    if (paddingIndex !== undefined) {
      if (!Number.isInteger(paddingIndex) || paddingIndex < -count || paddingIndex >= count) {
        throw new ArgumentError(
          `Embedding: paddingIndex is ${paddingIndex}, expected an integer from ${-count} to ${count - 1}`,
        );
      }
    }
    checkEmbeddingOptions(options, 'Embedding');
    this.#options = { ...options };
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
    return embedding(index, this.weight, this.#options);
  }

  protected override describeOptions(): string {
    const [count, features] = this.weight.shape;
    const options = Object.entries(this.#options).flatMap(([name, value]) =>
      value === undefined || value === false ? [] : [`, ${name}=${value}`],
    );
    return `${count}, ${features}${options.join('')}`;
  }
}

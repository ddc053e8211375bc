import { readFileSync } from 'node:fs';
import * as nn from '../../src/nn/index.js';
import '../../src/ops/methods.js';
import { copyFrom, tensor } from '../../src/ops/index.js';
import type { DType } from '../../src/tensor/dtype.js';
import type { Tensor } from '../../src/tensor/tensor.js';

/** What PyTorch says of embeddings: test/fixtures/make_embedding.py. */
interface Fixture {
  readonly rows: number;
  readonly features: number;
  readonly weight: readonly number[];
  readonly index: number[][];
  readonly outputGradient: readonly number[];
  readonly layers: readonly {
    readonly options: Readonly<Record<string, number | boolean | 'Infinity'>>;
    readonly output: readonly number[];
    /** After the forward pass, which may limit norms. */
    readonly weight: readonly number[];
    readonly gradient: readonly number[];
  }[];
  readonly padding: number;
  readonly indices: readonly number[][];
  readonly gradients: readonly (readonly number[])[];
  readonly optimizers: readonly {
    readonly optimizer: string;
    readonly options: Readonly<Record<string, unknown>>;
    /** The weight after each step. */
    readonly trajectory: readonly (readonly number[])[];
  }[];
}

const path = new URL('../fixtures/embedding.json', import.meta.url);
export const fixture = JSON.parse(readFileSync(path, 'utf8')) as Fixture;

/** An embedding with the fixture's weight. */
export function embeddingOf(
  options: nn.EmbeddingLayerOptions,
  dtype: DType = 'float32',
): nn.Embedding {
  const layer = new nn.Embedding(fixture.rows, fixture.features, options).to(dtype);
  copyFrom(layer.weight, tensor([...fixture.weight], { shape: layer.weight.shape, dtype }));
  return layer;
}

/** The gradient of a leaf, which has to be there. */
export function gradientOf(leaf: Tensor): Tensor {
  if (leaf.grad === null) throw new Error('a leaf has no gradient');
  return leaf.grad;
}

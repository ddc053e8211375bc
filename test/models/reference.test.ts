import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { InceptionAux } from '../../src/models/inceptionBlocks.js';
import * as models from '../../src/models/index.js';
import type { Module } from '../../src/nn/index.js';
import '../../src/autograd/methods.js';
import '../../src/ops/methods.js';
import { backendInfo } from '../../src/backend/select.js';
import { crossEntropy, tensor } from '../../src/ops/index.js';
import { noGrad, scope } from '../../src/tensor/scope.js';
import { dim } from '../../src/tensor/shape.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { expectClose } from '../support/close.js';
import { fillWeights, images } from './weights.js';

/** A model, and a digest of the names and shapes of PyTorch's. */
interface Named {
  readonly model: string;
  readonly options: Record<string, number | boolean>;
  readonly state: string;
}

/** What PyTorch's model computes with the same weights. */
interface Computed extends Named {
  readonly input: readonly number[];
  /** Of the model in evaluation mode. */
  readonly logits: readonly number[];
  /** Mode of the loss and its gradients; in training, auxiliary heads included. */
  readonly mode: 'training' | 'evaluation';
  readonly loss: number;
  /** In the order of the parameters' names. */
  readonly gradientNorms: readonly number[];
}

const path = new URL('../fixtures/models.json', import.meta.url);
const references = JSON.parse(readFileSync(path, 'utf8')) as {
  readonly computed: Readonly<Record<string, Computed>>;
  readonly named: Readonly<Record<string, Named>>;
};

type Classifier = Module & { forward(x: Tensor): Tensor };

function digest(model: Module): string {
  const lines = Array.from(
    model.stateDict(),
    ([name, { shape }]) => `${name} ${shape.join(',')}\n`,
  );
  return createHash('sha256').update(lines.sort().join('')).digest('hex').slice(0, 16);
}

function make({ model, options }: Named): Classifier {
  if (model === 'InceptionAux') return new InceptionAux(768, 10);
  const factory: unknown = Reflect.get(models, model);
  if (typeof factory !== 'function') throw new Error(`models.${model} is no function`);
  return factory(options);
}

/** Cross-entropy, with that of the auxiliary heads if the model has any. */
function lossOf(model: Classifier, x: Tensor, targets: Tensor): Tensor {
  if (!(model instanceof models.GoogLeNet) || model.aux1 === null) {
    return crossEntropy(model.forward(x), targets);
  }
  const { logits, aux1, aux2 } = model.forward(x, { auxiliary: true });
  const auxiliary = crossEntropy(aux1, targets).add(crossEntropy(aux2, targets));
  return crossEntropy(logits, targets).add(auxiliary.mul(0.3));
}

/**
 * The references are float64, and so is the TypeScript backend here. In float32 rounding may tip one ReLU in a million
 * over, which moves a gradient by some thousandths.
 */
const isNative = backendInfo().name === 'native';
const dtype = isNative ? 'float32' : 'float64';
const TOLERANCE = isNative ? { logits: 1e-4, gradients: 1e-2 } : { logits: 1e-6, gradients: 1e-6 };

describe.each(Object.entries(references.computed))('%s', (_, reference) => {
  test('has the names, logits, loss and gradients of PyTorch', () => {
    scope(() => {
      const model = make(reference);
      expect(digest(model)).toBe(reference.state);
      fillWeights(model);
      model.to(dtype);
      const x = images(reference.input).cast(dtype);
      const logits = noGrad(() => model.eval().forward(x));
      const largest = Math.max(...reference.logits.map(Math.abs));
      const atOutput = { rtol: 0, atol: TOLERANCE.logits * largest };
      expectClose(logits, reference.logits, atOutput, 'logits');

      const targets = tensor(Int32Array.from({ length: dim(x.shape, 0) }, (_, i) => (i * 3) % 10));
      const loss = lossOf(model.train(reference.mode === 'training'), x, targets);
      expectClose(loss, [reference.loss], { rtol: TOLERANCE.logits, atol: 0 }, 'loss');
      loss.backward();
      const parameters = model.namedParameters().sort(([a], [b]) => (a < b ? -1 : 1));
      const norms = parameters.map(([, { grad }]) => grad?.norm().itemSync() ?? Number.NaN);
      // Biases that a batch-norm takes away again have gradients of rounding errors.
      const atol = 1e-6 * Math.max(...reference.gradientNorms);
      const asGradients = { rtol: TOLERANCE.gradients, atol };
      expectClose(norms, reference.gradientNorms, asGradients, 'norms of gradients');
      for (const parameter of model.stateDict().values()) parameter.dispose();
    });
  });
});

test.each(Object.entries(references.named))(
  '%s has the names and shapes of PyTorch',
  (_, named) => {
    const model = make(named);
    expect(digest(model)).toBe(named.state);
    for (const value of model.stateDict().values()) value.dispose();
  },
);

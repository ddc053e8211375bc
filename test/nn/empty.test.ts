import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/backward.js';
import * as nn from '../../src/nn/index.js';
import { zeros } from '../../src/ops/creation.js';
import { sum } from '../../src/ops/reduce.js';
import { scope } from '../../src/tensor/scope.js';
import type { Shape } from '../../src/tensor/shape.js';
import { expectSame } from '../support/close.js';
import { CASES } from './cases.js';

// A batch of no samples goes through every layer, forward and backward.

interface Reference {
  readonly inputs: readonly { readonly shape: Shape; readonly grad: boolean }[];
  readonly output: { readonly shape: Shape };
}

const path = new URL('../fixtures/nn.json', import.meta.url);
const references = JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, Reference>>;

/** Layers of one input, a batch; losses have two, and the mean over nothing is NaN. */
const layers = Object.entries(CASES).flatMap(([name, make]) => {
  const reference = references[name];
  const isBatch = !name.endsWith('without a batch axis');
  return isBatch && reference?.inputs.length === 1 ? [[name, make, reference] as const] : [];
});

function emptied(shape: Shape): Shape {
  return [0, ...shape.slice(1)];
}

test.each(layers)('%s takes an empty batch', (_, make, { inputs: [input], output }) => {
  scope(() => {
    const layer = make();
    const dtype = input?.grad ? 'float32' : 'int32';
    const x = zeros(emptied(input?.shape ?? []), { dtype });
    x.requiresGrad = input?.grad ?? false;
    const y = layer.forward(x);
    expect(y.shape).toEqual(emptied(output.shape));
    if (!y.requiresGrad) return;
    backward(sum(y));
    if (x.requiresGrad) expect(x.grad?.shape).toEqual(x.shape);
    for (const [name, { grad, size }] of layer.namedParameters()) {
      expectSame(grad ?? [], new Float32Array(size), name);
    }
  });
});

describe('BatchNorm', () => {
  test.each([0.1, null])('leaves its statistics alone for no samples, momentum %s', (momentum) => {
    const layer = new nn.BatchNorm2d(3, { momentum });
    for (const shape of [
      [0, 3, 4, 4],
      [2, 3, 0, 4],
    ]) {
      expect(layer.forward(zeros(shape)).shape).toEqual(shape);
    }
    expectSame(layer.running_mean ?? [], [0, 0, 0]);
    expectSame(layer.running_var ?? [], [1, 1, 1]);
    expectSame(layer.num_batches_tracked ?? [], [0]);
  });
});

import { describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/backward.js';
import * as nn from '../../src/nn/index.js';
import { zeros } from '../../src/ops/creation.js';
import { sum } from '../../src/ops/reduce.js';
import { scope } from '../../src/tensor/scope.js';
import type { Shape } from '../../src/tensor/shape.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { expectSame } from '../support/close.js';
import { readFixture } from '../support/fixtures.js';
import { type ForwardReference, freshLayer } from '../support/layers.js';

// A batch of no samples goes through every layer, forward and backward.

/** Layers of one input, a batch; losses have two, and the mean over nothing is NaN. */
const layers = Object.entries(readFixture<ForwardReference>('nn.json')).filter(
  ([name, { inputs }]) => inputs.length === 1 && !name.endsWith('without a batch axis'),
);

function emptied(shape: Shape): Shape {
  return [0, ...shape.slice(1)];
}

test.each(layers)('%s takes an empty batch', (_, reference) => {
  scope(() => {
    const {
      inputs: [input],
      output,
    } = reference;
    const layer = freshLayer(reference);
    const dtype = input?.grad ? 'float32' : 'int32';
    const x = zeros(emptied(input?.shape ?? []), { dtype });
    x.requiresGrad = input?.grad ?? false;
    const y = layer.forward(x) as Tensor;
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

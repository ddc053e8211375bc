import { describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/backward.js';
import { backend } from '../../src/backend/select.js';
import type { DType } from '../../src/tensor/dtype.js';
import { scope } from '../../src/tensor/scope.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { withBackend } from '../support/backends.js';
import { expectClose, type Tolerance } from '../support/close.js';
import { inputsOf, readFixture, tensorOf, valuesOf } from '../support/fixtures.js';
import { gradcheck } from '../support/gradcheck.js';
import {
  checkParameterGradient,
  type ForwardReference,
  freshLayer,
  layerClasses,
  loadedLayer,
} from '../support/layers.js';
import { ACTIVATIONS } from './activations.js';

const REFERENCES = Object.entries(readFixture<ForwardReference>('nn.json'));

/** Classes that compute nothing of their own, or have tests of their own. */
const TESTED_ELSEWHERE = [
  ...ACTIVATIONS,
  ...['Module', 'ModuleList', 'Perceptron', 'Adaline'],
  ...['ModuleDict', 'ParameterList', 'ParameterDict'],
  ...['RNN', 'LSTM', 'GRU', 'RNNCell', 'LSTMCell', 'GRUCell'],
  ...['Dropout1d', 'Dropout3d', 'AlphaDropout', 'FeatureAlphaDropout'],
];

const FLOAT32 = { rtol: 1e-5, atol: 2e-6 };
/** The reference is written with eight digits. */
const FLOAT64 = { rtol: 1e-7, atol: 1e-7 };

function checkLayer(reference: ForwardReference, float: DType, tolerance: Tolerance): void {
  scope(() => {
    const layer = loadedLayer(reference, float);
    const inputs = inputsOf(reference, float);
    const output = layer.forward(...inputs) as Tensor;
    expect(output.shape).toEqual(reference.output.shape);
    expectClose(output, valuesOf(reference.output), tolerance, 'output');
    backward(output, { gradient: tensorOf(reference.cotangent, float) });
    for (const [i, stored] of reference.inputGradients.entries()) {
      const gradient = inputs[i]?.grad ?? null;
      if (stored === null) expect(gradient).toBeNull();
      else expectClose(gradient ?? [], valuesOf(stored), tolerance, `gradient of input ${i}`);
    }
    for (const [name, parameter] of layer.namedParameters()) {
      checkParameterGradient(reference, name, parameter.grad, tolerance);
    }
  });
}

test('every layer and loss is checked', () => {
  const checked = REFERENCES.map(([, { made }]) => made.layer);
  expect(layerClasses().sort()).toEqual([...new Set([...checked, ...TESTED_ELSEWHERE])].sort());
});

describe.each(REFERENCES)('%s', (_, reference) => {
  test('computes what PyTorch computes, forward and backward, from its state dict', () => {
    expect([...freshLayer(reference).stateDict().keys()]).toEqual(Object.keys(reference.state));
    checkLayer(reference, 'float32', FLOAT32);
    if (backend().name === 'ts') checkLayer(reference, 'float64', FLOAT64);
  });

  if (reference.noGradcheck !== undefined) return;

  test('has the gradients of central differences', () => {
    withBackend('ts', () => {
      const layer = loadedLayer(reference, 'float64');
      const inputs = inputsOf(reference, 'float64');
      const leaves = [...inputs, ...layer.parameters()].filter((leaf) => leaf.requiresGrad);
      gradcheck(
        () => layer.forward(...inputs) as Tensor,
        () => leaves,
      );
    });
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/backward.js';
import { backend } from '../../src/backend/select.js';
import * as nn from '../../src/nn/index.js';
import type { DType } from '../../src/tensor/dtype.js';
import { scope } from '../../src/tensor/scope.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { withBackend } from '../support/backends.js';
import { expectClose, type Tolerance } from '../support/close.js';
import { type Stored, tensorOf, valuesOf } from '../support/fixtures.js';
import { gradcheck } from '../support/gradcheck.js';
import { ACTIVATIONS } from './activations.js';
import { CASES, type Checked } from './cases.js';

/** What PyTorch says of a layer. */
interface Reference {
  readonly state: Readonly<Record<string, Stored>>;
  readonly inputs: readonly (Stored & { readonly grad: boolean })[];
  readonly output: Stored;
  readonly cotangent: Stored;
  readonly inputGradients: readonly (Stored | null)[];
  /** Of the parameters. */
  readonly gradients: Readonly<Record<string, Stored>>;
}

const path = new URL('../fixtures/nn.json', import.meta.url);
const references = new Map(
  Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, Reference>),
);

/** Classes that compute nothing of their own, or have tests of their own. */
const TESTED_ELSEWHERE = [
  ...['Module', 'ModuleList', 'Perceptron', 'Adaline'],
  ...['RNN', 'LSTM', 'GRU', 'RNNCell', 'LSTMCell', 'GRUCell'],
  ...['Dropout1d', 'Dropout3d', 'AlphaDropout', 'FeatureAlphaDropout'],
  ...ACTIVATIONS,
];

const FLOAT32 = { rtol: 1e-5, atol: 2e-6 };
/** The reference is written with eight digits. */
const FLOAT64 = { rtol: 1e-7, atol: 1e-7 };

function isModuleClass(value: unknown): boolean {
  return (
    typeof value === 'function' && (value === nn.Module || value.prototype instanceof nn.Module)
  );
}

function loaded(make: () => Checked, { state }: Reference, float: DType): Checked {
  const layer = make().to(float);
  layer.loadStateDict(
    Object.fromEntries(
      Object.entries(state).map(([name, stored]) => [name, tensorOf(stored, float)]),
    ),
  );
  return layer;
}

/** The input of a layer, and the target of a loss. */
function inputsOf({ inputs }: Reference, float: DType): [x: Tensor, ...target: Tensor[]] {
  const made = inputs.map((stored) => {
    const input = tensorOf(stored, float);
    input.requiresGrad = stored.grad;
    return input;
  });
  const [x = tensorOf({ dtype: 'float', shape: [], data: [0] }, float), ...target] = made;
  return [x, ...target];
}

function checkLayer(
  make: () => Checked,
  reference: Reference,
  float: DType,
  tolerance: Tolerance,
): void {
  scope(() => {
    const layer = loaded(make, reference, float);
    const inputs = inputsOf(reference, float);
    const output = layer.forward(...inputs);
    expect(output.shape).toEqual(reference.output.shape);
    expectClose(output, valuesOf(reference.output), tolerance, 'output');
    backward(output, { gradient: tensorOf(reference.cotangent, float) });
    for (const [i, stored] of reference.inputGradients.entries()) {
      const gradient = inputs[i]?.grad ?? null;
      if (stored === null) expect(gradient).toBeNull();
      else expectClose(gradient ?? [], valuesOf(stored), tolerance, `gradient of input ${i}`);
    }
    for (const [name, parameter] of layer.namedParameters()) {
      const stored = reference.gradients[name];
      if (stored === undefined) throw new Error(`PyTorch has no parameter ${name}`);
      expectClose(parameter.grad ?? [], valuesOf(stored), tolerance, `gradient of ${name}`);
    }
  });
}

test('every layer and loss is checked', () => {
  const classes = Object.entries(nn).filter(([, value]) => isModuleClass(value));
  const checked = Object.values(CASES).map((make) => make().constructor.name);
  expect(classes.map(([name]) => name).sort()).toEqual(
    [...new Set([...checked, ...TESTED_ELSEWHERE])].sort(),
  );
  expect(Object.keys(CASES)).toEqual([...references.keys()]);
});

describe.each(Object.entries(CASES))('%s', (name, make) => {
  const reference = references.get(name);
  if (!reference) throw new Error(`no reference for ${name}; run test/fixtures/make_nn.py`);

  test('computes what PyTorch computes, forward and backward, from its state dict', () => {
    expect([...make().stateDict().keys()]).toEqual(Object.keys(reference.state));
    checkLayer(make, reference, 'float32', FLOAT32);
    if (backend().name === 'ts') checkLayer(make, reference, 'float64', FLOAT64);
  });

  // The padding row takes part in the output, but receives no gradient.
  if (name === 'Embedding with padding') return;

  test('has the gradients of central differences', () => {
    withBackend('ts', () => {
      const layer = loaded(make, reference, 'float64');
      const inputs = inputsOf(reference, 'float64');
      const leaves = [...inputs, ...layer.parameters()].filter((leaf) => leaf.requiresGrad);
      gradcheck(
        () => layer.forward(...inputs),
        () => leaves,
      );
    });
  });
});

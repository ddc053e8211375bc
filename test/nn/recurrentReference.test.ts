import { describe, expect, test } from 'vitest';
import { grad } from '../../src/autograd/backward.js';
import { backend } from '../../src/backend/select.js';
import type { DType } from '../../src/tensor/dtype.js';
import { scope } from '../../src/tensor/scope.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { withBackend } from '../support/backends.js';
import { flatTensors } from '../support/calls.js';
import { expectClose, type Tolerance } from '../support/close.js';
import { readFixture, type Stored, tensorOf, valuesOf } from '../support/fixtures.js';
import { gradcheck, gradgradcheck } from '../support/gradcheck.js';
import {
  type AnyLayer,
  checkParameterGradient,
  freshLayer,
  type LayerReference,
  layerClasses,
  loadedLayer,
} from '../support/layers.js';

/** What PyTorch says of a layer: outputs are the output and the final states, inputs x and the first states. */
interface Reference extends LayerReference {
  readonly inputs: readonly Stored[];
  readonly lengths: readonly number[] | null;
  readonly outputs: readonly Stored[];
  readonly cotangents: readonly Stored[];
  readonly inputGradients: readonly Stored[];
}

const REFERENCES = Object.entries(readFixture<Reference>('recurrent.json'));

const FLOAT32 = { rtol: 1e-5, atol: 2e-6 };
/** The reference is written with eight digits. */
const FLOAT64 = { rtol: 1e-7, atol: 1e-7 };

function leavesOf(stored: readonly Stored[], float: DType): Tensor[] {
  return stored.map((each) => {
    const leaf = tensorOf(each, float);
    leaf.requiresGrad = true;
    return leaf;
  });
}

/** The output and the final states. An LSTM takes its two states as a pair. */
function forward(layer: AnyLayer, { lengths }: Reference, inputs: readonly Tensor[]): Tensor[] {
  const [x, ...states] = inputs;
  const state = states.length === 2 ? states : (states[0] ?? null);
  return flatTensors(layer.forward(x, state, ...(lengths === null ? [] : [{ lengths }])));
}

function check(reference: Reference, float: DType, tolerance: Tolerance): void {
  scope(() => {
    const layer = loadedLayer(reference, float);
    const inputs = leavesOf(reference.inputs, float);
    const outputs = forward(layer, reference, inputs);
    expect(outputs).toHaveLength(reference.outputs.length);
    for (const [i, stored] of reference.outputs.entries()) {
      expect(outputs[i]?.shape).toEqual(stored.shape);
      expectClose(outputs[i] ?? [], valuesOf(stored), tolerance, `output ${i}`);
    }
    const names = layer.namedParameters();
    const wanted = [...inputs, ...names.map(([, parameter]) => parameter)];
    const gradients = reference.cotangents.map((stored) => tensorOf(stored, float));
    const found = grad(outputs, wanted, { gradients });
    for (const [i, stored] of reference.inputGradients.entries()) {
      expectClose(found[i] ?? [], valuesOf(stored), tolerance, `gradient of input ${i}`);
    }
    for (const [i, [name]] of names.entries()) {
      checkParameterGradient(reference, name, found[inputs.length + i], tolerance);
    }
  });
}

test('every recurrent layer and cell is checked', () => {
  const recurrent = layerClasses().filter((name) => /^(RNN|LSTM|GRU)/.test(name));
  expect([...new Set(REFERENCES.map(([, { made }]) => made.layer))].sort()).toEqual(
    recurrent.sort(),
  );
});

describe.each(REFERENCES)('%s', (_, reference) => {
  test('computes what PyTorch computes, forward and backward, from its state dict', () => {
    expect([...freshLayer(reference).stateDict().keys()]).toEqual(Object.keys(reference.state));
    check(reference, 'float32', FLOAT32);
    if (backend().name === 'ts') check(reference, 'float64', FLOAT64);
  });

  // Differences are taken on the TypeScript backend.
  if (backend().name !== 'ts' || reference.noGradcheck !== undefined) return;

  test('has the gradients of central differences', () => {
    withBackend('ts', () => {
      const layer = loadedLayer(reference, 'float64');
      const leaves = [...leavesOf(reference.inputs, 'float64'), ...layer.parameters()];
      const count = reference.inputs.length;
      const run = (): Tensor[] => forward(layer, reference, leaves.slice(0, count));
      gradcheck(run, () => leaves);
      if (reference.noSecondOrder === undefined) gradgradcheck(run, () => leaves);
    });
  });
});

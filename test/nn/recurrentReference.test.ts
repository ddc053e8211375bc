import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { grad } from '../../src/autograd/backward.js';
import { backend } from '../../src/backend/select.js';
import type { DType } from '../../src/tensor/dtype.js';
import { scope } from '../../src/tensor/scope.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { withBackend } from '../support/backends.js';
import { expectClose, type Tolerance } from '../support/close.js';
import { type Stored, tensorOf, valuesOf } from '../support/fixtures.js';
import { gradcheck, gradgradcheck } from '../support/gradcheck.js';
import { CASES, type RecurrentCase } from './recurrentCases.js';

/** What PyTorch says of a layer: outputs are the output and the final states, inputs x and the first states. */
interface Reference {
  readonly state: Readonly<Record<string, Stored>>;
  readonly inputs: readonly Stored[];
  readonly lengths: readonly number[] | null;
  readonly outputs: readonly Stored[];
  readonly cotangents: readonly Stored[];
  readonly inputGradients: readonly Stored[];
  readonly gradients: Readonly<Record<string, Stored>>;
}

const path = new URL('../fixtures/recurrent.json', import.meta.url);
const references = new Map(
  Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, Reference>),
);

const FLOAT32 = { rtol: 1e-5, atol: 2e-6 };
/** The reference is written with eight digits. */
const FLOAT64 = { rtol: 1e-7, atol: 1e-7 };

function loaded(make: () => RecurrentCase, { state }: Reference, float: DType): RecurrentCase {
  const made = make();
  made.module.to(float);
  made.module.loadStateDict(
    Object.fromEntries(
      Object.entries(state).map(([name, stored]) => [name, tensorOf(stored, float)]),
    ),
  );
  return made;
}

function leavesOf(stored: readonly Stored[], float: DType): [x: Tensor, ...states: Tensor[]] {
  const [x, ...states] = stored.map((each) => {
    const leaf = tensorOf(each, float);
    leaf.requiresGrad = true;
    return leaf;
  });
  if (x === undefined) throw new Error('the reference has no input');
  return [x, ...states];
}

function forward(made: RecurrentCase, { lengths }: Reference, inputs: readonly Tensor[]): Tensor[] {
  const [x, ...states] = inputs;
  if (x === undefined) throw new Error('no input');
  return made.forward(x, states, lengths === null ? {} : { lengths });
}

function check(
  make: () => RecurrentCase,
  reference: Reference,
  float: DType,
  tolerance: Tolerance,
): void {
  scope(() => {
    const made = loaded(make, reference, float);
    const inputs = leavesOf(reference.inputs, float);
    const outputs = forward(made, reference, inputs);
    expect(outputs).toHaveLength(reference.outputs.length);
    for (const [i, stored] of reference.outputs.entries()) {
      expect(outputs[i]?.shape).toEqual(stored.shape);
      expectClose(outputs[i] ?? [], valuesOf(stored), tolerance, `output ${i}`);
    }
    const names = made.module.namedParameters();
    const wanted = [...inputs, ...names.map(([, parameter]) => parameter)];
    const gradients = reference.cotangents.map((stored) => tensorOf(stored, float));
    const found = grad(outputs, wanted, { gradients });
    for (const [i, stored] of reference.inputGradients.entries()) {
      expectClose(found[i] ?? [], valuesOf(stored), tolerance, `gradient of input ${i}`);
    }
    for (const [i, [name]] of names.entries()) {
      const stored = reference.gradients[name];
      if (stored === undefined) throw new Error(`PyTorch has no parameter ${name}`);
      const gradient = found[inputs.length + i] ?? [];
      expectClose(gradient, valuesOf(stored), tolerance, `gradient of ${name}`);
    }
  });
}

test('every case has its reference', () => {
  expect(Object.keys(CASES).sort()).toEqual([...references.keys()].sort());
});

describe.each(Object.entries(CASES))('%s', (name, make) => {
  const reference = references.get(name);
  if (!reference) throw new Error(`no reference for ${name}; run test/fixtures/make_recurrent.py`);

  test('computes what PyTorch computes, forward and backward, from its state dict', () => {
    expect([...make().module.stateDict().keys()]).toEqual(Object.keys(reference.state));
    check(make, reference, 'float32', FLOAT32);
    if (backend().name === 'ts') check(make, reference, 'float64', FLOAT64);
  });

  // Differences are taken on the TypeScript backend; two cases of a stack are enough.
  if (backend().name !== 'ts' || /batch first|of one sequence/.test(name)) return;

  test('has the gradients of central differences', () => {
    withBackend('ts', () => {
      const made = loaded(make, reference, 'float64');
      const leaves = [...leavesOf(reference.inputs, 'float64'), ...made.module.parameters()];
      const count = reference.inputs.length;
      const run = (): Tensor[] => forward(made, reference, leaves.slice(0, count));
      gradcheck(run, () => leaves);
      if (name.includes('Cell')) gradgradcheck(run, () => leaves);
    });
  });
});

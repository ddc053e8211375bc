import { describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/backward.js';
import { neg, onesLike } from '../../src/ops/index.js';
import { finishedGraphOf } from '../../src/tape/graph.js';
import { memoryInfo } from '../../src/tensor/storage.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import type { OpCase } from '../cases/case.js';
import { FAMILIES } from '../cases/index.js';
import { inputsOf, loadReferences, type Reference } from '../support/fixtures.js';

// What an op makes on its way is given back: outside of every scope, live memory returns to its start.

function disposeAll(tensors: readonly (Tensor | null)[]): void {
  for (const tensor of tensors) tensor?.dispose();
}

/** Runs a case without gradients; bytes that it leaves behind. */
function leftByForward({ fn }: OpCase, reference: Reference): number {
  const before = memoryInfo().live;
  const inputs = inputsOf(reference, 'float32', (i) => i % 2 === 0);
  for (const input of inputs) input.requiresGrad = false;
  disposeAll([fn(...inputs)].flat());
  disposeAll(inputs);
  return memoryInfo().live - before;
}

/** Runs a case with gradients, and an op of the next step, which releases the graph; bytes that it leaves behind. */
function leftByBackward({ fn }: OpCase, reference: Reference): number {
  const before = memoryInfo().live;
  const inputs = inputsOf(reference, 'float32', (i) => i % 2 === 0);
  const leaves = inputs.filter((x) => x.requiresGrad);
  const outputs = [fn(...inputs)].flat();
  const roots = outputs.filter((y) => y.requiresGrad);
  if (roots.length > 0) {
    const gradients = roots.map((y) => onesLike(y));
    disposeAll(grad(roots, leaves, { gradients, allowUnused: true }));
    disposeAll(gradients);
    for (const leaf of leaves) {
      const next = neg(leaf);
      disposeAll(grad(next, [leaf], { gradients: [leaf] }));
    }
    for (const leaf of leaves) finishedGraphOf(leaf)?.release();
  }
  disposeAll(outputs.filter((y) => !y.requiresGrad));
  disposeAll(inputs);
  return memoryInfo().live - before;
}

describe.each(Object.entries(FAMILIES))('%s', (family, cases) => {
  const references = loadReferences(family);

  it.each(cases.map((item) => [item.name, item] as const))('%s', (name, item) => {
    const reference = references.get(name);
    if (!reference) throw new Error(`no reference for ${name}`);
    expect({
      forward: leftByForward(item, reference),
      backward: leftByBackward(item, reference),
    }).toEqual({
      forward: 0,
      backward: 0,
    });
  });
});

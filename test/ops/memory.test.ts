import { beforeAll, describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/backward.js';
import { neg, onesLike } from '../../src/ops/index.js';
import { finishedGraphOf } from '../../src/tape/graph.js';
import { memoryInfo, trimPool } from '../../src/tensor/pool.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { inputsOf, loadFamilies, type OpCase } from '../support/fixtures.js';

// What an op makes on its way is given back: outside of every scope, live memory returns to its start.

function disposeAll(tensors: readonly (Tensor | null)[]): void {
  for (const tensor of tensors) tensor?.dispose();
}

/** Runs a case without gradients; bytes that it leaves behind. */
function leftByForward(item: OpCase): number {
  const before = memoryInfo().live;
  const inputs = inputsOf(item, 'float32', (i) => i % 2 === 0);
  for (const input of inputs) input.requiresGrad = false;
  disposeAll(item.fn(inputs));
  disposeAll(inputs);
  return memoryInfo().live - before;
}

/** Runs a case with gradients, and an op of the next step, which releases the graph; bytes that it leaves behind. */
function leftByBackward(item: OpCase): number {
  const before = memoryInfo().live;
  const inputs = inputsOf(item, 'float32', (i) => i % 2 === 0);
  const leaves = inputs.filter((x) => x.requiresGrad);
  const outputs = item.fn(inputs);
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

beforeAll(trimPool);

describe.each([...loadFamilies()])('%s', (_, cases) => {
  it.each(cases.map((item) => [item.name, item] as const))('%s', (_, item) => {
    expect({
      forward: leftByForward(item),
      backward: leftByBackward(item),
    }).toEqual({
      forward: 0,
      backward: 0,
    });
  });
});

import { describe, expect, it } from 'vitest';
import { backward, grad } from '../../src/autograd/backward.js';
import { AutogradError, DTypeError, ShapeError } from '../../src/errors.js';
import * as ops from '../../src/ops/index.js';
import { defineOp } from '../../src/ops/kit/define.js';
import { record } from '../../src/tape/record.js';
import type { Tensor } from '../../src/tensor/tensor.js';

const { add, exp, mul, relu, reshape, sub, sum, square, tensor } = ops;

function leaf(data: ops.NestedNumbers): Tensor {
  return tensor(data, { requiresGrad: true });
}

/** The elements of a gradient that is there. */
function gradOf(x: Tensor): number[] {
  if (x.grad === null) throw new Error('no gradient');
  return Array.from(x.grad.dataSync());
}

describe('backward', () => {
  it('gives the gradient of a scalar', () => {
    const x = leaf([1, 2, 3]);
    backward(sum(square(x)));
    expect(gradOf(x)).toEqual([2, 4, 6]);
    expect(x.grad?.requiresGrad).toBe(false);
  });

  it('follows every path through shared subgraphs', () => {
    const x = leaf([2]);
    const shared = square(x);
    const y = add(mul(shared, shared), mul(shared, 3)); // x⁴ + 3x²
    backward(sum(add(y, sub(x, x))));
    expect(gradOf(x)).toEqual([4 * 8 + 6 * 2]);
  });

  it('adds the gradients of an input that is named twice', () => {
    const x = leaf([3]);
    backward(sum(mul(x, x)));
    expect(gradOf(x)).toEqual([6]);
  });

  it('visits a diamond of n levels once each', () => {
    const x = leaf([1]);
    let y: Tensor = x;
    for (let level = 0; level < 60; level++) y = mul(add(y, y), 0.5);
    backward(sum(y));
    expect(gradOf(x)).toEqual([1]);
  });

  it('does not overflow on a chain of 10,000 ops', () => {
    const x = leaf([0.5, -1]);
    let y: Tensor = x;
    for (let i = 0; i < 10_000; i++) y = add(y, 1e-4);
    backward(sum(y));
    expect(gradOf(x)).toEqual([1, 1]);
  });

  it('sums over broadcast axes', () => {
    const a = leaf([[1], [2]]);
    const b = leaf([10, 20, 30]);
    backward(sum(mul(a, b)));
    expect(a.grad?.shape).toEqual([2, 1]);
    expect(gradOf(a)).toEqual([60, 60]);
    expect(gradOf(b)).toEqual([3, 3, 3]);
  });

  it('accumulates over several backwards', () => {
    const x = leaf([1, 2]);
    for (let i = 0; i < 3; i++) backward(sum(mul(x, 2)));
    expect(gradOf(x)).toEqual([6, 6]);
  });

  it('starts from a given gradient', () => {
    const x = leaf([1, 2]);
    backward(square(x), { gradient: tensor([1, 10]) });
    expect(gradOf(x)).toEqual([2, 40]);
  });

  it('starts from a leaf, too', () => {
    const x = leaf([3]);
    backward(x);
    expect(gradOf(x)).toEqual([1]);
  });

  it('leaves tensors without requiresGrad alone', () => {
    const x = leaf([1]);
    const constant = tensor([5]);
    backward(sum(mul(x, constant)));
    expect(gradOf(x)).toEqual([5]);
    expect(constant.grad).toBeNull();
  });

  it('stops at detach', () => {
    const x = leaf([3]);
    backward(sum(mul(x, square(x).detach())));
    expect(gradOf(x)).toEqual([9]);
  });

  it('keeps the gradients of two leaves in memory of their own', () => {
    const a = leaf([1, 2]);
    const b = leaf([3, 4]);
    backward(sum(add(a, b)));
    if (a.grad) ops.copyFrom(a.grad, tensor([7, 7]));
    expect(gradOf(b)).toEqual([1, 1]);
    const x = leaf([1, 2]);
    backward(sum(add(reshape(x, [2]), x)));
    expect(x.grad?.storage.refs).toBe(1);
    expect(gradOf(x)).toEqual([2, 2]);
  });

  it('does not alias the gradient that it was given', () => {
    const x = leaf([1, 2]);
    const given = tensor([5, 6]);
    backward(add(x, 0), { gradient: given });
    backward(add(x, 0), { gradient: given });
    expect(gradOf(x)).toEqual([10, 12]);
    expect(Array.from(given.dataSync())).toEqual([5, 6]);
  });
});

describe('retainGraph', () => {
  it('lets backward run through a graph again', () => {
    const x = leaf([2]);
    const y = sum(mul(square(x), x));
    backward(y, { retainGraph: true });
    backward(y, { retainGraph: true });
    backward(y);
    expect(gradOf(x)).toEqual([36]);
  });

  it('runs two losses of one trunk', () => {
    const x = leaf([2]);
    const trunk = square(x);
    const one = sum(mul(trunk, 3));
    const two = sum(exp(mul(trunk, 0)));
    backward(one, { retainGraph: true });
    backward(two);
    expect(gradOf(x)).toEqual([12]);
  });

  it('is asked for when a graph was consumed', () => {
    const x = leaf([2]);
    const y = sum(square(x));
    backward(y);
    expect(() => backward(y)).toThrow(AutogradError);
    expect(() => backward(y)).toThrow(/consumed by an earlier backward\(\).*retainGraph/s);
    expect(gradOf(x)).toEqual([4]);
  });

  it('is asked for when part of a graph was consumed', () => {
    const x = leaf([2]);
    const trunk = square(x);
    backward(sum(trunk));
    expect(() => backward(sum(mul(trunk, 2)))).toThrow(/retainGraph/);
  });
});

describe('in-place changes', () => {
  it('of a saved value are caught', () => {
    const x = leaf([2]);
    const w = leaf([3]);
    const y = sum(mul(x, w));
    ops.copyFrom(w, tensor([100]));
    expect(() => backward(y)).toThrow(AutogradError);
    expect(() => backward(y)).toThrow(/mul: a value needed for its gradient was changed in place/);
  });

  it('of a value seen through a view are caught', () => {
    const x = leaf([[1, 2]]);
    const y = sum(square(reshape(x, [2])));
    ops.copyFrom(x, tensor([[5, 6]]));
    expect(() => backward(y)).toThrow(/changed in place/);
  });

  it('of values that no gradient needs are fine', () => {
    const x = leaf([2]);
    const y = sum(add(x, 1));
    ops.copyFrom(x, tensor([100]));
    backward(y);
    expect(gradOf(x)).toEqual([1]);
  });

  it('of computed tensors are refused', () => {
    const y = square(leaf([1]));
    expect(() => ops.copyFrom(y, tensor([2]))).toThrow(/only leaves can be changed in place/);
  });
});

describe('createGraph', () => {
  it('gives gradients of gradients', () => {
    const x = leaf([2]);
    const [first] = grad(sum(mul(square(x), x)), [x], { createGraph: true });
    if (!first) throw new Error('no gradient');
    expect(first.itemSync()).toBe(12);
    const [second] = grad(sum(first), [x], { createGraph: true });
    if (!second) throw new Error('no gradient');
    expect(second.itemSync()).toBe(12);
    const [third] = grad(sum(second), [x]);
    expect(third?.itemSync()).toBe(6);
  });

  it('differentiates a gradient penalty', () => {
    // L = Σ (∂/∂x Σ w·x² )² = Σ (2·w·x)²; ∂L/∂w = 8·w·x².
    const w = leaf([1, 3]);
    const x = leaf([2, -1]);
    const [slope] = grad(sum(mul(w, square(x))), [x], { createGraph: true });
    if (!slope) throw new Error('no gradient');
    backward(sum(square(slope)));
    expect(gradOf(w)).toEqual([32, 24]);
  });

  it('accumulates into leaves a gradient that can be differentiated', () => {
    const x = leaf([3]);
    backward(sum(mul(square(x), x)), { createGraph: true });
    expect(x.grad?.requiresGrad).toBe(true);
    const [second] = x.grad ? grad(sum(x.grad), [x]) : [];
    expect(second?.itemSync()).toBe(18);
  });
});

describe('grad', () => {
  it('returns gradients and leaves grad alone', () => {
    const x = leaf([1, 2]);
    const y = leaf([3, 4]);
    const [gx, gy] = grad(sum(mul(x, y)), [x, y]);
    expect([gx, gy].map((g) => Array.from(g?.dataSync() ?? []))).toEqual([
      [3, 4],
      [1, 2],
    ]);
    expect([x.grad, y.grad]).toEqual([null, null]);
  });

  it('takes computed tensors as inputs', () => {
    const x = leaf([2]);
    const hidden = square(x);
    const [g] = grad(sum(mul(hidden, hidden)), [hidden]);
    expect(g?.itemSync()).toBe(8);
  });

  it('takes several outputs, and a gradient for each', () => {
    const x = leaf([2]);
    const [g] = grad([square(x), mul(x, 3)], [x], { gradients: [tensor([10]), tensor([1])] });
    expect(g?.itemSync()).toBe(43);
  });

  it('says when an output does not depend on an input', () => {
    const x = leaf([1]);
    const other = leaf([1]);
    expect(() => grad(sum(x), [other])).toThrow(
      /do not depend on an input; pass \{ allowUnused: true \}/,
    );
    expect(grad(sum(x), [other], { allowUnused: true })).toEqual([null]);
    expect(() => grad(sum(x), [tensor([1])])).toThrow(/does not require gradients/);
  });
});

describe('errors', () => {
  it('say what backward needs', () => {
    const x = leaf([1, 2]);
    expect(() => backward(tensor(1))).toThrow(/does not require gradients/);
    expect(() => backward(square(x))).toThrow(
      /shape \[2\] needs \{ gradient \}.*sum\(\) or mean\(\)/s,
    );
    expect(() => backward(square(x), { gradient: tensor([1]) })).toThrow(ShapeError);
    const integers = tensor([1, 1], { dtype: 'int32' });
    expect(() => backward(square(x), { gradient: integers })).toThrow(DTypeError);
  });

  it('on the way leave no gradients behind for the next backward', () => {
    let fails = true;
    const failing = defineOp('failing', (g) => {
      if (fails) throw new Error('no gradient today');
      return [g];
    });
    const x = leaf([1]);
    const y = record(failing, ops.clone(x), [x]);
    const total = sum(add(y, mul(x, 2)));
    expect(() => backward(total, { retainGraph: true })).toThrow('no gradient today');
    fails = false;
    x.grad = null;
    backward(total);
    expect(gradOf(x)).toEqual([3]);
  });

  it('name an unknown option, and the one that was probably meant', () => {
    const x = leaf([1]);
    const y = sum(x);
    expect(() => backward(y, { retain: true } as never)).toThrow(
      'backward: retain: unknown option',
    );
    expect(() => backward(y, true as never)).toThrow('backward: the options are true');
    const asked = () => grad(y, [x], { create_graph: true } as never);
    expect(asked).toThrow('grad: create_graph: unknown option, did you mean createGraph?');
  });

  it('refuse requiresGrad of integers and of computed tensors', () => {
    expect(() => tensor([1], { dtype: 'int32', requiresGrad: true })).toThrow(
      /only floating tensors/,
    );
    const y = relu(leaf([1]));
    expect(() => {
      y.requiresGrad = false;
    }).toThrow(/only leaves can be changed; use detach\(\)/);
  });
});

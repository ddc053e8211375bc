import { describe, expect, test } from 'vitest';
import { backward, grad } from '../../src/autograd/backward.js';
import { AutogradError } from '../../src/errors.js';
import * as ops from '../../src/ops/index.js';
import type { OpCall } from '../../src/tape/observe.js';
import { observeOps } from '../../src/tape/observe.js';
import { isFloat } from '../../src/tensor/dtype.js';
import { noGrad, scope } from '../../src/tensor/scope.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { withBackend } from '../support/backends.js';
import { expectSame } from '../support/close.js';
import { inputsOf, loadFamilies, loadSpecialPoints } from '../support/fixtures.js';

// An op that takes a float tensor that requires gradients and gives floats that do not has cut the graph. PyTorch's
// do so only where their names say it.

const { tensor, zeros } = ops;

/** Ops whose results do not depend on the values of their operands, or that say that nothing is recorded. */
const CUTS: Readonly<Record<string, string>> = {
  full: 'zerosLike and onesLike take no values',
  copyFrom: 'changes a leaf in place; a source computed with gradients is refused',
};

function gradOf(x: Tensor): Tensor {
  if (x.grad === null) throw new Error('there is no gradient');
  return x.grad;
}

describe('no op cuts the graph silently', () => {
  test('of those that the fixtures call', () => {
    const cuts = new Set<string>();
    const check = ({ name, inputs, outputs }: OpCall): void => {
      const wants = inputs.some((input) => input?.requiresGrad);
      const floats = outputs.filter(({ dtype }) => isFloat(dtype));
      if (wants && floats.length > 0 && floats.every(({ node }) => node === null)) cuts.add(name);
    };
    const cases = [...loadFamilies().values()].flat().concat(loadSpecialPoints().slice(0, 400));
    for (const item of cases) {
      if (item.needsFloat64) continue;
      scope(() => {
        const seen: OpCall[] = [];
        const inputs = inputsOf(item, 'float32');
        for (const input of inputs) {
          if (isFloat(input.dtype) && input.isLeaf) input.requiresGrad = true;
        }
        try {
          observeOps(
            (call) => seen.push(call),
            () => item.fn(inputs),
          );
        } catch (error) {
          // An operand that has no gradient says so.
          if (!(error instanceof AutogradError)) throw error;
        }
        for (const call of seen) check(call);
      });
    }
    expect([...cuts].filter((name) => CUTS[name] === undefined)).toEqual([]);
  });

  test('clone has the gradient of the identity, and gradients of gradients', () => {
    const x = tensor([1, -2, 3], { requiresGrad: true });
    const copy = x.clone();
    expect(copy.requiresGrad && !copy.isLeaf).toBe(true);
    expect(copy.storage).not.toBe(x.storage);
    backward(copy.mul(copy).sum());
    expectSame(gradOf(x), [2, -4, 6]);
    const y = tensor([2], { requiresGrad: true });
    const [first] = grad(y.clone().mul(y.clone()).mul(y).sum(), [y], { createGraph: true });
    const [second] = grad(first?.clone().sum() ?? y, [y]);
    expectSame(second ?? y, [12]);
  });

  test('clone of what requires no gradient, and within noGrad, is a leaf', () => {
    const x = tensor([1], { requiresGrad: true });
    expect(x.detach().clone().requiresGrad).toBe(false);
    expect(noGrad(() => x.clone()).requiresGrad).toBe(false);
    expect(tensor([1], { dtype: 'int32' }).clone().requiresGrad).toBe(false);
  });

  test('cast between float kinds passes gradients on', () => {
    withBackend('ts', () => {
      const x = tensor([1, 2], { requiresGrad: true });
      backward(x.cast('float64').mul(3).sum());
      expectSame(gradOf(x), [3, 3]);
    });
  });

  test('copyFrom refuses a source that was computed with gradients', () => {
    const w = tensor([1, 2], { requiresGrad: true });
    const target = zeros([2]);
    expect(() => target.copyFrom(w.mul(2))).toThrow(
      /copyFrom: source was computed with gradients, .* source.detach\(\)/,
    );
    expectSame(target, [0, 0]);
    target.copyFrom(w.mul(2).detach());
    expectSame(target, [2, 4]);
    noGrad(() => target.copyFrom(w.mul(3)));
    expectSame(target, [3, 6]);
    target.copyFrom(w);
    expectSame(target, [1, 2]);
  });

  test('weights of classes that require gradients are refused, as in PyTorch', () => {
    const x = tensor([[1, 2]], { requiresGrad: true });
    const weight = tensor([1, 2], { requiresGrad: true });
    const index = tensor([1], { dtype: 'int32' });
    const losses: readonly (() => Tensor)[] = [
      () => ops.crossEntropy(x, index, { weight }),
      () => ops.nllLoss(x, index, { weight }),
      () => ops.bceWithLogitsLoss(x, tensor([[0, 1]]), { posWeight: weight }),
    ];
    for (const loss of losses) {
      expect(loss).toThrow(AutogradError);
      expect(loss).toThrow(/(weight|posWeight) requires gradients, .*detach/);
      expect(Number.isFinite(noGrad(loss).itemSync())).toBe(true);
    }
  });
});

import { describe, expect, it } from 'vitest';
import { backward } from '../../src/autograd/backward.js';
import { AutogradError } from '../../src/errors.js';
import { add, clone, copyFrom, equal, mul, relu, sum, tensor } from '../../src/ops/index.js';
import { composite, unrecorded } from '../../src/ops/kit/composite.js';
import { defineOp } from '../../src/ops/kit/define.js';
import { type OpCall, observeOps } from '../../src/tape/observe.js';
import { record } from '../../src/tape/record.js';
import { noGrad } from '../../src/tensor/scope.js';
import type { Tensor } from '../../src/tensor/tensor.js';

/** x·weight + bias of scalars, with an optional bias. */
const scaledOp = defineOp<
  { readonly x: Tensor; readonly weight: Tensor; readonly bias: Tensor | null },
  { readonly note: string }
>('scaled', (g, { saved, needs }) => [
  needs(0) ? mul(g, saved.weight) : null,
  needs(1) ? mul(g, saved.x) : null,
  needs(2) && saved.bias !== null ? g : null,
]);

function scaled(x: Tensor, weight: Tensor, bias: Tensor | null): Tensor {
  const out = unrecorded(() => {
    const product = mul(x, weight);
    return bias === null ? product : add(product, bias);
  });
  return record(scaledOp, out, [x, weight, bias], { x, weight, bias }, { note: 'a scalar' });
}

const leaf = (value: number): Tensor => tensor(value, { requiresGrad: true });

describe('what an op saves', () => {
  it('is read by name, optional operands as null', () => {
    const [x, weight, bias] = [leaf(2), leaf(3), leaf(5)];
    backward(scaled(x, weight, bias));
    expect([x, weight, bias].map((each) => each.grad?.itemSync())).toEqual([3, 2, 1]);
    const [y, factor] = [leaf(2), leaf(3)];
    backward(scaled(y, factor, null));
    expect([y, factor].map((each) => each.grad?.itemSync())).toEqual([3, 2]);
  });

  it('is checked one by one: a value that the gradient does not read may change', () => {
    const [x, weight] = [tensor(2), leaf(3)];
    const y = scaled(x, weight, null);
    // The gradient of the weight needs x alone.
    noGrad(() => copyFrom(weight, tensor(7)));
    backward(y, { retainGraph: true });
    expect(weight.grad?.itemSync()).toBe(2);
    copyFrom(x, tensor(9));
    expect(() => backward(y)).toThrow(AutogradError);
    expect(() => backward(y)).toThrow('scaled: a value needed for its gradient was changed');
  });

  it('is gone after backward()', () => {
    const [x, weight] = [leaf(2), leaf(3)];
    const hidden = scaled(x, weight, null);
    backward(sum(hidden));
    expect(() => backward(sum(hidden))).toThrow('consumed by an earlier backward()');
  });
});

describe('observeOps', () => {
  const seenIn = (fn: () => void): OpCall[] => {
    const calls: OpCall[] = [];
    observeOps((call) => calls.push(call), fn);
    return calls;
  };
  const namesIn = (fn: () => void): string[] => seenIn(fn).map(({ name }) => name);

  it('shows operands, results and attributes', () => {
    const [x, weight] = [leaf(2), leaf(3)];
    let out: Tensor | null = null;
    const [call, ...others] = seenIn(() => {
      out = scaled(x, weight, null);
    });
    expect(others).toEqual([]);
    expect(call?.name).toBe('scaled');
    expect(call?.inputs).toEqual([x, weight, null]);
    expect(call?.outputs[0]).toBe(out);
    expect(call?.attrs).toEqual({ note: 'a scalar' });
  });

  it('shows ops without gradient, with nothing to record, and under noGrad', () => {
    const x = tensor([1, 2]);
    expect(namesIn(() => equal(x, x))).toEqual(['equal']);
    expect(namesIn(() => relu(x))).toEqual(['relu']);
    expect(namesIn(() => noGrad(() => relu(x)))).toEqual(['relu']);
  });

  it('shows the parts of a composed op, and not the inside of one with a rule of its own', () => {
    const x = leaf(2);
    expect(namesIn(() => composite(() => mul(add(x, 1), x)))).toEqual(['affine', 'mul']);
    expect(namesIn(() => scaled(x, x, x))).toEqual(['scaled']);
  });

  it('tells observers within observers, and stops at the end, also after an error', () => {
    const outer: string[] = [];
    const inner: string[] = [];
    const x = tensor([1]);
    observeOps(
      ({ name }) => outer.push(name),
      () => {
        clone(x);
        const failing = (): void => {
          observeOps(
            ({ name }) => inner.push(name),
            () => {
              relu(x);
              throw new Error('enough');
            },
          );
        };
        expect(failing).toThrow('enough');
        equal(x, x);
      },
    );
    relu(x);
    expect(outer).toEqual(['clone', 'relu', 'equal']);
    expect(inner).toEqual(['relu']);
  });
});

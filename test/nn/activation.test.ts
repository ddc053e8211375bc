import { describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/backward.js';
import { ArgumentError } from '../../src/errors.js';
import { ActivationLayer } from '../../src/nn/activationLayer.js';
import * as nn from '../../src/nn/index.js';
import * as ops from '../../src/ops/index.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { expectSame } from '../support/close.js';
import { ACTIVATIONS } from './activations.js';

// An activation layer is its function, which is tested against PyTorch: a new one is checked by its name alone.

type Activation = new (options?: object) => ActivationLayer;

/** The function of a layer's name: leakyRelu of LeakyReLU. */
function functionOf(layer: string): (x: Tensor) => Tensor {
  const found = Object.entries(ops).find(([name]) => name.toLowerCase() === layer.toLowerCase());
  if (found === undefined) throw new Error(`there is no function of ${layer}`);
  return found[1] as (x: Tensor) => Tensor;
}

describe.each(ACTIVATIONS)('%s', (name) => {
  const Layer = Reflect.get(nn, name) as Activation;

  test('computes what its function does, with the same defaults', () => {
    const [x, y] = [1, 2].map(() =>
      ops.tensor([-30, -2, -0.6, 0.3, 1.7, 25], { shape: [2, 3], requiresGrad: true }),
    );
    if (!x || !y) throw new Error('there are two inputs');
    const [output, expected] = [new Layer().forward(x), functionOf(name)(y)];
    expectSame(output, expected);
    backward(ops.sum(ops.square(output)));
    backward(ops.sum(ops.square(expected)));
    expectSame(x.grad ?? [], y.grad ?? [Number.NaN]);
  });

  test('is a class of its own', () => {
    const layer = new Layer();
    expect(layer.constructor).toBe(Layer);
    expect(layer.constructor.name).toBe(name);
    expect(layer).toBeInstanceOf(nn.Module);
    for (const other of ACTIVATIONS) {
      expect(layer instanceof (Reflect.get(nn, other) as Activation)).toBe(other === name);
    }
    class Mine extends Layer {
      override forward(x: Tensor): Tensor {
        return ops.neg(super.forward(x));
      }
    }
    const mine = new Mine();
    expect(mine).toBeInstanceOf(Layer);
    expect(`${mine}`).toBe(`${layer}`.replace(name, 'Mine'));
    const x = ops.tensor([-1, 2], { shape: [1, 2] });
    expectSame(mine.forward(x), ops.neg(layer.forward(x)));
  });

  test('refuses options that it does not know', () => {
    expect(() => new Layer({ inplace: true })).toThrow(`${name}: inplace: unknown option`);
    expect(() => new Layer({ inplace: true })).toThrow(ArgumentError);
    expect(() => new Layer(null as never)).toThrow(`${name}: the options are null`);
  });
});

test('activations are types, too', () => {
  const layer: nn.LeakyReLU = new nn.LeakyReLU({ slope: 0.5 });
  const options: ops.LeakyReluOptions = { slope: 0.5 };
  expect(`${layer}`).toBe(`${new nn.LeakyReLU(options)}`);
  expectSame(layer.forward(ops.tensor([-1, 1])), [-0.5, 1]);
});

test('an option that is undefined is not given', () => {
  expect(`${new nn.Softplus({ beta: undefined as never, threshold: 3 })}`).toBe(
    'Softplus(beta=1, threshold=3)',
  );
  expect(`${new nn.Hardtanh({ high: 4 })}`).toBe('Hardtanh(low=-1, high=4)');
  expect(`${new nn.GELU()}`).toBe('GELU()');
});

test('the base of all activations is no layer of its own', () => {
  expect(Object.values(nn)).not.toContain(ActivationLayer);
  expect(ACTIVATIONS).toContain('ReLU');
});

import { deepStrictEqual } from 'node:assert';
import { inspect } from 'node:util';
import { serialize } from 'node:v8';
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { ArgumentError } from '../../src/errors.js';
import * as nn from '../../src/nn/index.js';
import { ones, tensor } from '../../src/ops/creation.js';
import { mul } from '../../src/ops/elementwise.js';
import { Ema, SGD } from '../../src/optim/index.js';
import { RowSparseTensor } from '../../src/tensor/rowSparse.js';
import { Tensor } from '../../src/tensor/tensor.js';

// What JSON and structured clones would lose is refused, by name.

const parameter = new nn.Parameter(ones([2]));
const rows = RowSparseTensor.of(tensor([0], { dtype: 'int32' }), ones([1, 2]), [3, 2], -1);
const things: readonly (readonly [name: string, thing: object, remedy: RegExp])[] = [
  ['Tensor', ones([2]), /data\(\)/],
  ['Tensor', mul(parameter, 2), /data\(\)/],
  ['Tensor', rows, /data\(\)/],
  ['Tensor', parameter, /data\(\)/],
  ['Linear|Module', new nn.Linear(1, 1), /stateDict\(\)/],
  ['ReLU|Module', new nn.ReLU(), /stateDict\(\)/],
  ['Ema', new Ema(new nn.Linear(1, 1)), /stateDict\(\)/],
  ['SGD|Optimizer', new SGD([parameter], { lr: 1 }), /stateDict\(\)/],
];

describe.each(things)('a %s', (name, thing, remedy) => {
  test('has no JSON', () => {
    for (const value of [thing, { inner: [thing] }]) {
      expect(() => JSON.stringify(value)).toThrow(ArgumentError);
      expect(() => JSON.stringify(value)).toThrow(new RegExp(`a (${name}) has no JSON`));
      expect(() => JSON.stringify(value)).toThrow(remedy);
    }
  });

  test('cannot be cloned or posted', () => {
    const { port1, port2 } = new MessageChannel();
    const ways = [structuredClone, serialize, (value: unknown) => port1.postMessage(value)];
    for (const way of ways) {
      for (const value of [thing, { inner: [thing] }, new Map([['x', thing]])]) {
        expect(() => way(value)).toThrow(new RegExp(`a (${name}) keeps its content`));
        expect(() => way(value)).toThrow(remedy);
      }
    }
    port1.close();
    port2.close();
  });
});

test('a replacer may put something else in their place', () => {
  const replacer = (_: string, value: unknown): unknown =>
    value instanceof Tensor ? Array.from(value.dataSync()) : value;
  expect(JSON.stringify({ x: ones([2]) }, replacer)).toBe('{"x":[1,1]}');
});

test('tensors print and compare as before', () => {
  expect(inspect(ones([2]))).toBe('Tensor([1., 1.], shape=[2], dtype=float32)');
  expect(inspect({ x: ones([1]) })).toContain('Tensor([1.], shape=[1]');
  deepStrictEqual(ones([2]), ones([2]));
  expect(ones([2])).toEqual(ones([2]));
  expect(() => deepStrictEqual(ones([2]), ones([3]))).toThrow(/Tensor/);
});

import * as ops from '../../src/ops/index.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { composed, each, type OpCase, type OpName } from './case.js';

const ACTIVATIONS: readonly [name: string, op: OpName, fn: (x: Tensor) => Tensor][] = [
  ['relu', 'relu', ops.relu],
  ['leakyRelu', 'leakyRelu', (x) => ops.leakyRelu(x)],
  ['leakyRelu slope 0.2', 'leakyRelu', (x) => ops.leakyRelu(x, { slope: 0.2 })],
  ['elu', 'elu', (x) => ops.elu(x)],
  ['elu alpha 0.7', 'elu', (x) => ops.elu(x, { alpha: 0.7 })],
  ['gelu', 'gelu', (x) => ops.gelu(x)],
  ['gelu tanh', 'gelu', (x) => ops.gelu(x, { approximate: 'tanh' })],
  ['silu', 'silu', ops.silu],
  ['sigmoid', 'sigmoid', ops.sigmoid],
  ['tanh', 'tanh', ops.tanh],
  ['softplus', 'softplus', (x) => ops.softplus(x)],
  ['softplus beta 2 threshold 3', 'softplus', (x) => ops.softplus(x, { beta: 2, threshold: 3 })],
  ['hardtanh', 'hardtanh', (x) => ops.hardtanh(x)],
  ['hardtanh -0.5 2', 'hardtanh', (x) => ops.hardtanh(x, { low: -0.5, high: 2 })],
  ['clamp', 'clamp', (x) => ops.clamp(x, { low: -0.8, high: 1.1 })],
  ['clamp below', 'clamp', (x) => ops.clamp(x, { low: -0.8 })],
  ['clamp above', 'clamp', (x) => ops.clamp(x, { high: 1.1 })],
  ['logSigmoid', 'logSigmoid', ops.logSigmoid],
];

export const activation: readonly OpCase[] = [
  ...ACTIVATIONS.map(([name, op, fn]): OpCase => ({ name, ops: [op], fn: each(fn) })),
  ...ACTIVATIONS.map(
    ([name, op, fn]): OpCase => ({
      name: `${name} far out`,
      ops: [op],
      fn,
      noGradcheck: 'differences of numbers near 1e4 keep too few digits',
    }),
  ),
  ...ACTIVATIONS.map(
    ([name, op, fn]): OpCase => ({
      name: `${name} of NaN and infinities`,
      ops: [op],
      fn,
    }),
  ),
  {
    name: 'clamp of bounds',
    ops: ['clamp'],
    fn: (x) => ops.clamp(x, { low: -1, high: 1 }),
    noGradcheck: 'the bounds are kinks',
  },
  {
    name: 'clamp int32',
    ops: ['clamp'],
    fn: (x) => [ops.clamp(x, { low: -2, high: 3 }), ops.clamp(x, { high: 1 })],
  },
  {
    name: 'activation of an activation',
    ops: ['tanh', 'silu', 'sigmoid'],
    fn: composed((x) => ops.tanh(ops.silu(ops.sigmoid(x)))),
  },
];

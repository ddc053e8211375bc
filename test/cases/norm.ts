import * as ops from '../../src/ops/index.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { composed, type OpCase } from './case.js';

const { groupNorm, layerNorm, localResponseNorm } = ops;

type Operand = Tensor | null;

function train(
  x: Tensor,
  weight: Operand,
  bias: Operand,
  options: ops.BatchNormOptions = {},
): Tensor {
  return ops.batchNorm(x, null, null, weight, bias, { training: true, ...options });
}

function trained(name: string): OpCase {
  return { name, ops: ['batchNorm'], fn: (x, w, b) => train(x, w, b) };
}

export const norm: readonly OpCase[] = [
  trained('batchNorm'),
  trained('batchNorm of vectors'),
  trained('batchNorm of sequences'),
  trained('batchNorm of many channels'),
  {
    name: 'batchNorm without weight and bias',
    ops: ['batchNorm'],
    fn: (x, b, w) => [train(x, null, null, { eps: 0.1 }), train(x, null, b), train(x, w, null)],
  },
  {
    name: 'batchNorm with relu',
    ops: ['batchNorm'],
    fn: (x, w, b) => [train(x, w, b, { relu: true }), train(x, null, null, { relu: true })],
  },
  {
    name: 'batchNorm with a shortcut',
    ops: ['batchNorm'],
    fn: (x, w, b, s) => [train(x, w, b, { add: s }), train(x, null, null, { add: s })],
  },
  {
    name: 'batchNorm with a shortcut and relu',
    ops: ['batchNorm'],
    fn: (x, w, b, s) => train(x, w, b, { add: s, relu: true }),
  },
  {
    name: 'batchNorm of sequences with a shortcut and relu',
    ops: ['batchNorm'],
    fn: (x, w, b, s) => train(x, w, b, { add: s, relu: true }),
  },
  {
    name: 'batchNorm evaluated with a shortcut',
    ops: ['batchNorm'],
    fn: (m, v, x, w, b, s) => [
      ops.batchNorm(x, m, v, w, b, { add: s }),
      ops.batchNorm(x, m, v, w, b, { add: s, relu: true }),
    ],
  },
  {
    name: 'batchNorm evaluated',
    ops: ['batchNorm'],
    fn: (m, v, x, w, b) => [ops.batchNorm(x, m, v, w, b, { eps: 0.01 }), ops.batchNorm(x, m, v)],
  },
  {
    name: 'batchNorm evaluated, of vectors and sequences',
    ops: ['batchNorm'],
    fn: (m, v, x, y, w, b) => [ops.batchNorm(x, m, v, w, b), ops.batchNorm(y, m, v, w, b)],
  },
  {
    name: 'batchNorm evaluated with relu',
    ops: ['batchNorm'],
    fn: (m, v, x, w, b) => ops.batchNorm(x, m, v, w, b, { relu: true }),
  },
  {
    name: 'batchNorm of no images',
    ops: ['batchNorm'],
    fn: (m, v, x, w, b) => ops.batchNorm(x, m, v, w, b),
  },
  {
    name: 'batchNorm of no images with a shortcut',
    ops: ['batchNorm'],
    fn: (m, v, x, w, b, s) => ops.batchNorm(x, m, v, w, b, { add: s, relu: true }),
  },
  {
    name: 'batchNorm moves running statistics',
    ops: ['batchNorm'],
    fn: composed((m, v, x) =>
      [0.1, 0.7, 1].flatMap((momentum) => {
        const statistics = [ops.clone(m), ops.clone(v)] as const;
        ops.batchNorm(x, ...statistics, null, null, { training: true, momentum });
        return statistics;
      }),
    ),
  },
  {
    name: 'batchNorm of NaN',
    ops: ['batchNorm'],
    fn: (x) => train(x, null, null, { relu: true }),
  },
  { name: 'layerNorm', ops: ['layerNorm'], fn: (x, w, b) => layerNorm(x, 7, w, b) },
  {
    name: 'layerNorm of long rows',
    ops: ['layerNorm'],
    fn: (x, w, b) => layerNorm(x, [150], w, b),
  },
  {
    name: 'layerNorm over several axes',
    ops: ['layerNorm'],
    fn: (x, w, b) => layerNorm(x, [3, 4], w, b, { eps: 0.01 }),
  },
  {
    name: 'layerNorm over images',
    ops: ['layerNorm'],
    fn: (x, w, b) => layerNorm(x, [2, 3, 2], w, b),
  },
  {
    name: 'layerNorm without weight and bias',
    ops: ['layerNorm'],
    fn: (x, b, w) => [layerNorm(x, 5), layerNorm(x, 5, null, b), layerNorm(x, 5, w)],
  },
  { name: 'layerNorm of nothing', ops: ['layerNorm'], fn: (x, w, b) => layerNorm(x, 3, w, b) },
  {
    name: 'groupNorm',
    ops: ['groupNorm'],
    fn: (x, w, b) => [groupNorm(x, 3, w, b), groupNorm(x, 1, w, b), groupNorm(x, 6, w, b)],
  },
  {
    name: 'groupNorm of vectors and sequences',
    ops: ['groupNorm'],
    fn: (x, y, z, w, b) => [groupNorm(x, 2, w, b), groupNorm(y, 2, w, b), groupNorm(z, 2, w, b)],
  },
  {
    name: 'groupNorm without weight and bias',
    ops: ['groupNorm'],
    fn: (x, b, w) => [
      groupNorm(x, 2, null, null, { eps: 0.1 }),
      groupNorm(x, 2, null, b),
      groupNorm(x, 2, w),
    ],
  },
  {
    name: 'groupNorm of no images',
    ops: ['groupNorm'],
    fn: (x, w, b) => groupNorm(x, 2, w, b),
  },
  {
    name: 'localResponseNorm',
    ops: ['localResponseNorm'],
    fn: (x) => [
      localResponseNorm(x, 3),
      localResponseNorm(x, 4, { alpha: 0.5, beta: 0.6, k: 2 }),
      localResponseNorm(x, 1, { alpha: 1 }),
    ],
  },
  {
    name: 'localResponseNorm of sequences',
    ops: ['localResponseNorm'],
    fn: (x) => localResponseNorm(x, 5, { alpha: 0.3 }),
  },
];

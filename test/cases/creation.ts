import * as ops from '../../src/ops/index.js';
import type { OpCase } from './case.js';

export const creation: readonly OpCase[] = [
  {
    name: 'zeros ones full',
    ops: ['zeros', 'ones', 'full'],
    fn: () => [
      ops.zeros([2, 3]),
      ops.ones([4]),
      ops.full([2, 2], -1.5),
      ops.zeros([0, 3]),
      ops.full([2], 7, { dtype: 'int32' }),
      ops.ones([3], { dtype: 'uint8' }),
    ],
  },
  {
    name: 'likes',
    ops: ['zerosLike', 'onesLike'],
    fn: (x, i) => [ops.zerosLike(x), ops.onesLike(x), ops.zerosLike(i), ops.onesLike(i)],
  },
  {
    name: 'arange',
    ops: ['arange'],
    fn: () => [
      ops.arange(5, { dtype: 'int32' }),
      ops.arange(2, 7, { dtype: 'int32' }),
      ops.arange(7, 0, { step: -2, dtype: 'int32' }),
      ops.arange(0, 1, { step: 0.25 }),
      ops.arange(3, 3, { dtype: 'int32' }),
    ],
  },
  {
    name: 'linspace',
    ops: ['linspace'],
    fn: () => [ops.linspace(-1, 1, 7), ops.linspace(2, 3, 1), ops.linspace(2, 3, 0)],
  },
  {
    name: 'eye',
    ops: ['eye'],
    fn: () => [
      ops.eye(3),
      ops.eye(2, { columns: 4 }),
      ops.eye(0),
      ops.eye(2, { columns: 2, dtype: 'int32' }),
    ],
  },
  {
    name: 'tensor',
    ops: ['tensor'],
    fn: () => [
      ops.tensor([
        [1.5, 2],
        [3, 4],
      ]),
      ops.tensor(2.5),
      ops.tensor([1, 2, 3], { dtype: 'int32' }),
      ops.tensor([true, false], { dtype: 'uint8' }),
      ops.tensor([[], []]),
      ops.tensor(Float32Array.of(0, 1, 2, 3, 4, 5), { shape: [2, 3] }),
    ],
  },
  {
    name: 'clone and copyFrom',
    ops: ['clone', 'copyFrom'],
    fn: (x, y) => {
      const target = ops.zerosLike(y);
      ops.copyFrom(target, y);
      return [ops.clone(x), target];
    },
  },
];

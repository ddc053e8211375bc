import * as ops from '../../src/ops/index.js';
import { Generator } from '../../src/tensor/random.js';
import { composed, type OpCase } from './case.js';

export const random: readonly OpCase[] = [
  {
    name: 'rand and uniform',
    ops: ['rand', 'uniform'],
    fn: () => {
      const generator = new Generator(7);
      return [
        ops.rand([3, 5], { generator }),
        ops.uniform([2], { low: -2, high: 3, generator }),
        ops.rand([0, 4], { generator }),
        ops.uniform([9], { generator }),
      ];
    },
  },
  {
    name: 'randn and normal',
    ops: ['randn', 'normal'],
    fn: () => {
      const generator = new Generator(2 ** 40 + 5);
      return [
        ops.randn([3, 5], { generator }),
        ops.normal([7], { mean: 2, std: 0.5, generator }),
        ops.normal([1], { generator }),
      ];
    },
  },
  {
    name: 'randint',
    ops: ['randint'],
    fn: () => {
      const generator = new Generator(11);
      return [
        ops.randint(0, 10, [4, 5], { generator }),
        ops.randint(-(2 ** 31), 2 ** 31, [6], { generator }),
        ops.randint(3, 4, [2], { generator }),
      ];
    },
  },
  {
    name: 'bernoulli',
    ops: ['bernoulli'],
    fn: composed(() => {
      const generator = new Generator(3);
      return [
        ops.bernoulli([4, 5], 0.3, { generator }),
        ops.bernoulli([7], 0.5, { generator }),
        ops.bernoulli([2, 3], ops.tensor([0, 0.5, 1]), { generator }),
      ];
    }),
  },
  {
    name: 'dropout',
    ops: ['dropout'],
    fn: (x, y) => [
      ops.dropout(x, undefined, { generator: new Generator(5) }),
      ops.dropout(y, 0.2, { generator: new Generator(6) }),
      ops.dropout(x, 0.9, { training: false }),
      ops.dropout(x, 1),
    ],
  },
  {
    name: 'dropout2d',
    ops: ['dropout2d'],
    fn: (x, y) => [
      ops.dropout2d(x, 0.4, { generator: new Generator(5) }),
      ops.dropout2d(y, undefined, { generator: new Generator(8) }),
    ],
  },
  {
    name: 'dropout1d and dropout3d, with and without a batch axis',
    ops: ['dropout1d', 'dropout3d'],
    fn: (a, b, c, d) => [
      ops.dropout1d(a, 0.4, { generator: new Generator(5) }),
      ops.dropout1d(b, 0.4, { generator: new Generator(6) }),
      ops.dropout3d(c, undefined, { generator: new Generator(7) }),
      ops.dropout3d(d, undefined, { generator: new Generator(8) }),
    ],
  },
];

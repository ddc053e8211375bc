import * as ops from '../../src/ops/index.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import type { OpCase } from './case.js';

const overAxes =
  (fn: (x: Tensor, axis?: number) => Tensor): OpCase['fn'] =>
  (a, b, c, d, e, f) => [
    fn(a),
    fn(a, 0),
    fn(b, 1),
    fn(c, 1),
    fn(c, 3),
    fn(d, 0),
    fn(e, 1),
    fn(f, 1),
  ];

export const softmax: readonly OpCase[] = [
  { name: 'softmax', ops: ['softmax'], fn: overAxes(ops.softmax) },
  { name: 'logSoftmax', ops: ['logSoftmax'], fn: overAxes(ops.logSoftmax) },
  {
    name: 'softmax of large numbers',
    ops: ['softmax', 'logSoftmax'],
    fn: (x) => [ops.softmax(x, 1), ops.logSoftmax(x, 1)],
    noGradcheck: 'differences of numbers near 1e4 keep too few digits',
  },
  {
    name: 'logSumExp of large numbers',
    ops: ['logSumExp'],
    fn: (x) => ops.logSumExp(x, 1),
    tolerance: { rtol: 1e-3, reason: 'the gradient is a difference of numbers near 1e4' },
    noGradcheck: 'differences of numbers near 1e4 keep too few digits',
  },
  {
    name: 'softmax of masked entries',
    ops: ['softmax', 'logSoftmax', 'logSumExp'],
    fn: (x) => [ops.softmax(x, 1), ops.logSoftmax(x, 1), ops.logSumExp(x, 1)],
  },
  {
    name: 'softmax of NaN',
    ops: ['softmax', 'logSoftmax'],
    fn: (x) => [ops.softmax(x, 1), ops.logSoftmax(x, 1)],
  },
  {
    name: 'logSumExp',
    ops: ['logSumExp'],
    fn: (a, b, c, s) => [
      ops.logSumExp(a, 1),
      ops.logSumExp(a),
      ops.logSumExp(b, [0, 2], { keepDims: true }),
      ops.logSumExp(c, 1),
      ops.logSumExp(c, [2, 3]),
      ops.logSumExp(s),
    ],
  },
  {
    name: 'logSumExp of minus infinity',
    ops: ['logSumExp'],
    fn: (x) => ops.logSumExp(x, 1),
  },
];

import * as ops from '../../src/ops/index.js';
import { composed, eachPair, type OpCase } from './case.js';

const products = ['matrices', 'vectors', 'batches', 'broadcast batches', 'nothing'].map(
  (kind): OpCase => ({ name: `matmul ${kind}`, ops: ['matmul'], fn: eachPair(ops.matmul) }),
);

export const matmul: readonly OpCase[] = [
  ...products,
  {
    name: 'matmul of one operand',
    ops: ['matmul'],
    fn: composed((x) => [ops.matmul(x, x), ops.matmul(ops.matmul(x, x), x)]),
  },
  {
    name: 'matmul of transposed matrices',
    ops: ['matmul', 'transpose'],
    fn: composed((a, b) => [
      ops.matmul(ops.transpose(a), ops.transpose(b)),
      ops.transpose(ops.matmul(b, a)),
    ]),
  },
  { name: 'dot', ops: ['dot'], fn: ops.dot },
  {
    name: 'linear',
    ops: ['linear'],
    fn: (x, y, z, w, b) => [
      ops.linear(x, w, b),
      ops.linear(y, w, b),
      ops.linear(z, w, b),
      ops.linear(x, w),
    ],
  },
  { name: 'linear of no rows', ops: ['linear'], fn: (x, w, b) => ops.linear(x, w, b) },
  { name: 'linear of images', ops: ['linear'], fn: (x, w, b) => ops.linear(x, w, b) },
];

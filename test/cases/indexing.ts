import * as ops from '../../src/ops/index.js';
import { composed, type OpCase } from './case.js';

const { gather, scatterAdd, indexSelect, indexAdd, embedding, oneHot } = ops;

export const indexing: readonly OpCase[] = [
  {
    name: 'gather',
    ops: ['gather'],
    fn: (x, i, j, k, y, m) => [gather(x, 0, i), gather(x, 1, j), gather(x, -1, k), gather(y, 1, m)],
  },
  {
    name: 'gather one dimension',
    ops: ['gather'],
    fn: (x, i, e) => [gather(x, 0, i), gather(x, 0, e)],
  },
  { name: 'gather int32 by uint8', ops: ['gather'], fn: (x, i) => gather(x, 1, i) },
  {
    name: 'scatterAdd',
    ops: ['scatterAdd'],
    fn: (x, i, s, j, t, y, m, u) => [
      scatterAdd(x, 0, i, s),
      scatterAdd(x, 1, j, t),
      scatterAdd(y, 1, m, u),
    ],
  },
  { name: 'scatterAdd to one place', ops: ['scatterAdd'], fn: (x, i, s) => scatterAdd(x, 0, i, s) },
  {
    name: 'indexSelect',
    ops: ['indexSelect'],
    fn: composed((x, i, j, y, e) => [
      indexSelect(x, 0, i),
      indexSelect(x, 1, j),
      indexSelect(y, 1, i),
      indexSelect(x, 0, e),
      indexSelect(y, -1, ops.remainder(j, 2)),
    ]),
  },
  {
    name: 'indexSelect of integers',
    ops: ['indexSelect'],
    fn: (x, u, i) => [indexSelect(x, 0, i), indexSelect(u, 1, i)],
  },
  {
    name: 'indexAdd',
    ops: ['indexAdd'],
    fn: composed((x, i, s, t, y, u) => [
      indexAdd(x, 0, i, s),
      indexAdd(x, 1, ops.remainder(i, 3), t, { alpha: -0.5 }),
      indexAdd(y, 1, ops.remainder(i, 3), u),
    ]),
  },
  {
    name: 'oneHot',
    ops: ['oneHot'],
    fn: (i, j, e) => [oneHot(i, 5), oneHot(j, 3, { dtype: 'int32' }), oneHot(e, 4)],
  },
  {
    name: 'embedding',
    ops: ['embedding'],
    fn: (w, i, j, s) => [embedding(i, w), embedding(j, w), embedding(s, w)],
  },
  {
    name: 'embedding with a padding row',
    ops: ['embedding'],
    fn: (w, j) => [embedding(j, w, { paddingIndex: 2 }), embedding(j, w, { paddingIndex: -1 })],
    noGradcheck: 'the padding row learns nothing, whatever differences say',
  },
];

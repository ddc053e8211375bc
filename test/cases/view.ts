import * as ops from '../../src/ops/index.js';
import { composed, type OpCase } from './case.js';

const { reshape, slice, permute, pad, repeat, expand, concat, stack, split, flip } = ops;

export const view: readonly OpCase[] = [
  {
    name: 'reshape',
    ops: ['reshape'],
    fn: (x, y, z) => [
      reshape(x, [3, 2]),
      reshape(x, [-1]),
      reshape(x, [2, -1, 1]),
      reshape(y, [6, 8]),
      reshape(z, [0, 5]),
    ],
  },
  {
    name: 'flatten',
    ops: ['flatten'],
    fn: (x, y, s) => [
      ops.flatten(x),
      ops.flatten(x, 1),
      ops.flatten(x, 0, 1),
      ops.flatten(y, 1),
      ops.flatten(y, 2),
      ops.flatten(s),
    ],
  },
  {
    name: 'squeeze and unsqueeze',
    ops: ['squeeze', 'unsqueeze'],
    fn: (x, y) => [
      ops.squeeze(x),
      ops.squeeze(x, 1),
      ops.squeeze(x, [1, 3]),
      ops.unsqueeze(y, 0),
      ops.unsqueeze(y, -1),
      ops.unsqueeze(y, 1),
    ],
  },
  {
    name: 'permute',
    ops: ['permute'],
    fn: (x, y, s, e) => [
      permute(x, [2, 0, 1]),
      permute(x, [0, 1, 2]),
      permute(y, [0, 2, 3, 1]),
      permute(y, [3, 1, 0, -2]),
      permute(s, []),
      permute(e, [1, 0]),
    ],
  },
  {
    name: 'transpose',
    ops: ['transpose'],
    fn: (x, y) => [
      ops.transpose(x),
      ops.transpose(x, 0, 2),
      ops.transpose(y, 1, 3),
      ops.transpose(y),
    ],
  },
  {
    name: 'expand',
    ops: ['expand'],
    fn: (x, y, s) => [
      expand(x, [4, 3]),
      expand(x, [2, 1, 3]),
      expand(y, [2, 3, 4]),
      expand(y, [-1, 3, -1]),
      expand(s, [2, 3]),
      expand(x, [1, 3]),
    ],
  },
  { name: 'expand images', ops: ['expand'], fn: (x) => expand(x, [2, 3, 2, 4]) },
  {
    name: 'slice',
    ops: ['slice'],
    fn: (x, y) => [
      slice(x, [1, 3]),
      slice(x, null, [1, 3]),
      slice(x, { start: -2 }),
      slice(x, null, { step: 2 }),
      slice(x, 1),
      slice(x, null, -1),
      slice(x, { step: 2 }, { start: 1, end: 4, step: 2 }),
      slice(x, [2, 2]),
      slice(x, 1, 2),
      slice(x, { end: 100 }),
      slice(x, { step: -1 }),
      slice(x, null, { start: 3, end: 0, step: -2 }),
      slice(y, { start: 1 }),
      slice(y, null, 1),
      slice(y, null, null, { start: 1 }, { step: 3 }),
      slice(y, 0, 2, null, 1),
    ],
  },
  {
    name: 'narrow and select',
    ops: ['narrow', 'select'],
    fn: (x, y) => [
      ops.narrow(x, 0, 1, 2),
      ops.narrow(x, 1, 2, 3),
      ops.narrow(x, -1, 0, 0),
      ops.select(x, 0, 2),
      ops.select(x, 1, -1),
      ops.narrow(y, 1, 1, 2),
      ops.select(y, 1, 0),
      ops.select(y, 3, 2),
    ],
  },
  {
    name: 'slice of a slice',
    ops: ['slice', 'mul', 'add'],
    fn: composed((x) => {
      const middle = slice(x, [1, 4]);
      return [
        slice(middle, { start: 1 }),
        ops.mul(slice(middle, null, 2), 2),
        ops.add(slice(slice(x, { start: 1 }), 0), slice(x, 0)),
      ];
    }),
  },
  {
    name: 'flip',
    ops: ['flip'],
    fn: (x, y, e) => [
      flip(x, 0),
      flip(x, 1),
      flip(x),
      flip(y, 1),
      flip(y, [0, 1, 2, 3]),
      flip(y, -1),
      flip(e, 0),
    ],
  },
  {
    name: 'concat',
    ops: ['concat'],
    fn: (a, b, c, d, e) => [
      concat([a, b]),
      concat([a, a, b]),
      concat([c, a], 1),
      concat([d, e], 1),
      concat([d, d], 0),
      concat([e, e], -1),
      concat([a]),
    ],
  },
  { name: 'concat of nothing', ops: ['concat'], fn: (a, b) => [concat([a, b]), concat([b, a])] },
  {
    name: 'stack',
    ops: ['stack'],
    fn: (a, b, s) => [stack([a, b]), stack([a, b], 1), stack([a, b, a], -1), stack([s, s])],
  },
  {
    name: 'split',
    ops: ['split'],
    fn: (x, y) => [
      ...split(x, 2),
      ...split(x, [1, 3], 1),
      ...split(y, 2, 1),
      ...split(y, [1, 3], 3),
    ],
  },
  {
    name: 'pad',
    ops: ['pad'],
    fn: (x, y) => [
      pad(x, [[1, 2]]),
      pad(
        x,
        [
          [1, 0],
          [0, 2],
        ],
        { value: -1.5 },
      ),
      pad(x, [
        [-1, 1],
        [1, -1],
      ]),
      pad(x, [[0, 0]]),
      pad(x, [[-1, -1]]),
      pad(y, [
        [1, 1],
        [2, 0],
      ]),
      pad(
        y,
        [
          [1, 0],
          [0, 0],
          [0, 1],
          [1, 1],
        ],
        { value: 3 },
      ),
    ],
  },
  {
    name: 'pad nothing',
    ops: ['pad'],
    fn: (x) =>
      pad(
        x,
        [
          [1, 1],
          [0, 1],
        ],
        { value: 2 },
      ),
  },
  {
    name: 'repeat',
    ops: ['repeat'],
    fn: (x, y, s) => [
      repeat(x, [2, 1]),
      repeat(x, [1, 3]),
      repeat(x, [2, 2, 3]),
      repeat(x, [1, 1]),
      repeat(x, [0, 2]),
      repeat(y, [1, 2, 1, 2]),
      repeat(y, [2, 1, 1, 1, 2]),
      repeat(s, [3]),
    ],
  },
  {
    name: 'views of int32 and uint8',
    ops: ['transpose', 'slice', 'flip', 'concat', 'permute', 'pad', 'repeat'],
    fn: (i, u) => [
      ops.transpose(i),
      slice(i, null, { start: 1 }),
      flip(i, 0),
      concat([i, i], 1),
      permute(u, [1, 0]),
      slice(u, { step: 2 }),
      pad(i, [[1, 1]], { value: 9 }),
      repeat(u, [1, 2]),
    ],
  },
  {
    name: 'views of channels',
    ops: ['permute', 'reshape', 'flatten', 'transpose', 'slice'],
    fn: composed((x) => [
      reshape(permute(x, [0, 2, 3, 1]), [16, 3]),
      ops.transpose(ops.flatten(x, 2), 1, 2),
      ops.flatten(slice(x, null, { start: 1 }), 1),
    ]),
  },
];

import * as ops from '../../src/ops/index.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { composed, type OpCase } from './case.js';

const { maxPool2d, avgPool2d, maxPool1d, avgPool1d } = ops;
const { maxUnpool1d, maxUnpool2d } = ops;
const { adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveMaxPool1d, adaptiveMaxPool2d } = ops;

function both({ output, indices }: ops.PooledWithIndices): Tensor[] {
  return [output, indices];
}

export const pool: readonly OpCase[] = [
  {
    name: 'maxPool2d',
    ops: ['maxPool2d'],
    fn: (x) => [
      maxPool2d(x, 2),
      maxPool2d(x, 3, { stride: 1 }),
      maxPool2d(x, [2, 3], { stride: [1, 2] }),
    ],
  },
  {
    name: 'maxPool2d padding',
    ops: ['maxPool2d'],
    fn: (x) => [
      maxPool2d(x, 3, { stride: 2, padding: 1 }),
      maxPool2d(x, [2, 4], { padding: [1, 2] }),
    ],
  },
  {
    name: 'maxPool2d dilation',
    ops: ['maxPool2d'],
    fn: (x) => maxPool2d(x, 2, { stride: 1, dilation: [2, 3] }),
  },
  {
    name: 'maxPool2d ceil mode',
    ops: ['maxPool2d'],
    fn: (x) => [
      maxPool2d(x, 2, { ceilMode: true }),
      maxPool2d(x, 3, { stride: 2, padding: 1, ceilMode: true }),
    ],
  },
  {
    name: 'maxPool2d dilation, padding, stride and ceil mode',
    ops: ['maxPool2d'],
    fn: (x) => [
      maxPool2d(x, [3, 2], { stride: 2, padding: 1, dilation: [2, 3], ceilMode: true }),
      maxPool2d(x, 2, { stride: 3, padding: 1, ceilMode: true }),
      maxPool2d(x, 2, { stride: [4, 5] }),
      maxPool2d(x, [2, 3], { stride: [3, 4], padding: [1, 0], dilation: 2, ceilMode: true }),
    ],
  },
  {
    name: 'maxPool2d of equals',
    ops: ['maxPool2d'],
    fn: (x) => maxPool2d(x, 2),
    noGradcheck: 'equal elements are a kink',
  },
  { name: 'maxPool2d of NaN', ops: ['maxPool2d'], fn: (x) => maxPool2d(x, 2) },
  { name: 'maxPool2d of no images', ops: ['maxPool2d'], fn: (x) => maxPool2d(x, 2) },
  {
    name: 'maxPool2d with indices',
    ops: ['maxPool2d'],
    fn: (x) => {
      const small = maxPool2d(x, 2, { returnIndices: true });
      const large = maxPool2d(x, 3, { stride: 2, padding: 1, returnIndices: true });
      const wide = maxPool2d(x, [2, 3], { stride: 1, dilation: [3, 2], returnIndices: true });
      return [small, large, wide].flatMap(both);
    },
  },
  {
    name: 'maxPool1d with indices',
    ops: ['maxPool1d'],
    fn: (x) =>
      [
        maxPool1d(x, 2, { returnIndices: true }),
        maxPool1d(x, 3, { stride: 2, padding: 1, ceilMode: true, returnIndices: true }),
      ].flatMap(both),
  },
  {
    name: 'adaptive max pools with indices',
    ops: ['adaptiveMaxPool1d', 'adaptiveMaxPool2d'],
    fn: (x, y) => [
      ...[1, [2, 3] as const, [4, null] as const, 8].flatMap((size) =>
        both(adaptiveMaxPool2d(x, size, { returnIndices: true })),
      ),
      ...[1, 3, 7, 10].flatMap((size) => both(adaptiveMaxPool1d(y, size, { returnIndices: true }))),
    ],
  },
  {
    name: 'maxUnpool2d',
    ops: ['maxUnpool2d', 'maxPool2d'],
    fn: composed((x) => {
      const even = maxPool2d(x, 2, { returnIndices: true });
      const apart = maxPool2d(x, [1, 2], { stride: [2, 3], returnIndices: true });
      const padded = maxPool2d(x, 3, { padding: 1, ceilMode: true, returnIndices: true });
      return [
        maxUnpool2d(even.output, even.indices, 2, { outputSize: x.shape }),
        maxUnpool2d(apart.output, apart.indices, [1, 2], { stride: [2, 3], outputSize: [5, 7] }),
        maxUnpool2d(padded.output, padded.indices, 3, { padding: 1, outputSize: [5, 8] }),
      ];
    }),
  },
  {
    name: 'maxUnpool2d to given places',
    ops: ['maxUnpool2d'],
    fn: (x, indices) => [
      maxUnpool2d(x, indices, 2),
      maxUnpool2d(x, indices, [3, 2], { stride: [2, 3], padding: [1, 0] }),
      maxUnpool2d(x, indices, 2, { outputSize: 5 }),
    ],
  },
  {
    name: 'maxUnpool2d of windows that overlap',
    ops: ['maxUnpool2d'],
    fn: (x, indices) => maxUnpool2d(x, indices, 3, { stride: 1 }),
    noGradcheck:
      'all that name a place receive its gradient, as in PyTorch, but only one of them is there',
  },
  {
    name: 'maxUnpool2d of no images',
    ops: ['maxUnpool2d'],
    fn: (x, indices) => maxUnpool2d(x, indices, 2),
  },
  {
    name: 'maxUnpool1d',
    ops: ['maxUnpool1d', 'maxPool1d'],
    fn: composed((x) => {
      const { output, indices } = maxPool1d(x, 3, { ceilMode: true, returnIndices: true });
      return [
        maxUnpool1d(output, indices, 3, { outputSize: x.shape }),
        maxUnpool1d(output, indices, 3),
        maxUnpool1d(output, indices, 4, { stride: 3, padding: 1 }),
      ];
    }),
  },
  {
    name: 'avgPool2d',
    ops: ['avgPool2d'],
    fn: (x) => [
      avgPool2d(x, 2),
      avgPool2d(x, 3, { stride: 1 }),
      avgPool2d(x, [2, 3], { stride: [1, 2] }),
    ],
  },
  {
    name: 'avgPool2d padding',
    ops: ['avgPool2d'],
    fn: (x) => [
      avgPool2d(x, 3, { stride: 2, padding: 1 }),
      avgPool2d(x, 3, { stride: 2, padding: 1, countIncludePad: false }),
    ],
  },
  {
    name: 'avgPool2d ceil mode',
    ops: ['avgPool2d'],
    fn: (x) => [
      avgPool2d(x, 2, { ceilMode: true }),
      avgPool2d(x, 3, { stride: 2, padding: 1, ceilMode: true }),
      avgPool2d(x, 3, { stride: 2, padding: 1, ceilMode: true, countIncludePad: false }),
    ],
  },
  {
    name: 'avgPool2d divisor',
    ops: ['avgPool2d'],
    fn: (x) => avgPool2d(x, 2, { divisorOverride: 3 }),
  },
  {
    name: 'avgPool2d ceil mode, padding and divisor',
    ops: ['avgPool2d'],
    fn: (x) => [
      avgPool2d(x, [3, 2], { stride: [2, 3], padding: 1, ceilMode: true }),
      avgPool2d(x, 4, { stride: 3, padding: 2, ceilMode: true, countIncludePad: false }),
      avgPool2d(x, 2, { stride: [4, 5], ceilMode: true }),
      avgPool2d(x, 3, { stride: 2, padding: 1, ceilMode: true, divisorOverride: 5 }),
    ],
  },
  { name: 'avgPool2d of no images', ops: ['avgPool2d'], fn: (x) => avgPool2d(x, 2) },
  {
    name: 'maxPool1d',
    ops: ['maxPool1d'],
    fn: (x) => [
      maxPool1d(x, 2),
      maxPool1d(x, 3, { stride: 2, padding: 1, ceilMode: true }),
      maxPool1d(x, 2, { stride: 1, dilation: 2 }),
      maxPool1d(x, 3, { stride: 4, padding: 1, dilation: 2, ceilMode: true }),
    ],
  },
  {
    name: 'avgPool1d',
    ops: ['avgPool1d'],
    fn: (x) => [
      avgPool1d(x, 2),
      avgPool1d(x, 3, { stride: 2, padding: 1, ceilMode: true }),
      avgPool1d(x, 3, { padding: 1, countIncludePad: false }),
      avgPool1d(x, 4, { stride: 3, padding: 2, ceilMode: true, countIncludePad: false }),
      avgPool1d(x, 2, { stride: 5, ceilMode: true }),
    ],
  },
  {
    name: 'adaptiveAvgPool2d',
    ops: ['adaptiveAvgPool2d'],
    fn: (x) => [
      adaptiveAvgPool2d(x, 1),
      adaptiveAvgPool2d(x, [2, 3]),
      adaptiveAvgPool2d(x, [3, null]),
      adaptiveAvgPool2d(x, 8),
    ],
  },
  {
    name: 'adaptiveMaxPool2d',
    ops: ['adaptiveMaxPool2d'],
    fn: (x) => [
      adaptiveMaxPool2d(x, 1),
      adaptiveMaxPool2d(x, [2, 3]),
      adaptiveMaxPool2d(x, [4, null]),
      adaptiveMaxPool2d(x, 8),
    ],
  },
  {
    name: 'adaptive pools of sequences',
    ops: ['adaptiveAvgPool1d', 'adaptiveMaxPool1d'],
    fn: (x) =>
      [1, 3, 7, 10].flatMap((size) => [adaptiveAvgPool1d(x, size), adaptiveMaxPool1d(x, size)]),
  },
  {
    name: 'maxPool2d and avgPool2d without a batch axis',
    ops: ['maxPool2d', 'avgPool2d'],
    fn: (x) => [
      ...both(maxPool2d(x, [2, 3], { padding: 1, returnIndices: true })),
      maxPool2d(x, 2),
      avgPool2d(x, 3, { stride: 1, padding: 1, countIncludePad: false }),
    ],
  },
  {
    name: 'maxPool1d and avgPool1d without a batch axis',
    ops: ['maxPool1d', 'avgPool1d'],
    fn: (x) => [
      ...both(maxPool1d(x, 3, { stride: 2, returnIndices: true })),
      maxPool1d(x, 2),
      avgPool1d(x, 3, { padding: 1, ceilMode: true }),
    ],
  },
  {
    name: 'adaptive pools without a batch axis',
    ops: ['adaptiveAvgPool1d', 'adaptiveAvgPool2d', 'adaptiveMaxPool1d', 'adaptiveMaxPool2d'],
    fn: (x, y) => [
      ...[1, [2, 3] as const, [4, null] as const].flatMap((size) => [
        adaptiveAvgPool2d(x, size),
        ...both(adaptiveMaxPool2d(x, size, { returnIndices: true })),
      ]),
      ...[1, 3].flatMap((size) => [
        adaptiveAvgPool1d(y, size),
        ...both(adaptiveMaxPool1d(y, size, { returnIndices: true })),
      ]),
    ],
  },
  {
    name: 'maxUnpool2d and maxUnpool1d without a batch axis',
    ops: ['maxUnpool1d', 'maxUnpool2d', 'maxPool1d', 'maxPool2d'],
    fn: composed((x, y) => {
      const image = maxPool2d(x, 2, { returnIndices: true });
      const sequence = maxPool1d(y, 3, { returnIndices: true });
      return [
        maxUnpool2d(image.output, image.indices, 2, { outputSize: [5, 7] }),
        maxUnpool2d(image.output, image.indices, 2, { outputSize: x.shape }),
        maxUnpool1d(sequence.output, sequence.indices, 3, { outputSize: y.shape }),
      ];
    }),
  },
  {
    name: 'avgPool2d negative divisor',
    ops: ['avgPool2d'],
    fn: (x) => [
      avgPool2d(x, 2, { divisorOverride: -3 }),
      avgPool2d(x, 3, { stride: 2, padding: 1, ceilMode: true, divisorOverride: -1 }),
    ],
  },
];

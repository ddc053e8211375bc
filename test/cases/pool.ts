import * as ops from '../../src/ops/index.js';
import type { OpCase } from './case.js';

const { maxPool2d, avgPool2d, maxPool1d, avgPool1d } = ops;
const { adaptiveAvgPool1d, adaptiveAvgPool2d, adaptiveMaxPool1d, adaptiveMaxPool2d } = ops;

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
    name: 'maxPool2dWithIndices',
    ops: ['maxPool2dWithIndices'],
    fn: (x) => {
      const small = ops.maxPool2dWithIndices(x, 2);
      const large = ops.maxPool2dWithIndices(x, 3, { stride: 2, padding: 1 });
      return [small.output, small.indices, large.output, large.indices];
    },
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
];

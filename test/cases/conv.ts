import * as ops from '../../src/ops/index.js';
import { composed, type OpCase } from './case.js';

function conv2d(name: string, options: ops.Conv2dOptions = {}): OpCase {
  return { name, ops: ['conv2d'], fn: (x, w, b) => ops.conv2d(x, w, b, options) };
}

const cases: readonly OpCase[] = [
  conv2d('conv2d'),
  conv2d('conv2d without bias', { padding: 1 }),
  conv2d('conv2d stride and padding', { stride: [2, 3], padding: [1, 0] }),
  conv2d('conv2d dilation', { dilation: [2, 3], padding: 2 }),
  conv2d('conv2d groups', { groups: 2, padding: 1 }),
  conv2d('conv2d depthwise', { groups: 3, padding: 1, stride: 2 }),
  conv2d('conv2d depthwise multiplier', { groups: 2 }),
  conv2d('conv2d 1x1'),
  conv2d('conv2d 1x1 stride 2', { stride: 2 }),
  conv2d('conv2d 1x7', { padding: [0, 3] }),
  conv2d('conv2d 7x1', { padding: [3, 0] }),
  conv2d('conv2d same', { padding: 'same' }),
  conv2d('conv2d same dilated', { padding: 'same', dilation: 2 }),
  conv2d('conv2d whole image', { padding: 'valid' }),
  conv2d('conv2d padding beyond the kernel', { padding: 3, stride: 2 }),
  conv2d('conv2d one channel of one pixel'),
  conv2d('conv2d of no images'),
  conv2d('conv2d stride beyond the kernel', { stride: [3, 4], padding: [0, 1] }),
  conv2d('conv2d groups, strided and dilated', {
    groups: 2,
    stride: [2, 1],
    padding: [2, 1],
    dilation: [1, 2],
  }),
  conv2d('conv2d same, even and dilated', { padding: 'same', dilation: [1, 3] }),
  conv2d('conv2d same, depthwise', { padding: 'same', groups: 3 }),
  conv2d('conv2d depthwise, dilated', { groups: 3, dilation: [2, 1], padding: [1, 2] }),
  conv2d('conv2d as large as the padded input', { padding: 1 }),
  {
    ...conv2d('conv2d 3x3 of 17 channels', { padding: 1 }),
    tolerance: { atol: 2e-4, reason: 'Winograd’s transforms round at the size of the largest' },
  },
  {
    name: 'conv2d of a conv2d',
    ops: ['conv2d', 'relu'],
    fn: composed((x, w, v) =>
      ops.conv2d(ops.relu(ops.conv2d(x, w, null, { padding: 1 })), v, null, { stride: 2 }),
    ),
  },
  {
    name: 'conv1d',
    ops: ['conv1d'],
    fn: (x, w, b) => [
      ops.conv1d(x, w, b),
      ops.conv1d(x, w, null, { stride: 2, padding: 1, dilation: 2 }),
      ops.conv1d(x, w, null, { padding: 'same' }),
    ],
  },
  {
    name: 'conv1d groups',
    ops: ['conv1d'],
    fn: (x, w) => ops.conv1d(x, w, null, { groups: 2, padding: 1 }),
  },
  {
    name: 'conv1d same, even, dilated groups',
    ops: ['conv1d'],
    fn: (x, w, b) => [
      ops.conv1d(x, w, b, { groups: 2, padding: 'same', dilation: 3 }),
      ops.conv1d(x, w, b, { groups: 2, stride: 5, padding: 2 }),
    ],
  },
  {
    name: 'convTranspose2d',
    ops: ['convTranspose2d'],
    fn: (x, w, b, v) => [
      ops.convTranspose2d(x, w, b),
      ops.convTranspose2d(x, w, b, { stride: 2, padding: 1, outputPadding: 1 }),
      ops.convTranspose2d(x, w, null, { stride: [2, 1], dilation: [1, 2] }),
      ops.convTranspose2d(x, v, null, { groups: 2, stride: 2, padding: [0, 1] }),
    ],
  },
  {
    name: 'convTranspose2d groups, dilation and outputPadding',
    ops: ['convTranspose2d'],
    fn: (x, w, b) => [
      // Less than the dilation is enough.
      ops.convTranspose2d(x, w, b, { groups: 2, dilation: [3, 2], outputPadding: [2, 1] }),
      ops.convTranspose2d(x, w, b, {
        groups: 2,
        stride: [3, 2],
        padding: [2, 1],
        dilation: [1, 2],
        outputPadding: [2, 1],
      }),
    ],
  },
  {
    name: 'convTranspose2d depthwise, 1x1 and stride beyond the kernel',
    ops: ['convTranspose2d'],
    fn: (x, w, v) => [
      ops.convTranspose2d(x, w, null, { groups: 4, stride: 2, padding: 1, outputPadding: 1 }),
      ops.convTranspose2d(x, v, null, { stride: 3 }),
      ops.convTranspose2d(x, v, null, { padding: 1 }),
    ],
  },
  {
    name: 'convTranspose2d of no images',
    ops: ['convTranspose2d'],
    fn: (x, w, b) => ops.convTranspose2d(x, w, b, { stride: 2 }),
  },
  {
    name: 'convTranspose1d',
    ops: ['convTranspose1d'],
    fn: (x, w, b, v) => [
      ops.convTranspose1d(x, w, b),
      ops.convTranspose1d(x, w, b, { stride: 3, padding: 1, outputPadding: 2 }),
      ops.convTranspose1d(x, v, null, { groups: 2, dilation: 2, stride: 2, outputPadding: 1 }),
    ],
  },
  {
    name: 'convTranspose2d outputSize',
    ops: ['convTranspose2d'],
    fn: (x, w, b) =>
      [
        [7, 6],
        [9, 7],
        [2, 4, 8, 6],
      ].map((outputSize) =>
        ops.convTranspose2d(x, w, b, { stride: [3, 2], padding: 1, groups: 2, outputSize }),
      ),
  },
  {
    name: 'convTranspose1d outputSize',
    ops: ['convTranspose1d'],
    fn: (x, w, b) =>
      [17, [18], [2, 3, 19]].map((outputSize) =>
        ops.convTranspose1d(x, w, b, { stride: 3, dilation: 2, outputSize }),
      ),
  },
  {
    name: 'conv2d without a batch axis',
    ops: ['conv2d'],
    fn: (x, w, b) => [
      ops.conv2d(x, w, b),
      ops.conv2d(x, w, null, { stride: 2, padding: [1, 2] }),
      ops.conv2d(x, w, null, { padding: 'same' }),
    ],
  },
  {
    name: 'conv1d without a batch axis',
    ops: ['conv1d'],
    fn: (x, w, b) => [
      ops.conv1d(x, w, b, { groups: 2, padding: 1 }),
      ops.conv1d(x, w, null, { groups: 2, stride: 2, dilation: 3 }),
    ],
  },
  {
    name: 'convTranspose2d without a batch axis',
    ops: ['convTranspose2d'],
    fn: (x, w, b) => [
      ops.convTranspose2d(x, w, b),
      ops.convTranspose2d(x, w, null, { stride: 2, padding: 1, outputPadding: 1 }),
      ops.convTranspose2d(x, w, b, { stride: [3, 2], outputSize: [10, 8] }),
      ops.convTranspose2d(x, w, b, { stride: [3, 2], outputSize: [2, 11, 9] }),
    ],
  },
  {
    name: 'convTranspose1d without a batch axis',
    ops: ['convTranspose1d'],
    fn: (x, w, b) => [
      ops.convTranspose1d(x, w, b, { dilation: 2 }),
      ops.convTranspose1d(x, w, b, { stride: 3, outputSize: 16 }),
      ops.convTranspose1d(x, w, b, { stride: 3, outputSize: [3, 17] }),
    ],
  },
];

export const conv: readonly OpCase[] = cases.map((item) => ({
  tolerance: { atol: 1e-5, reason: 'sums of dozens of products, which cancel' },
  ...item,
}));

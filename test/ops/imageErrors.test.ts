import { expect, test } from 'vitest';
import { backend, synchronizeSync } from '../../src/backend/select.js';
import { ArgumentError, ShapeError } from '../../src/errors.js';
import * as nn from '../../src/nn/index.js';
import * as ops from '../../src/ops/index.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { memoryInfo } from '../support/memory.js';

// What does not fit is a typed error before anything is allocated or computed.

const image = ops.ones([2, 4, 5, 6]);
const sequence = ops.ones([2, 4, 6]);
const unbatched = ops.ones([4, 5, 6]);
const positions = ops.zeros([1, 4, 5, 6], { dtype: 'int32' });
const empty = ops.ones([2, 4, 0, 6]);
const kernel = ops.ones([4, 4, 3, 3]);
const taps = ops.ones([4, 4, 3]);
const channels = ops.ones([4]);
const tooLarge = ops.ones([4, 4, 6, 3]);

const reflecting = new nn.Conv2d(4, 2, 11, { padding: 5, paddingMode: 'reflect' });
const circular = new nn.Conv2d(4, 2, 15, { padding: 7, paddingMode: 'circular' });

test.each<[string, () => unknown, new (message: string) => Error]>([
  ['kernel beyond the input', () => ops.conv2d(image, tooLarge), ShapeError],
  ['dilated beyond it', () => ops.conv2d(image, kernel, null, { dilation: 3 }), ShapeError],
  ['groups that do not divide', () => ops.conv2d(image, kernel, null, { groups: 3 }), ShapeError],
  ['groups of too many channels', () => ops.conv2d(image, kernel, null, { groups: 2 }), ShapeError],
  ['no pixels', () => ops.conv2d(empty, kernel, null, { padding: 2 }), ShapeError],
  ['negative padding', () => ops.conv2d(image, kernel, null, { padding: -1 }), ArgumentError],
  ['fractions', () => ops.conv2d(image, kernel, null, { stride: 1.5 }), ArgumentError],
  ['NaN', () => ops.conv2d(image, kernel, null, { dilation: Number.NaN }), ArgumentError],
  ['huge steps', () => ops.conv2d(image, kernel, null, { stride: 2 ** 25 }), ArgumentError],
  ['huge padding', () => ops.conv2d(image, kernel, null, { padding: 2 ** 24 }), ShapeError],
  [
    'three sizes',
    () => ops.conv2d(image, kernel, null, { stride: [1, 1, 1] as never }),
    ArgumentError,
  ],
  ['a sequence too short', () => ops.conv1d(sequence, taps, null, { dilation: 3 }), ShapeError],
  [
    'outputPadding of the stride',
    () => ops.convTranspose2d(image, kernel, null, { stride: 2, outputPadding: 2 }),
    ShapeError,
  ],
  [
    'an outputSize out of reach',
    () => ops.convTranspose2d(image, kernel, null, { stride: 2, outputSize: [11, 15] }),
    ShapeError,
  ],
  [
    'an outputSize of three axes',
    () => ops.convTranspose2d(image, kernel, null, { stride: 2, outputSize: [4, 11, 13] }),
    ArgumentError,
  ],
  [
    'a transposed image that is cut away',
    () => ops.convTranspose2d(image, kernel, null, { padding: 4 }),
    ShapeError,
  ],
  [
    'a transposed image that is huge',
    () => ops.convTranspose2d(image, kernel, null, { stride: 2 ** 20 }),
    ShapeError,
  ],
  [
    'a transposed sequence',
    () => ops.convTranspose1d(sequence, taps, null, { outputPadding: 1 }),
    ShapeError,
  ],
  ['mirrored beyond the image', () => reflecting.forward(image), ShapeError],
  ['around it twice', () => circular.forward(image), ShapeError],
  ['a window beyond the input', () => ops.maxPool2d(image, 6), ShapeError],
  ['padding beyond half', () => ops.avgPool2d(image, 3, { padding: 2 }), ShapeError],
  ['windows of nothing', () => ops.maxPool2d(empty, 1), ShapeError],
  ['a window of size 0', () => ops.avgPool2d(image, 0), ArgumentError],
  ['a sequence shorter than its window', () => ops.avgPool1d(sequence, 7), ShapeError],
  ['no windows', () => ops.adaptiveAvgPool2d(image, [0, 1]), ArgumentError],
  ['an adaptive pool of nothing', () => ops.adaptiveMaxPool2d(empty, 1), ShapeError],
  ['an adaptive pool of images as sequences', () => ops.adaptiveAvgPool1d(image, 1), ShapeError],
  [
    'one value a channel',
    () => ops.batchNorm(ops.reshape(channels, [1, 4]), null, null, null, null, { training: true }),
    ShapeError,
  ],
  [
    'weights of other channels',
    () => ops.batchNorm(image, null, null, ops.reshape(channels, [2, 2]), null, { training: true }),
    ShapeError,
  ],
  ['groups of channels', () => ops.groupNorm(image, 3), ShapeError],
  ['another normalizedShape', () => ops.layerNorm(image, [5, 5]), ShapeError],
  ['channels of a response norm', () => ops.localResponseNorm(image, 0), ArgumentError],
  ['a size of nothing', () => ops.interpolate(image, { size: 0 }), ArgumentError],
  [
    'a size with a recomputed factor',
    () => ops.interpolate(image, { size: 2, recomputeScaleFactor: true }),
    ArgumentError,
  ],
  ['an image scaled away', () => ops.interpolate(image, { scaleFactor: 0.1 }), ShapeError],
  ['an image scaled beyond all', () => ops.interpolate(image, { scaleFactor: 1e6 }), ShapeError],
  ['a mirror as wide as the image', () => ops.reflectionPad2d(image, 5), ShapeError],
  [
    'more cut off than there is',
    () =>
      ops.pad(image, [
        [-6, 3],
        [0, 0],
      ]),
    ShapeError,
  ],
  [
    'a kernel beyond an image without a batch axis',
    () => ops.conv2d(unbatched, tooLarge),
    ShapeError,
  ],
  [
    'an outputSize with a batch axis that the input has not',
    () => ops.convTranspose2d(unbatched, kernel, null, { stride: 2, outputSize: [1, 4, 11, 13] }),
    ArgumentError,
  ],
  [
    'indices with a batch axis that the input has not',
    () => ops.maxUnpool2d(unbatched, positions, 2),
    ShapeError,
  ],
])('%s', (_, run, error) => {
  synchronizeSync();
  const [before, submitted] = [memoryInfo().live, backend().submitted()];
  expect(run).toThrow(error);
  expect(memoryInfo().live).toBe(before);
  // The one value a channel was reshaped, which computes nothing.
  expect(backend().submitted()).toBe(submitted);
});

test.each<[string, (x: Tensor) => unknown]>([
  ['conv2d', (x) => ops.conv2d(x, kernel)],
  ['convTranspose2d', (x) => ops.convTranspose2d(x, kernel)],
  ['maxPool2d', (x) => ops.maxPool2d(x, 2)],
  ['avgPool2d', (x) => ops.avgPool2d(x, 2)],
  ['adaptiveAvgPool2d', (x) => ops.adaptiveAvgPool2d(x, 2)],
  ['adaptiveMaxPool2d', (x) => ops.adaptiveMaxPool2d(x, 2)],
  ['maxUnpool2d', (x) => ops.maxUnpool2d(x, x, 2)],
  ['reflectionPad2d', (x) => ops.reflectionPad2d(x, 1)],
  ['ZeroPad2d', (x) => new nn.ZeroPad2d(1).forward(x)],
  ['Conv2d', (x) => reflecting.forward(x)],
])('%s says which axes it takes', (op, run) => {
  for (const shape of [
    [5, 6],
    [1, 2, 4, 5, 6],
  ]) {
    const expected = `${op}: input [${shape.join(', ')}], expected [N, C, H, W] or [C, H, W]`;
    expect(() => run(ops.ones(shape))).toThrow(expected);
  }
});

test.each<[string, (x: Tensor) => unknown]>([
  ['conv1d', (x) => ops.conv1d(x, taps)],
  ['convTranspose1d', (x) => ops.convTranspose1d(x, taps)],
  ['maxPool1d', (x) => ops.maxPool1d(x, 2)],
  ['avgPool1d', (x) => ops.avgPool1d(x, 2)],
  ['adaptiveAvgPool1d', (x) => ops.adaptiveAvgPool1d(x, 2)],
  ['adaptiveMaxPool1d', (x) => ops.adaptiveMaxPool1d(x, 2)],
  ['maxUnpool1d', (x) => ops.maxUnpool1d(x, x, 2)],
  ['dropout1d', (x) => ops.dropout1d(x)],
])('%s says which axes it takes', (op, run) => {
  for (const shape of [[6], [1, 2, 4, 6]]) {
    const expected = `${op}: input [${shape.join(', ')}], expected [N, C, L] or [C, L]`;
    expect(() => run(ops.ones(shape))).toThrow(expected);
  }
});

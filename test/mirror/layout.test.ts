import { describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/backward.js';
import * as ops from '../../src/ops/index.js';
import { inLayout, type Tensor } from '../../src/tensor/tensor.js';
import { expectClose } from '../support/close.js';
import { floats, mirror } from '../support/mirror.js';

// Whatever follows a convolution or a pool gets images that are stored channels-last.

const CONSUMERS: Readonly<Record<string, (y: Tensor) => Tensor | Tensor[]>> = {
  relu: ops.relu,
  gelu: (y) => ops.gelu(y),
  exp: ops.exp,
  'add a bias': (y) => ops.add(y, ops.tensor([[[1]], [[2]], [[3]]])),
  'add itself': (y) => ops.add(y, y),
  'add a row-major image': (y) => ops.mul(y, ops.full(y.shape, 1.5)),
  'minus its mean': (y) => ops.sub(y, ops.mean(y, [0, 2, 3], { keepDims: true })),
  'a smaller operand first': (y) => ops.div(ops.tensor([1, 2, 3, 4]), ops.add(ops.square(y), 1)),
  'a number': (y) => ops.sub(2, y),
  comparison: (y) => ops.greater(y, ops.mean(y)),
  where: (y) => ops.where(ops.greater(y, 0), y, ops.neg(y)),
  cast: (y) => ops.cast(y, 'int32'),
  clone: (y) => ops.clone(y),
  'sum of all': (y) => ops.sum(y),
  'sum of channels': (y) => ops.sum(y, 1),
  'mean of pixels': (y) => ops.mean(y, [2, 3]),
  'max of rows': (y) => ops.max(y, 2),
  variance: (y) => ops.variance(y, [0, 2, 3]),
  prod: (y) => ops.prod(y, 1),
  argmax: (y) => [ops.argmax(y, 1), ops.argmax(y)],
  softmax: (y) => [ops.softmax(y, 1), ops.logSoftmax(y, 3)],
  logSumExp: (y) => ops.logSumExp(y, 1),
  flatten: (y) => ops.flatten(y, 1),
  permute: (y) => ops.permute(y, [0, 2, 3, 1]),
  transpose: (y) => ops.transpose(y),
  slice: (y) => [
    ops.slice(y, null, [1, 3]),
    ops.slice(y, 0),
    ops.slice(y, null, null, { step: 2 }),
  ],
  flip: (y) => ops.flip(y, 3),
  pad: (y) =>
    ops.pad(y, [
      [1, 1],
      [2, 2],
    ]),
  'concat of channels': (y) => ops.concat([y, y, ops.relu(y)], 1),
  'concat of layouts': (y) => ops.concat([y, ops.full(y.shape, 2)], 1),
  stack: (y) => ops.stack([y, y]),
  split: (y) => ops.split(y, [1, 2], 1),
  repeat: (y) => ops.repeat(y, [1, 2, 1, 1]),
  expand: (y) => ops.expand(y, [2, ...y.shape]),
  gather: (y) => ops.gather(y, 1, ops.full([2, 1, 4, 4], 2, { dtype: 'int32' })),
  indexSelect: (y) => ops.indexSelect(y, 1, ops.tensor([2, 0], { dtype: 'int32' })),
  matmul: (y) => ops.matmul(y, ops.full([4, 2], 0.5)),
  linear: (y) => ops.linear(ops.flatten(y, 1), ops.full([5, 48], 0.1)),
  conv2d: (y) => ops.conv2d(y, ops.full([2, 3, 3, 3], 0.1), null, { padding: 1 }),
  maxPool2d: (y) => ops.maxPool2d(y, 2),
  avgPool2d: (y) => ops.avgPool2d(y, 3, { stride: 1, padding: 1 }),
  mseLoss: (y) => ops.mseLoss(y, ops.full(y.shape, 0.5)),
  crossEntropy: (y) => ops.crossEntropy(y, ops.full([2, 4, 4], 1, { dtype: 'int32' })),
};

// What takes an image to another image does not leave the layout, forward or backward.
const KEEPERS: Readonly<Record<string, (y: Tensor) => Tensor>> = {
  'slice of pixels': (y) => ops.slice(y, null, null, { step: 2 }, { start: 3, step: -1 }),
  'slice of channels': (y) => ops.slice(y, null, [1, 3]),
  'slice of images': (y) => ops.slice(y, [1, 2]),
  'every second image': (y) => ops.slice(y, { step: 2 }),
  narrow: (y) => ops.narrow(y, 2, 1, 2),
  flip: (y) => ops.flip(y, [1, 3]),
  pad: (y) => ops.pad(y, [[1, 2]]),
  'pad of channels': (y) =>
    ops.pad(y, [
      [2, 1],
      [0, 0],
      [0, 0],
    ]),
  crop: (y) =>
    ops.pad(y, [
      [-1, 2],
      [1, -2],
    ]),
  'concat of channels': (y) => ops.concat([y, ops.relu(y)], 1),
  'concat of images': (y) => ops.concat([y, y]),
  'concat with a row-major image': (y) => ops.concat([ops.full(y.shape, 2), y], 3),
  'split and concat': (y) => ops.concat(ops.split(y, 2, 1).toReversed(), 1),
  indexSelect: (y) => ops.indexSelect(y, 1, ops.tensor([2, 0, 0], { dtype: 'int32' })),
  'indexSelect of rows': (y) => ops.indexSelect(y, 2, ops.tensor([2, 0, 3], { dtype: 'int32' })),
  'indexAdd of columns': (y) =>
    ops.indexAdd(y, 3, ops.tensor([1, 1], { dtype: 'int32' }), ops.narrow(y, 3, 0, 2)),
  reflectionPad2d: (y) =>
    ops.reflectionPad2d(y, [
      [3, 0],
      [1, 2],
    ]),
  localResponseNorm: (y) => ops.localResponseNorm(y, 2, { alpha: 0.5 }),
  'to NHWC and back': (y) =>
    ops.permute(ops.mul(ops.permute(y, [0, 2, 3, 1]), ops.arange(y.shape[1] ?? 0)), [0, 3, 1, 2]),
  "a ResNet's shortcut without weights": (y) =>
    ops.pad(ops.slice(y, null, null, { step: 2 }, { step: 2 }), [
      [3, 3],
      [0, 0],
      [0, 0],
    ]),
};

function randomImage(shape: readonly number[]): Tensor {
  const count = shape.reduce((a, b) => a * b, 1);
  return ops.sin(ops.reshape(ops.arange(count), shape));
}

describe('an image stored channels-last', () => {
  it('comes from convolutions and pools', () => {
    const x = ops.ones([2, 3, 8, 8]);
    const made = [
      ops.conv2d(x, ops.ones([3, 3, 3, 3])),
      ops.maxPool2d(x, 2),
      ops.avgPool2d(x, 2),
      ops.relu(ops.avgPool2d(x, 2)),
      ops.concat([ops.avgPool2d(x, 2), ops.avgPool2d(x, 2)], 1),
    ];
    expect(made.map((y) => y.layout)).toEqual(made.map(() => 'channelsLast'));
  });

  it.each(Object.entries(KEEPERS))('stays so through: %s', (_, apply) => {
    const image = inLayout(randomImage([3, 3, 4, 5]), 'channelsLast');
    image.requiresGrad = true;
    const made = apply(image);
    const cotangent = inLayout(randomImage(made.shape), 'channelsLast');
    const [gradient] = grad([made], [image], { gradients: [cotangent] });
    expect(made.layout).toBe('channelsLast');
    expect(gradient?.layout).toBe('channelsLast');
  });

  it.each(Object.entries(KEEPERS))('is no different from a row-major one to: %s', (_, apply) => {
    const leaf = randomImage([3, 3, 4, 5]);
    const results = (['rowMajor', 'channelsLast'] as const).map((layout) => {
      const image = inLayout(leaf, layout).detach();
      image.requiresGrad = true;
      const made = apply(image);
      const cotangent = randomImage(made.shape);
      return [made, ...grad([made], [image], { gradients: [cotangent] })];
    });
    const [rowMajor = [], stored = []] = results;
    for (const [i, result] of stored.entries()) {
      expectClose(result ?? [], rowMajor[i] ?? [], { rtol: 1e-5, atol: 1e-6 });
    }
  });

  it.each(Object.entries(KEEPERS))('gives the same on both backends: %s', (_, apply) => {
    for (const shape of [
      [3, 3, 4, 5],
      [2, 17, 6, 5],
    ]) {
      mirror(3, [floats(shape, { layout: 'channelsLast' })], apply, { atol: 1e-5 });
    }
  });

  it.each(Object.entries(CONSUMERS))('is read by: %s', (_, consume) => {
    const image = floats([2, 3, 8, 8]);
    mirror(2, [image], (x) => consume(ops.avgPool2d(x, 2)), { atol: 1e-5 });
    mirror(3, [image], (x) => consume(ops.avgPool2d(x, 2)), { atol: 1e-5 });
  });

  it.each(Object.entries(CONSUMERS))('means the same row-major: %s', (_, consume) => {
    const y = ops.avgPool2d(ops.sin(ops.reshape(ops.arange(384), [2, 3, 8, 8])), 2);
    const stored = [consume(y)].flat();
    const rowMajor = [consume(inLayout(y, 'rowMajor'))].flat();
    for (const [i, result] of stored.entries()) {
      expectClose(result, rowMajor[i] ?? [], { rtol: 1e-5, atol: 1e-6 });
    }
  });
});

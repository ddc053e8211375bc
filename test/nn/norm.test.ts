import { describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/backward.js';
import { ArgumentError, ShapeError } from '../../src/errors.js';
import * as nn from '../../src/nn/index.js';
import * as ops from '../../src/ops/index.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { expectClose, expectSame } from '../support/close.js';

function statistics(layer: nn.BatchNorm1d | nn.BatchNorm2d): readonly [Tensor, Tensor, Tensor] {
  const { running_mean, running_var, num_batches_tracked } = layer;
  if (!running_mean || !running_var || !num_batches_tracked) throw new Error('no statistics');
  return [running_mean, running_var, num_batches_tracked];
}

describe('BatchNorm', () => {
  test('has PyTorch’s state, under its names', () => {
    const layer = new nn.BatchNorm2d(3);
    expect([...layer.stateDict().keys()]).toEqual([
      'weight',
      'bias',
      'running_mean',
      'running_var',
      'num_batches_tracked',
    ]);
    expect(layer.stateDict().get('num_batches_tracked')?.dtype).toBe('int32');
    expect([...new nn.BatchNorm2d(3, { affine: false }).stateDict().keys()]).toEqual([
      'running_mean',
      'running_var',
      'num_batches_tracked',
    ]);
    const untracked = new nn.BatchNorm2d(3, { trackRunningStats: false });
    expect([...untracked.stateDict().keys()]).toEqual(['weight', 'bias']);
  });

  test('moves its statistics by the momentum, and counts batches', () => {
    const layer = new nn.BatchNorm1d(1);
    layer.forward(ops.tensor([[1], [3]]));
    const [mean, variance, count] = statistics(layer);
    expectClose(mean, [0.2]);
    expectClose(variance, [0.9 + 0.1 * 2]);
    layer.forward(ops.tensor([[1], [3]]));
    expectClose(mean, [0.38]);
    expectSame(count, [2]);
  });

  test('takes the mean over all batches without momentum', () => {
    const layer = new nn.BatchNorm1d(1, { momentum: null });
    layer.forward(ops.tensor([[1], [3]]));
    layer.forward(ops.tensor([[4], [8]]));
    layer.forward(ops.tensor([[0], [0]]));
    const [mean, variance, count] = statistics(layer);
    expectClose(mean, [8 / 3]);
    expectClose(variance, [10 / 3]);
    expectSame(count, [3]);
  });

  test('leaves its statistics alone in evaluation, and when a batch does not fit', () => {
    const layer = new nn.BatchNorm1d(2).eval();
    expectClose(layer.forward(ops.tensor([[1, 2]])), [1, 2], { rtol: 1e-5 });
    layer.train();
    expect(() => layer.forward(ops.ones([1, 2]))).toThrow(/expected more than 1 when training/);
    expect(() => layer.forward(ops.ones([4, 3]))).toThrow(ShapeError);
    const [mean, variance, count] = statistics(layer);
    expectSame(mean, [0, 0]);
    expectSame(variance, [1, 1]);
    expectSame(count, [0]);
  });

  test('fuses ReLU', () => {
    const x = ops.randn([4, 3, 5, 5]);
    const [plain, fused] = [new nn.BatchNorm2d(3), new nn.BatchNorm2d(3, { relu: true })];
    for (const training of [true, false]) {
      const y = fused.train(training).forward(x);
      expectClose(y, ops.relu(plain.train(training).forward(x)));
    }
  });

  test('trains while its statistics move, step after step', () => {
    const layer = new nn.BatchNorm1d(3);
    const x = ops.randn([8, 3], { requiresGrad: true });
    for (let step = 0; step < 3; step++) {
      backward(ops.sum(ops.square(layer.forward(x))));
    }
    expectSame(statistics(layer)[2], [3]);
    expect(layer.weight?.grad?.shape).toEqual([3]);
  });

  test('refuses wrong options and shapes', () => {
    expect(() => new nn.BatchNorm2d(0)).toThrow(/BatchNorm2d: features is 0/);
    expect(() => new nn.BatchNorm1d(2, { momentum: -1 })).toThrow(ArgumentError);
    expect(() => new nn.BatchNorm1d(2, { eps: Number.NaN })).toThrow(ArgumentError);
    expect(() => new nn.BatchNorm2d(2).forward(ops.ones([3, 2]))).toThrow(
      /BatchNorm2d: input \[3, 2\], expected \[N, C, H, W\]/,
    );
    expect(() => new nn.BatchNorm1d(2).forward(ops.ones([3, 2, 1, 1]))).toThrow(ShapeError);
  });

  test('says what it is', () => {
    expect(`${new nn.BatchNorm2d(4, { momentum: null })}`).toBe(
      'BatchNorm2d(4, eps=0.00001, momentum=null, affine=true, trackRunningStats=true)',
    );
  });
});

describe('LayerNorm, GroupNorm and LocalResponseNorm', () => {
  test('refuse wrong options and shapes', () => {
    expect(() => new nn.LayerNorm([])).toThrow(ShapeError);
    expect(() => new nn.LayerNorm([3, 0])).toThrow(ArgumentError);
    expect(() => new nn.LayerNorm(4).forward(ops.ones([2, 3]))).toThrow(ShapeError);
    expect(() => new nn.GroupNorm(3, 4)).toThrow(/groups=3 does not divide channels=4/);
    expect(() => new nn.GroupNorm(2, 4).forward(ops.ones([2, 6, 3]))).toThrow(
      /GroupNorm: input \[2, 6, 3\], expected \[N, C, ...\] with 4 channels/,
    );
    expect(() => new nn.LocalResponseNorm(0)).toThrow(ArgumentError);
  });

  test('say what they are', () => {
    expect(`${new nn.LayerNorm([3, 4])}`).toBe(
      'LayerNorm([3, 4], eps=0.00001, elementwiseAffine=true)',
    );
    expect(`${new nn.GroupNorm(2, 4, { affine: false })}`).toBe(
      'GroupNorm(2, 4, eps=0.00001, affine=false)',
    );
    expect(`${new nn.LocalResponseNorm(5)}`).toBe(
      'LocalResponseNorm(5, alpha=0.0001, beta=0.75, k=1)',
    );
  });
});

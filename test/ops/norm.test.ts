import { describe, expect, it } from 'vitest';
import { backward, grad } from '../../src/autograd/backward.js';
import { ArgumentError, AutogradError, DTypeError, ShapeError } from '../../src/errors.js';
import * as ops from '../../src/ops/index.js';
import { noGrad } from '../../src/tensor/scope.js';
import { inLayout } from '../../src/tensor/tensor.js';
import { expectClose, expectSame } from '../support/close.js';

const TRAINING = { training: true };

describe('batchNorm', () => {
  it('gives every channel mean 0 and variance 1 when training', () => {
    const x = ops.add(ops.mul(ops.randn([8, 5, 6, 7]), 3), 20);
    const y = ops.batchNorm(x, null, null, null, null, TRAINING);
    expectClose(ops.mean(y, [0, 2, 3]), ops.zeros([5]), { atol: 1e-5 });
    expectClose(ops.variance(y, [0, 2, 3], { correction: 0 }), ops.ones([5]), { atol: 1e-4 });
  });

  it('has exact statistics of numbers far from zero, and of large batches', () => {
    const x = ops.add(ops.randn([40_000, 3]), 10_000);
    const mean = ops.zeros([3]);
    const variance = ops.zeros([3]);
    ops.batchNorm(x, mean, variance, null, null, { training: true, momentum: 1 });
    // x − 10000 is exact in float32, and its variance has all its digits.
    const centered = ops.sub(x, 10_000);
    expectClose(ops.sub(mean, 10_000), ops.mean(centered, 0), { atol: 1e-3 });
    expectClose(variance, ops.variance(centered, 0), { rtol: 2e-5 });
  });

  it('has variance 0, and so no slope, where a channel is constant', () => {
    const variance = ops.ones([2]);
    const y = ops.batchNorm(ops.full([50, 2], 1e6), ops.zeros([2]), variance, null, null, {
      training: true,
      momentum: 1,
    });
    expectSame(y, new Float32Array(100));
    expectSame(variance, [0, 0]);
  });

  it('keeps the layout of images, and is the same in each', () => {
    const x = ops.randn([3, 4, 5, 6]);
    const plain = ops.batchNorm(x, null, null, null, null, TRAINING);
    const image = ops.batchNorm(inLayout(x, 'channelsLast'), null, null, null, null, TRAINING);
    expect(image.layout).toBe('channelsLast');
    expectSame(image, plain.dataSync());
  });

  it('is the same run for run', () => {
    const x = ops.randn([64, 24, 14, 14]);
    const run = () => ops.batchNorm(x, null, null, null, null, TRAINING).dataSync();
    expect(run()).toEqual(run());
  });

  it('notices that running statistics moved between a forward and its backward', () => {
    const x = ops.randn([4, 2], { requiresGrad: true });
    const [mean, variance] = [ops.zeros([2]), ops.ones([2])];
    const y = ops.batchNorm(x, mean, variance);
    noGrad(() => ops.batchNorm(x, mean, variance, null, null, TRAINING));
    expect(() => backward(ops.sum(y))).toThrow(/batchNorm: .* changed in place/);
  });

  it('computes no gradient that nobody asked for', () => {
    const w = ops.ones([2], { requiresGrad: true });
    const x = ops.randn([5, 2]);
    const [g] = grad(ops.sum(ops.batchNorm(x, null, null, w, null, TRAINING)), [w]);
    expectClose(g ?? [], [0, 0], { atol: 1e-5 });
  });

  it('refuses what does not fit', () => {
    const x = ops.ones([4, 3]);
    const run = (options: ops.BatchNormOptions) =>
      ops.batchNorm(x, null, null, null, null, options);
    expect(() => ops.batchNorm(ops.ones([3]), null, null, null, null, TRAINING)).toThrow(
      ShapeError,
    );
    expect(() => ops.batchNorm(ops.ones([1, 3]), null, null, null, null, TRAINING)).toThrow(
      /batchNorm: input \[1, 3\] has 1 value per channel, expected more than 1 when training/,
    );
    expect(() => ops.batchNorm(x, ops.ones([2]), ops.ones([2]))).toThrow(
      /batchNorm: runningMean \[2\] does not fit input \[4, 3\], expected \[3\]/,
    );
    expect(() => ops.batchNorm(x, null, null, ops.ones([4]), null, TRAINING)).toThrow(ShapeError);
    expect(() => ops.batchNorm(x, null, ops.ones([3]))).toThrow(ArgumentError);
    expect(() => run({})).toThrow(/batchNorm: runningMean and runningVar are null/);
    expect(() => run({ training: true, momentum: 2 })).toThrow(/momentum is 2/);
    expect(() => run({ training: true, eps: -1 })).toThrow(/eps is -1/);
    expect(() => ops.batchNorm(x, ops.ones([3], { requiresGrad: true }), ops.ones([3]))).toThrow(
      AutogradError,
    );
    expect(() => ops.batchNorm(ops.ones([2, 2], { dtype: 'int32' }), null, null)).toThrow(
      DTypeError,
    );
  });
});

describe('layerNorm', () => {
  it('gives every row mean 0 and variance 1', () => {
    const y = ops.layerNorm(ops.add(ops.randn([9, 100]), 1000), 100);
    expectClose(ops.mean(y, 1), ops.zeros([9]), { atol: 1e-4 });
    expectClose(ops.variance(y, 1, { correction: 0 }), ops.ones([9]), { atol: 1e-3 });
  });

  it('takes a weight that is stored channels-last', () => {
    const x = ops.randn([2, 2, 3, 2, 2]);
    const w = ops.randn([2, 3, 2, 2]);
    const stored = inLayout(w, 'channelsLast');
    expectSame(ops.layerNorm(x, w.shape, stored), ops.layerNorm(x, w.shape, w).dataSync());
  });

  it('refuses what does not fit', () => {
    const x = ops.ones([2, 3]);
    expect(() => ops.layerNorm(x, 4)).toThrow(
      /layerNorm: input \[2, 3\] does not end in normalizedShape \[4\]/,
    );
    expect(() => ops.layerNorm(x, [1, 2, 3])).toThrow(ShapeError);
    expect(() => ops.layerNorm(x, [])).toThrow(ShapeError);
    expect(() => ops.layerNorm(ops.ones([2, 0]), 0)).toThrow(ShapeError);
    expect(() => ops.layerNorm(x, 3, ops.ones([2]))).toThrow(/weight \[2\]/);
    expect(() => ops.layerNorm(x, 3, null, ops.ones([3, 1]))).toThrow(/bias \[3, 1\]/);
    expect(() => ops.layerNorm(x, 3, null, null, { eps: Number.NaN })).toThrow(/eps is NaN/);
  });
});

describe('groupNorm', () => {
  it('of one group is layerNorm, of as many as channels instance normalisation', () => {
    const x = ops.randn([2, 4, 3, 5]);
    expectClose(ops.groupNorm(x, 1), ops.layerNorm(x, [4, 3, 5]));
    const single = ops.groupNorm(x, 4);
    expectClose(ops.mean(single, [2, 3]), ops.zeros([2, 4]), { atol: 1e-5 });
  });

  it('keeps the layout of images', () => {
    const x = inLayout(ops.randn([2, 4, 3, 5]), 'channelsLast');
    expect(ops.groupNorm(x, 2).layout).toBe('channelsLast');
  });

  it('refuses what does not fit', () => {
    const x = ops.ones([2, 4, 3]);
    expect(() => ops.groupNorm(x, 3)).toThrow(/groups=3 does not divide the 4 channels/);
    expect(() => ops.groupNorm(x, 0)).toThrow(ArgumentError);
    expect(() => ops.groupNorm(ops.ones([4]), 2)).toThrow(ShapeError);
    expect(() => ops.groupNorm(ops.ones([2, 4, 0]), 2)).toThrow(ShapeError);
    expect(() => ops.groupNorm(ops.ones([1, 4]), 4)).toThrow(/1 value in each of 4 groups/);
    expect(() => ops.groupNorm(x, 2, ops.ones([2]))).toThrow(/weight \[2\]/);
  });
});

describe('localResponseNorm', () => {
  it('is PyTorch’s formula', () => {
    const x = ops.tensor([1, 2, 3], { shape: [1, 3, 1] });
    const y = ops.localResponseNorm(x, 2, { alpha: 2, beta: 1, k: 1 });
    // Squares of two neighbours, the one before first: 0+1, 1+4, 4+9.
    expectClose(y, [1 / 2, 2 / 6, 3 / 14]);
  });

  it('refuses what does not fit, and takes no images', () => {
    expect(() => ops.localResponseNorm(ops.ones([2, 3]), 2)).toThrow(ShapeError);
    expect(() => ops.localResponseNorm(ops.ones([2, 3, 1]), 0)).toThrow(ArgumentError);
    expect(ops.localResponseNorm(ops.ones([0, 3, 2, 2]), 2).shape).toEqual([0, 3, 2, 2]);
  });
});

describe('statistics of data far from zero', () => {
  /** x less its mean by its deviation, for rows of [rows, n], in float64. */
  function normalized(data: Float32Array, n: number, eps: number): Float64Array {
    const out = new Float64Array(data.length);
    for (let row = 0; row < data.length; row += n) {
      const values = data.subarray(row, row + n);
      const mean = values.reduce((sum, value) => sum + value, 0) / n;
      const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      for (const [i, value] of values.entries()) {
        out[row + i] = (value - mean) / Math.sqrt(squares / n + eps);
      }
    }
    return out;
  }

  for (const [center, n] of [
    [1e6, 1000],
    [1e7, 4096],
    [-3e6, 777],
    [1e6, 6],
  ] as const) {
    it(`are exact: ${n} values about ${center}`, () => {
      const data = Float32Array.from({ length: 4 * n }, (_, i) => center + (i % 7));
      const eps = 1e-5;
      const expected = [...normalized(data, n, eps)];
      const rows = ops.tensor(data, { shape: [4, n] });
      const close = { rtol: 0, atol: 1e-6 };
      expectClose(ops.layerNorm(rows, n), expected, close);
      expectClose(ops.groupNorm(rows.reshape([1, 4, n]), 4).reshape([4, n]), expected, close);
      // Channels of images lie beside each other.
      const images = inLayout(rows.reshape([1, 4, n, 1]), 'channelsLast');
      expectClose(ops.groupNorm(images, 4).reshape([4, n]), expected, close);
      const columns = ops.batchNorm(rows.transpose(), null, null, null, null, TRAINING);
      expectClose(columns.transpose(), expected, close);
    });
  }
});

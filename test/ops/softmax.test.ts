import { describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/backward.js';
import { DTypeError, ShapeError } from '../../src/errors.js';
import * as ops from '../../src/ops/index.js';
import { inLayout } from '../../src/tensor/tensor.js';
import { expectClose, expectSame } from '../support/close.js';

const INF = Number.POSITIVE_INFINITY;

describe('softmax and logSoftmax', () => {
  it('sum to one along the axis', () => {
    const x = ops.randn([2, 5, 3]);
    expectClose(ops.sum(ops.softmax(x, 1), 1), ops.ones([2, 3]));
    expectClose(ops.sum(ops.exp(ops.logSoftmax(x)), 2), ops.ones([2, 5]));
  });

  it('survive huge and infinite logits', () => {
    const x = ops.tensor([
      [1e4, 1e4 + 1, -1e4],
      [-INF, 0, 0],
    ]);
    expectClose(ops.softmax(x), [0.26894143, 0.73105857, 0, 0, 0.5, 0.5]);
    expectClose(ops.slice(ops.logSoftmax(x), 1), [-INF, Math.log(0.5), Math.log(0.5)]);
  });

  it('keep the layout of images and give the same along every axis', () => {
    const x = ops.randn([2, 3, 4, 5]);
    const image = inLayout(x, 'channelsLast');
    for (const axis of [0, 1, 2, 3]) {
      const y = ops.softmax(image, axis);
      expect(y.layout).toBe('channelsLast');
      expectClose(y, ops.softmax(x, axis));
    }
  });

  it('name the axis that does not exist, and refuse integers', () => {
    expect(() => ops.softmax(ops.ones([2, 3]), 2)).toThrow(/softmax: axis 2 is out of range/);
    expect(() => ops.logSoftmax(ops.ones([2, 3]), -3)).toThrow(ShapeError);
    expect(() => ops.softmax(ops.ones([2], { dtype: 'int32' }))).toThrow(DTypeError);
  });
});

describe('logSumExp', () => {
  it('is exact where exponentials overflow, vanish or are missing', () => {
    const x = ops.tensor([
      [1000, 1000],
      [-1000, -1000],
      [-INF, -INF],
      [INF, 0],
      [Number.NaN, 0],
    ]);
    const expected = [1000 + Math.LN2, -1000 + Math.LN2, -INF, INF, Number.NaN];
    expectClose(ops.logSumExp(x, 1), expected);
    expectSame(ops.logSumExp(ops.zeros([2, 0]), 1), [-INF, -INF]);
  });

  it('reduces the axes asked for', () => {
    const x = ops.zeros([2, 3, 4]);
    expect(ops.logSumExp(x).shape).toEqual([]);
    expect(ops.logSumExp(x, [0, -1]).shape).toEqual([3]);
    expect(ops.logSumExp(x, 1, { keepDims: true }).shape).toEqual([2, 1, 4]);
    expectClose(ops.logSumExp(x), [Math.log(24)]);
  });

  it('has softmax as its gradient, and none where all are −∞', () => {
    const x = ops.tensor(
      [
        [1, 2, 3],
        [-INF, -INF, -INF],
      ],
      { requiresGrad: true },
    );
    const [g] = grad(ops.sum(ops.logSumExp(x, 1)), [x]);
    expectClose(g ?? [], [0.09003057, 0.24472847, 0.66524096, 0, 0, 0]);
  });
});

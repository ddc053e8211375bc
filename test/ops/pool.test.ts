import { describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/backward.js';
import { synchronizeSync } from '../../src/backend/select.js';
import { ArgumentError, IndexFaultError, ShapeError } from '../../src/errors.js';
import * as ops from '../../src/ops/index.js';
import { inLayout } from '../../src/tensor/tensor.js';
import { expectClose, expectSame } from '../support/close.js';

const ramp = (...shape: number[]) =>
  ops.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
    { shape },
  );

describe('maxPool2d', () => {
  it('takes the largest of each window, with its position', () => {
    const { output, indices } = ops.maxPool2d(ramp(1, 2, 4, 4), 2, { returnIndices: true });
    expectSame(output, [5, 7, 13, 15, 21, 23, 29, 31]);
    expect(indices.dtype).toBe('int32');
    expectSame(indices, [5, 7, 13, 15, 5, 7, 13, 15]);
    expect(output.layout).toBe('channelsLast');
  });

  it('gives the gradient to the first of equals, and to a NaN', () => {
    const x = ops.tensor(
      [
        [
          [
            [1, 1],
            [1, 1],
          ],
          [
            [0, Number.NaN],
            [3, 4],
          ],
        ],
      ],
      { requiresGrad: true },
    );
    const y = ops.maxPool2d(x, 2);
    expectSame(y, [1, Number.NaN]);
    expectSame(grad(ops.sum(y), [x])[0] ?? [], [1, 0, 0, 0, 0, 1, 0, 0]);
  });

  it('never lets padding win', () => {
    expectSame(ops.maxPool2d(ops.full([1, 1, 2, 2], -5), 3, { padding: 1, stride: 2 }), [-5]);
  });

  it.each([
    // A last window that would start in the padding behind the input is left out.
    [5, 2, 3, 1, 2],
    [6, 3, 2, 0, 3],
    [2, 3, 2, 0, 1],
    [7, 2, 2, 1, 4],
  ])(
    'in ceil mode: size %i, kernel %i, stride %i, padding %i gives %i',
    (size, kernel, stride, padding, expected) => {
      const x = ramp(1, 1, size, size);
      const options = { stride, padding, ceilMode: true };
      expect(ops.maxPool2d(x, kernel, options).shape).toEqual([1, 1, expected, expected]);
      expect(ops.avgPool2d(x, kernel, options).shape).toEqual([1, 1, expected, expected]);
    },
  );

  it('gives the same of every layout', () => {
    const x = ops.randn([2, 3, 7, 6]);
    const options = { stride: 2, padding: 1 };
    expectSame(
      ops.maxPool2d(inLayout(x, 'channelsLast'), 3, options),
      ops.maxPool2d(x, 3, options),
    );
    expectSame(
      ops.avgPool2d(inLayout(x, 'channelsLast'), 3, options),
      ops.avgPool2d(x, 3, options),
    );
  });

  it('says what does not fit', () => {
    const x = ops.ones([1, 1, 4, 4]);
    expect(() => ops.maxPool2d(x, 5)).toThrow(
      'maxPool2d: kernel [5, 5] with dilation [1, 1] spans [5, 5], which does not fit input [1, 1, 4, 4]',
    );
    expect(() => ops.maxPool2d(x, 3, { padding: 2 })).toThrow(
      'maxPool2d: padding [2, 2] is more than half of kernel [3, 3]',
    );
    expect(() => ops.maxPool2d(x, [2, 0])).toThrow(
      'maxPool2d: kernelSize is [2, 0], expected an integer or [height, width] of at least 1',
    );
    expect(() => ops.maxPool2d(x, 2, { stride: 0 })).toThrow(ArgumentError);
    expect(() => ops.maxPool2d(ops.ones([4, 4]), 2)).toThrow(
      'maxPool2d: input [4, 4], expected [N, C, H, W]',
    );
    expect(() => ops.maxPool2d(ops.ones([1, 1, 0, 4]), 1)).toThrow(ShapeError);
  });
});

describe('avgPool2d', () => {
  const x = ops.ones([1, 1, 3, 3]);

  it('counts padding, or not, or divides by what it is told', () => {
    const options = { stride: 2, padding: 1 };
    expectClose(ops.avgPool2d(x, 2, options), [1 / 4, 1 / 2, 1 / 2, 1]);
    expectClose(ops.avgPool2d(x, 2, { ...options, countIncludePad: false }), [1, 1, 1, 1]);
    expectClose(ops.avgPool2d(x, 2, { ...options, divisorOverride: 2 }), [1 / 2, 1, 1, 2]);
  });

  it('does not count what ceil mode adds behind the padding', () => {
    expectClose(ops.avgPool2d(x, 2, { ceilMode: true }), [1, 1, 1, 1]);
  });

  it('refuses a divisor of 0 and padding beyond half of the kernel', () => {
    expect(() => ops.avgPool2d(x, 2, { divisorOverride: 0 })).toThrow(
      'avgPool2d: divisorOverride is 0, expected an integer ≠ 0',
    );
    expect(() => ops.avgPool2d(x, 2, { padding: [0, 2] })).toThrow(ShapeError);
  });
});

describe('pooling of sequences', () => {
  it('slides along the last axis', () => {
    const x = ramp(1, 2, 5);
    expectSame(ops.maxPool1d(x, 2, { ceilMode: true }), [1, 3, 4, 6, 8, 9]);
    expectClose(
      ops.avgPool1d(x, 3, { stride: 2, padding: 1, countIncludePad: false }),
      [0.5, 2, 3.5, 5.5, 7, 8.5],
    );
    expect(() => ops.maxPool1d(ops.ones([5]), 2)).toThrow('expected [N, C, L] or [C, L]');
  });
});

describe('adaptive pooling', () => {
  it('covers the input with as many windows as asked for', () => {
    const x = ramp(1, 1, 1, 5);
    expectClose(ops.adaptiveAvgPool2d(x, [1, 2]), [1, 3]);
    expectSame(ops.adaptiveMaxPool2d(x, [1, 3]), [1, 3, 4]);
    expectClose(ops.adaptiveAvgPool2d(x, [null, 10]), [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
  });

  it('is the mean of the whole plane for size 1, and keeps the layout', () => {
    const x = inLayout(ops.randn([2, 3, 7, 7]), 'channelsLast');
    const y = ops.adaptiveAvgPool2d(x, 1);
    expect(y.layout).toBe('channelsLast');
    expectClose(y, ops.mean(x, [2, 3], { keepDims: true }));
  });

  it('keeps infinities to the windows that they are in', () => {
    const x = ops.tensor([[[[Number.POSITIVE_INFINITY, 1, 2, 3, 4]]]]);
    expectClose(ops.adaptiveAvgPool2d(x, [1, 2]), [Number.POSITIVE_INFINITY, 3]);
  });

  it('gives the gradient to the first of equals', () => {
    const x = ops.ones([1, 1, 1, 5], { requiresGrad: true });
    const y = ops.adaptiveMaxPool2d(x, [1, 3]);
    expectSame(grad(ops.sum(y), [x])[0] ?? [], [1, 1, 0, 1, 0]);
  });

  it('refuses sizes that are none', () => {
    expect(() => ops.adaptiveAvgPool2d(ops.ones([1, 1, 2, 2]), 0)).toThrow(
      'adaptiveAvgPool2d: size is 0, expected an integer ≥ 1',
    );
    expect(() => ops.adaptiveMaxPool2d(ops.ones([2, 2]), 1)).toThrow(ShapeError);
  });
});

describe('max pooling with indices', () => {
  it('gives positions in the plane of the input, whatever the windows', () => {
    const x = ramp(1, 2, 3, 5);
    const { output, indices } = ops.adaptiveMaxPool2d(x, [2, 3], { returnIndices: true });
    expectSame(output, [6, 8, 9, 11, 13, 14, 21, 23, 24, 26, 28, 29]);
    expectSame(indices, [6, 8, 9, 11, 13, 14, 6, 8, 9, 11, 13, 14]);
    expect(indices.dtype).toBe('int32');
    expect(indices.layout).toBe(output.layout);
    const line = ops.maxPool1d(ramp(1, 2, 5), 2, { stride: 1, returnIndices: true });
    expectSame(line.indices, [1, 2, 3, 4, 1, 2, 3, 4]);
    const adaptive = ops.adaptiveMaxPool1d(ramp(1, 2, 5), 2, { returnIndices: true });
    expectSame(adaptive.indices, [2, 4, 2, 4]);
  });

  it('returns the output alone unless they are asked for', () => {
    expect(ops.maxPool2d(ramp(1, 1, 2, 2), 2, { returnIndices: false }).shape).toEqual([
      1, 1, 1, 1,
    ]);
  });
});

describe('maxUnpool2d', () => {
  it('puts the largest back where they were, and zeros elsewhere', () => {
    const x = ops.tensor(
      [
        [
          [
            [1, 2, 9, 0, 3],
            [4, 3, 1, 1, 7],
            [0, 0, 5, 5, 1],
          ],
        ],
      ],
      {
        requiresGrad: true,
      },
    );
    const { output, indices } = ops.maxPool2d(x, 2, { returnIndices: true });
    const y = ops.maxUnpool2d(output, indices, 2, { outputSize: x.shape });
    expect(y.layout).toBe('channelsLast');
    expectSame(y, [0, 0, 9, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    const weights = ramp(1, 1, 3, 5);
    expectSame(
      grad(ops.sum(ops.mul(y, weights)), [x])[0] ?? [],
      [0, 0, 2, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    );
  });

  it('lets the last of those that name one place have it', () => {
    const indices = ops.tensor([[[[1, 1]]]], { dtype: 'int32' });
    expectSame(ops.maxUnpool2d(ramp(1, 1, 1, 2), indices, [1, 2]), [0, 1, 0, 0]);
  });

  it('says what does not fit', () => {
    const x = ramp(1, 2, 2, 3);
    const indices = ops.zeros([1, 2, 2, 3], { dtype: 'int32' });
    expect(() => ops.maxUnpool2d(x, x, 2)).toThrow(
      'maxUnpool2d: indices is float32, expected int32 or uint8 (see cast())',
    );
    expect(() => ops.maxUnpool2d(x, ops.zeros([1, 2, 3, 2], { dtype: 'int32' }), 2)).toThrow(
      'maxUnpool2d: indices [1, 2, 3, 2] of input [1, 2, 2, 3], expected its shape',
    );
    expect(() => ops.maxUnpool2d(x, indices, 2, { outputSize: [6, 6] })).toThrow(
      'maxUnpool2d: outputSize [6, 6] cannot be reached from input [1, 2, 2, 3], expected [3, 5] to [5, 7]',
    );
    expect(() => ops.maxUnpool2d(x, indices, 1, { padding: 1 })).toThrow(
      'with kernel [1, 1] and padding [1, 1] gives a size of [0, 1], expected at least 1',
    );
    expect(() => ops.maxUnpool1d(x, indices, 2)).toThrow(
      'maxUnpool1d: input [1, 2, 2, 3], expected [N, C, L]',
    );
    expect(() => ops.maxUnpool2d(x, indices, 0)).toThrow(ArgumentError);
  });

  it.each([-1, 24])('reports position %i of 24 pixels', (at) => {
    const indices = ops.full([1, 2, 2, 3], at, { dtype: 'int32' });
    const act = (): void => {
      ops.maxUnpool2d(ramp(1, 2, 2, 3), indices, 2);
      synchronizeSync();
    };
    expect(act).toThrow(IndexFaultError);
    expect(act).toThrow(`maxUnpool2d: index ${at} is out of range`);
  });
});

import { describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/backward.js';
import { ArgumentError, DTypeError, ShapeError } from '../../src/errors.js';
import * as ops from '../../src/ops/index.js';
import { inLayout } from '../../src/tensor/tensor.js';
import { expectClose } from '../support/close.js';

const images = (...shape: number[]) => ops.randn(shape);

describe('conv2d', () => {
  it('correlates, without turning the kernel around', () => {
    const x = ops.tensor([
      [
        [
          [1, 2, 3],
          [4, 5, 6],
          [7, 8, 9],
        ],
      ],
    ]);
    const w = ops.tensor([
      [
        [
          [1, 0],
          [0, 10],
        ],
      ],
    ]);
    expectClose(ops.conv2d(x, w, ops.tensor([100])), [151, 162, 184, 195]);
  });

  it.each([
    [{}, [2, 6, 5, 3]],
    [{ padding: 1 }, [2, 6, 7, 5]],
    [{ padding: [2, 0] as const, stride: [3, 2] as const }, [2, 6, 3, 2]],
    [{ padding: 'same' as const, dilation: 2 }, [2, 6, 7, 5]],
    [{ padding: 'valid' as const, dilation: [2, 1] as const }, [2, 6, 3, 3]],
  ])('with %o gives %o', (options, shape) => {
    const y = ops.conv2d(images(2, 3, 7, 5), images(6, 3, 3, 3), null, options);
    expect(y.shape).toEqual(shape);
    expect(y.layout).toBe('channelsLast');
  });

  it("pads an even kernel's extra pixel at the bottom and the right", () => {
    const x = ops.tensor([
      [
        [
          [1, 2],
          [3, 4],
        ],
      ],
    ]);
    const y = ops.conv2d(x, ops.ones([1, 1, 2, 2]), null, { padding: 'same' });
    expectClose(y, [10, 6, 7, 4]);
  });

  it('keeps groups apart, down to one channel each', () => {
    const x = images(2, 4, 5, 5);
    const w = images(4, 1, 3, 3);
    const depthwise = ops.conv2d(x, w, null, { groups: 4 });
    const apart = [0, 1, 2, 3].map((c) =>
      ops.conv2d(ops.slice(x, null, [c, c + 1]), ops.slice(w, [c, c + 1])),
    );
    expectClose(depthwise, ops.concat(apart, 1), { rtol: 1e-4, atol: 1e-5 });
  });

  it('gives the same of every layout', () => {
    const x = images(2, 3, 6, 6);
    const w = images(4, 3, 3, 3);
    expectClose(
      ops.conv2d(inLayout(x, 'channelsLast'), inLayout(w, 'channelsLast')),
      ops.conv2d(x, w),
    );
  });

  it('takes an empty batch, forward and backward', () => {
    const w = ops.ones([4, 3, 3, 3], { requiresGrad: true });
    const b = ops.ones([4], { requiresGrad: true });
    const y = ops.conv2d(ops.zeros([0, 3, 5, 5]), w, b);
    expect(y.shape).toEqual([0, 4, 3, 3]);
    const gradients = grad(ops.sum(y), [w, b]);
    for (const g of gradients) expect(g?.dataSync().every((v) => v === 0)).toBe(true);
  });

  it('says what does not fit', () => {
    const conv =
      (x: number[], w: number[], options: ops.Conv2dOptions = {}, bias?: number) =>
      () =>
        ops.conv2d(ops.ones(x), ops.ones(w), bias === undefined ? null : ops.ones([bias]), options);
    expect(conv([8, 3, 32, 32], [16, 4, 3, 3])).toThrow(
      'conv2d: input [8, 3, 32, 32] has 3 channels, weight [16, 4, 3, 3] with groups=1 expects 4',
    );
    expect(conv([8, 4, 32, 32], [15, 2, 3, 3], { groups: 2 })).toThrow(
      'conv2d: groups=2 does not divide axis 0 of weight [15, 2, 3, 3]',
    );
    expect(conv([1, 3, 4, 4], [2, 3, 5, 3], { dilation: [1, 2] })).toThrow(
      'conv2d: kernel [5, 3] with dilation [1, 2] spans [5, 5], which does not fit input [1, 3, 4, 4], ' +
        '[4, 4] with its padding',
    );
    expect(conv([1, 3, 0, 4], [2, 3, 1, 1], { padding: 1 })).toThrow(ShapeError);
    expect(conv([32, 32], [2, 3, 1, 1])).toThrow(
      'conv2d: input [32, 32], expected [N, C, H, W] or [C, H, W]',
    );
    expect(conv([1, 3, 4, 4], [2, 3, 0, 1])).toThrow(/conv2d: weight \[2, 3, 0, 1\], expected/);
    expect(conv([1, 3, 4, 4], [2, 3, 1, 1], {}, 3)).toThrow(
      'conv2d: bias [3], expected [2], one number an output channel',
    );
    expect(conv([1, 3, 4, 4], [2, 3, 3, 3], { padding: 'same', stride: 2 })).toThrow(
      "conv2d: padding 'same' with stride [2, 2], expected 1",
    );
    expect(conv([1, 3, 4, 4], [2, 3, 3, 3], { padding: 2 ** 31 - 1 })).toThrow(ArgumentError);
  });

  it.each([
    [{ stride: 0 }, 'stride is 0, expected an integer or [height, width] of at least 1'],
    [{ stride: [1, 1.5] as const }, 'stride is [1, 1.5], expected'],
    [{ padding: -1 }, 'padding is -1, expected an integer or [height, width] of at least 0'],
    [{ dilation: 0 }, 'dilation is 0'],
    [{ groups: 0 }, 'groups is 0, expected an integer ≥ 1'],
    [{ groups: 1.5 }, 'groups is 1.5'],
  ])('refuses %o', (options, message) => {
    const run = () => ops.conv2d(ops.ones([1, 2, 4, 4]), ops.ones([2, 2, 1, 1]), null, options);
    expect(run).toThrow(ArgumentError);
    expect(run).toThrow(`conv2d: ${message}`);
  });

  it('wants one floating dtype', () => {
    const w = ops.ones([2, 2, 1, 1]);
    expect(() => ops.conv2d(ops.ones([1, 2, 4, 4], { dtype: 'uint8' }), w)).toThrow(DTypeError);
  });
});

describe('conv1d', () => {
  it('is conv2d of height 1', () => {
    const x = images(2, 3, 9);
    const w = images(4, 3, 3);
    const y = ops.conv1d(x, w, null, { stride: 2, padding: 1 });
    const wide = ops.conv2d(ops.unsqueeze(x, 2), ops.unsqueeze(w, 2), null, {
      stride: [1, 2],
      padding: [0, 1],
    });
    expect(y.shape).toEqual([2, 4, 5]);
    expectClose(y, ops.squeeze(wide, 2));
  });

  it('words errors for sequences', () => {
    expect(() => ops.conv1d(ops.ones([2, 3, 4]), ops.ones([1, 3, 5]))).toThrow(
      'conv1d: kernel [5] with dilation [1] spans [5], which does not fit input [2, 3, 4]',
    );
    expect(() => ops.conv1d(ops.ones([3]), ops.ones([1, 3, 5]))).toThrow(
      'conv1d: input [3], expected [N, C, L] or [C, L]',
    );
    expect(() => ops.conv1d(ops.ones([2, 3, 4]), ops.ones([1, 3, 1]), null, { stride: 0 })).toThrow(
      'conv1d: stride is 0, expected an integer of at least 1',
    );
  });
});

describe('convTranspose2d', () => {
  it('is the transpose of conv2d: ⟨conv(x), y⟩ = ⟨x, convTranspose(y)⟩', () => {
    const x = images(2, 4, 9, 8);
    const w = images(6, 2, 3, 2);
    const options = { stride: [2, 3] as const, padding: [1, 0] as const, groups: 2 };
    const y = ops.conv2d(x, w, null, options);
    const other = ops.randn(y.shape);
    const back = ops.convTranspose2d(other, w, null, { ...options, outputPadding: [0, 0] });
    expect(back.shape).toEqual([2, 4, 9, 8]);
    expectClose(ops.sum(ops.mul(y, other)), ops.sum(ops.mul(x, back)), { rtol: 1e-3, atol: 1e-3 });
  });

  it('adds the bias everywhere, and outputPadding at the bottom and the right', () => {
    const y = ops.convTranspose2d(ops.ones([1, 1, 2, 2]), ops.ones([1, 1, 1, 1]), ops.tensor([5]), {
      stride: 2,
      outputPadding: 1,
    });
    expect(y.shape).toEqual([1, 1, 4, 4]);
    expectClose(y, [6, 5, 6, 5, 5, 5, 5, 5, 6, 5, 6, 5, 5, 5, 5, 5]);
  });

  it('says what does not fit', () => {
    const transposed =
      (x: number[], w: number[], options: ops.ConvTranspose2dOptions = {}) =>
      () =>
        ops.convTranspose2d(ops.ones(x), ops.ones(w), null, options);
    expect(transposed([1, 3, 4, 4], [4, 2, 3, 3])).toThrow(
      'convTranspose2d: input [1, 3, 4, 4] has 3 channels, weight [4, 2, 3, 3] expects 4',
    );
    expect(transposed([1, 3, 4, 4], [3, 2, 3, 3], { outputPadding: 1 })).toThrow(
      'convTranspose2d: outputPadding [1, 1], expected less than stride [1, 1] or dilation [1, 1]',
    );
    expect(transposed([1, 3, 4, 4], [3, 2, 3, 3], { stride: 2, outputSize: [11, 10] })).toThrow(
      'convTranspose2d: outputSize [11, 10] cannot be reached from input [1, 3, 4, 4], expected [9, 9] to [10, 10]',
    );
    expect(transposed([1, 3, 1, 1], [3, 2, 3, 3], { padding: 2 })).toThrow(
      'gives an image of [-1, -1], expected at least 1 pixel',
    );
    expect(() =>
      ops.convTranspose2d(ops.ones([1, 4, 4, 4]), ops.ones([4, 2, 1, 1]), ops.ones([2]), {
        groups: 2,
      }),
    ).toThrow('convTranspose2d: bias [2], expected [4]');
  });
});

import { describe, expect, it } from 'vitest';
import { ArgumentError, ShapeError } from '../../src/errors.js';
import * as nn from '../../src/nn/index.js';
import * as ops from '../../src/ops/index.js';
import { inLayout } from '../../src/tensor/tensor.js';
import { expectClose, expectSame } from '../support/close.js';

describe('interpolate', () => {
  const x = ops.tensor([1, 2, 3, 4], { shape: [1, 1, 2, 2] });

  it('repeats pixels, or mixes them', () => {
    expectSame(ops.interpolate(x, { scaleFactor: [1, 2] }), [1, 1, 2, 2, 3, 3, 4, 4]);
    const row = { size: [1, 4], mode: 'bilinear' } as const;
    expectClose(ops.interpolate(x, row), [2, 2.25, 2.75, 3]);
    const corners = { size: [2, 3], mode: 'bilinear', alignCorners: true } as const;
    expectClose(ops.interpolate(x, corners), [1, 1.5, 2, 3, 3.5, 4]);
  });

  it('takes the nearest as PyTorch and OpenCV do, or as Pillow does', () => {
    const line = ops.tensor([0, 1, 2, 3, 4, 5, 6], { shape: [1, 1, 7] });
    expectSame(ops.interpolate(line, { size: 3 }), [0, 2, 4]);
    expectSame(ops.interpolate(line, { size: 3, mode: 'nearest-exact' }), [1, 3, 5]);
  });

  it('goes through what it interpolates, in four pieces of a cubic', () => {
    const squares = ops.tensor([0, 1, 4, 9, 16, 25], { shape: [1, 1, 1, 6] });
    const options = { size: [1, 11], mode: 'bicubic', alignCorners: true } as const;
    const values = Array.from(ops.interpolate(squares, options).dataSync());
    expectClose(
      values.filter((_, i) => i % 2 === 0),
      [0, 1, 4, 9, 16, 25],
    );
    // Halfway between 4 and 9, of 1, 4, 9, 16 with weights −3/32, 19/32.
    expect(values[5]).toBeCloseTo((19 * (4 + 9) - 3 * (1 + 16)) / 32, 5);
  });

  it('keeps images channels-last', () => {
    const image = inLayout(ops.randn([2, 3, 4, 5]), 'channelsLast');
    expect(ops.interpolate(image, { scaleFactor: 2 }).layout).toBe('channelsLast');
  });

  it('refuses what does not fit', () => {
    const run = (options: ops.InterpolateOptions) => () => ops.interpolate(x, options);
    expect(run({})).toThrow(/give either size or scaleFactor/);
    expect(run({ size: 2, scaleFactor: 2 })).toThrow(ArgumentError);
    expect(run({ size: 0 })).toThrow(ArgumentError);
    expect(run({ scaleFactor: -1 })).toThrow(/scaleFactor is -1/);
    expect(run({ scaleFactor: 0.1 })).toThrow(/leaves nothing of input/);
    expect(run({ scaleFactor: 2, alignCorners: true })).toThrow(/alignCorners/);
    expect(run({ scaleFactor: 2 ** 30 })).toThrow(ShapeError);
    expect(run({ scaleFactor: 2, mode: 'area', alignCorners: true })).toThrow(/alignCorners/);
    expect(run({ scaleFactor: [2, 2, 2] })).toThrow(ArgumentError);
    expect(run({ size: [2, 2, 2] })).toThrow(ArgumentError);
    expect(run({ size: [2] })).toThrow(
      "interpolate: input [1, 1, 2, 2], expected [N, C, L] for mode 'nearest' and size [2]",
    );
    expect(run({ scaleFactor: 2, mode: 'linear' })).toThrow(
      "interpolate: input [1, 1, 2, 2], expected [N, C, L] for mode 'linear' and scaleFactor 2",
    );
    for (const mode of ['bilinear', 'bicubic'] as const) {
      expect(() => ops.interpolate(ops.ones([2, 3, 4]), { size: 2, mode })).toThrow(
        `interpolate: input [2, 3, 4], expected [N, C, H, W] for mode '${mode}' and size 2`,
      );
    }
    expect(() => ops.interpolate(ops.ones([3, 4]), { size: 2 })).toThrow(
      'interpolate: input [3, 4], expected [N, C, L] or [N, C, H, W]',
    );
    expect(() => ops.interpolate(ops.ones([2, 3, 0, 4]), { size: 2 })).toThrow(ShapeError);
    expect(() => new nn.Upsample({})).toThrow(/Upsample: give either size or scaleFactor/);
  });
});

describe('padding of images', () => {
  it('mirrors without doubling the edge', () => {
    const x = ops.tensor([1, 2, 3], { shape: [1, 1, 1, 3] });
    expectSame(
      ops.reflectionPad2d(x, [
        [0, 0],
        [2, 1],
      ]),
      [3, 2, 1, 2, 3, 2],
    );
  });

  it('refuses what does not fit', () => {
    const x = ops.ones([1, 1, 2, 3]);
    expect(() =>
      ops.reflectionPad2d(x, [
        [0, 0],
        [3, 0],
      ]),
    ).toThrow(/is not smaller than the 2 rows/);
    expect(() => ops.reflectionPad2d(x, -1)).toThrow(ArgumentError);
    expect(() => ops.reflectionPad2d(ops.ones([2, 3]), 1)).toThrow(ShapeError);
    expect(() => new nn.ReflectionPad2d(0.5)).toThrow(/ReflectionPad2d: padding is 0.5/);
    expect(() => new nn.ZeroPad2d(0.5)).toThrow(/ZeroPad2d: padding is 0.5/);
    expect(() => new nn.ZeroPad2d(1).forward(ops.ones([2, 3]))).toThrow(ShapeError);
    expect(() => ops.reflectionPad2d(x, [[1, 0.5], 1])).toThrow(/padding is \[\[1, 0.5\], 1\]/);
    expect(() => ops.reflectionPad2d(x, [1] as never)).toThrow(ArgumentError);
  });

  it('takes one width, one an axis, or both ends of an axis', () => {
    const x = ops.randn([1, 2, 4, 5]);
    const rows = ops.pad(x, [
      [1, 1],
      [0, 0],
    ]);
    expectSame(ops.pad(x, [1, 0]), rows);
    expectSame(new nn.ZeroPad2d([1, [0, 0]]).forward(x), rows);
    expect(ops.pad(x, 1).shape).toEqual([3, 4, 6, 7]);
    expect(ops.reflectionPad2d(x, [1, [0, 2]]).shape).toEqual([1, 2, 6, 7]);
    expectSame(ops.pad(ops.tensor([1]), 1, { value: 7 }), [7, 1, 7]);
  });

  it('refuses a flat list of four widths, which others read as left, right, top and bottom', () => {
    const x = ops.ones([1, 1, 4, 4]);
    const flat = [1, 2, 0, 1] as never;
    const expected = 'padding is [1, 2, 0, 1], expected an integer';
    for (const run of [
      () => ops.pad(x, flat),
      () => ops.reflectionPad2d(x, flat),
      () => new nn.ZeroPad2d(flat),
      () => new nn.ReflectionPad2d(flat),
    ]) {
      expect(run).toThrow(expected);
      expect(run).toThrow(ArgumentError);
    }
    expect(() => new nn.ZeroPad2d(flat)).toThrow(
      'both ends of each: [[top, bottom], [left, right]]',
    );
  });
});

it('layers say what they are', () => {
  expect(`${new nn.Upsample({ scaleFactor: 2, mode: 'bilinear', alignCorners: true })}`).toBe(
    'Upsample(scaleFactor=2, mode=bilinear, alignCorners=true)',
  );
  expect(`${new nn.Upsample({ size: 9, mode: 'nearest-exact' })}`).toBe(
    'Upsample(size=9, mode=nearest-exact)',
  );
  expect(`${new nn.Upsample({ size: [4, 5] })}`).toBe('Upsample(size=[4,5], mode=nearest)');
  expect(`${new nn.ZeroPad2d(1)}`).toBe('ZeroPad2d([[1, 1], [1, 1]])');
  expect(
    `${new nn.ReflectionPad2d([
      [3, 4],
      [1, 2],
    ])}`,
  ).toBe('ReflectionPad2d([[3, 4], [1, 2]])');
});

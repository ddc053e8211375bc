import fc from 'fast-check';
import { expect, it } from 'vitest';
import * as ops from '../../src/ops/index.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { floats, forAll, layouts, mirror, seeds } from '../support/mirror.js';

const size = (min: number, max: number) => fc.integer({ min, max });

const MODES: readonly ops.InterpolateOptions[] = [
  {},
  { mode: 'bilinear' },
  { mode: 'bilinear', alignCorners: true },
  { mode: 'nearest-exact' },
  { mode: 'bicubic' },
  { mode: 'bicubic', alignCorners: true },
];

it.each(MODES)('interpolate %o', (mode) => {
  const channels = fc.oneof(size(1, 9), fc.constantFrom(16, 40));
  const sides = fc.oneof(
    { weight: 5, arbitrary: size(1, 9) },
    { weight: 1, arbitrary: size(40, 60) },
  );
  const target = fc.oneof(
    fc.record({ size: fc.tuple(sides, sides) }),
    fc.record({ scaleFactor: fc.constantFrom(1, 1.5, 2, 3) }),
  );
  forAll(
    [size(0, 3), channels, sides, sides, target, layouts, seeds],
    (n, count, height, width, to, layout, seed) => {
      const image = floats([n, count, height, width], { layout });
      mirror(seed, [image], (x) => ops.interpolate(x as Tensor, { ...mode, ...to }), {
        rtol: 1e-4,
        atol: 1e-5,
      });
    },
    60,
  );
});

it.each<ops.InterpolateOptions>([
  {},
  { mode: 'nearest-exact' },
  { mode: 'linear' },
  { mode: 'linear', alignCorners: true },
])('interpolate sequences %o', (mode) => {
  const target = fc.oneof(
    fc.record({ size: size(1, 60) }),
    fc.record({ scaleFactor: fc.constantFrom(0.7, 1, 1.5, 3) }),
  );
  forAll([size(0, 3), size(1, 40), size(2, 60), target, seeds], (n, count, length, to, seed) => {
    mirror(seed, [floats([n, count, length])], (x) => ops.interpolate(x, { ...mode, ...to }), {
      rtol: 1e-4,
      atol: 1e-5,
    });
  });
});

it('interpolate so much that threads share it', () => {
  for (const mode of ['nearest', 'bilinear', 'bicubic'] as const) {
    for (const to of [150, 31]) {
      mirror(3, [floats([2, 5, 70, 65])], (x) => ops.interpolate(x, { mode, size: [to, to + 9] }), {
        rtol: 1e-4,
        atol: 1e-4,
      });
    }
  }
});

it('reflectionPad2d', () => {
  const width = size(0, 3);
  forAll(
    [size(0, 3), size(1, 5), fc.tuple(width, width), fc.tuple(width, width), layouts, seeds],
    (n, c, rows, columns, layout, seed) => {
      mirror(seed, [floats([n, c, 4, 5], { layout })], (x) => {
        const y = ops.reflectionPad2d(x as Tensor, [rows, columns]);
        expect(y.shape).toEqual([n, c, 4 + rows[0] + rows[1], 5 + columns[0] + columns[1]]);
        return y;
      });
    },
  );
});

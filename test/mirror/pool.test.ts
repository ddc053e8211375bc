import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as ops from '../../src/ops/index.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { floats, forAll, integers, layouts, mirror, seeds } from '../support/mirror.js';

const int = (min: number, max: number) => fc.integer({ min, max });
const pair = (arbitrary: fc.Arbitrary<number>) => fc.tuple(arbitrary, arbitrary);

describe('pooling', () => {
  const pooling = fc.record({
    shape: fc.tuple(int(0, 3), int(1, 40), int(7, 17), int(7, 17)),
    kernel: pair(int(1, 4)),
    stride: pair(int(1, 3)),
    padding: pair(int(0, 2)),
    dilation: pair(int(1, 2)),
    ceilMode: fc.boolean(),
    countIncludePad: fc.boolean(),
    layout: layouts,
  });
  /** Padding is at most half of the kernel. */
  const fitting = (padding: [number, number], kernel: [number, number]): [number, number] => [
    Math.min(padding[0], Math.floor(kernel[0] / 2)),
    Math.min(padding[1], Math.floor(kernel[1] / 2)),
  ];

  it('maxPool2d', () => {
    forAll(
      [pooling, seeds],
      ({ shape, kernel, layout, stride, dilation, ceilMode, ...options }, seed) => {
        const exact = floats(shape, { layout });
        const coarse = { ...exact, draw: (u: number) => Math.round(exact.draw(u) * 3) };
        const padding = fitting(options.padding, kernel);
        for (const input of [exact, coarse]) {
          mirror(seed, [input], (x) => {
            const wanted = { stride, padding, dilation, ceilMode, returnIndices: true } as const;
            const pooled = ops.maxPool2d(x, kernel, wanted);
            return [pooled.output, pooled.indices];
          });
        }
      },
      80,
    );
  });

  it('maxUnpool2d, of what was pooled and of any places', () => {
    forAll([pooling, int(1, 3), seeds], ({ shape, kernel, stride, layout }, more, seed) => {
      const [batch, channels, height, width] = shape;
      const overlapping = { stride, returnIndices: true } as const;
      mirror(seed, [floats(shape, { layout })], (x) => {
        const { output, indices } = ops.maxPool2d(x, kernel, overlapping);
        return ops.maxUnpool2d(output, indices, kernel, { stride, outputSize: x.shape });
      });
      // Several may name one place.
      const places = integers([batch, channels, height, width], 0, height * width * more);
      mirror(seed, [floats(shape, { layout }), places], (x, indices) =>
        ops.maxUnpool2d(x, indices, [more, 1]),
      );
      const flat = [batch, channels, height * width];
      mirror(seed, [floats(flat), { ...places, shape: flat }], (x, indices) =>
        ops.maxUnpool1d(x, indices, more),
      );
    });
  });

  it('maxUnpool2d of so much that threads share it, by images, pixels or channels', () => {
    for (const shape of [
      [8, 3, 40, 40],
      [1, 3, 160, 160],
      [1, 64, 40, 40],
    ]) {
      const plane = (shape[2] ?? 0) * (shape[3] ?? 0);
      mirror(2, [floats(shape), integers(shape, 0, 4 * plane)], (x, indices) =>
        ops.maxUnpool2d(x, indices, 2),
      );
    }
  });

  it('avgPool2d', () => {
    forAll(
      [pooling, fc.constantFrom(undefined, -7, -1, 1, 2, 9), seeds],
      (pool, divisor, seed) => {
        const { shape, kernel, layout, stride, ceilMode, countIncludePad } = pool;
        const padding = fitting(pool.padding, kernel);
        const override = divisor === undefined ? {} : { divisorOverride: divisor };
        const options = { stride, padding, ceilMode, countIncludePad, ...override };
        mirror(seed, [floats(shape, { layout })], (x) => ops.avgPool2d(x, kernel, options));
      },
      80,
    );
  });

  it('adaptive pools', () => {
    forAll([pooling, pair(int(1, 9)), seeds], ({ shape, layout }, size, seed) => {
      mirror(seed, [floats(shape, { layout })], (x) => [
        ops.adaptiveAvgPool2d(x, size),
        ...Object.values(ops.adaptiveMaxPool2d(x, size, { returnIndices: true })),
      ]);
    });
  });

  it('pools of sequences', () => {
    forAll([int(0, 3), int(1, 9), int(4, 30), int(1, 4), seeds], (n, c, length, kernel, seed) => {
      for (const shape of [
        [n, c, length],
        [c, length],
      ]) {
        mirror(seed, [floats(shape)], (x) => [
          ops.maxPool1d(x, kernel, { ceilMode: true }),
          ops.avgPool1d(x, kernel, { stride: 2 }),
        ]);
      }
    });
  });
});

const MODES: readonly ops.InterpolateOptions[] = [
  {},
  { mode: 'bilinear' },
  { mode: 'bilinear', alignCorners: true },
  { mode: 'nearest-exact' },
  { mode: 'bicubic' },
  { mode: 'bicubic', alignCorners: true },
];

it.each(MODES)('interpolate %o', (mode) => {
  const channels = fc.oneof(int(1, 9), fc.constantFrom(16, 40));
  const sides = fc.oneof(
    { weight: 5, arbitrary: int(1, 9) },
    { weight: 1, arbitrary: int(40, 60) },
  );
  const target = fc.oneof(
    fc.record({ size: fc.tuple(sides, sides) }),
    fc.record({ scaleFactor: fc.constantFrom(1, 1.5, 2, 3) }),
  );
  forAll(
    [int(0, 3), channels, sides, sides, target, layouts, seeds],
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
    fc.record({ size: int(1, 60) }),
    fc.record({ scaleFactor: fc.constantFrom(0.7, 1, 1.5, 3) }),
  );
  forAll([int(0, 3), int(1, 40), int(2, 60), target, seeds], (n, count, length, to, seed) => {
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
  const width = fc.tuple(int(0, 3), int(0, 3));
  forAll(
    [int(0, 3), int(1, 5), width, width, layouts, seeds],
    (n, c, rows, columns, layout, seed) => {
      mirror(seed, [floats([n, c, 4, 5], { layout })], (x) => {
        const y = ops.reflectionPad2d(x as Tensor, [rows, columns]);
        expect(y.shape).toEqual([n, c, 4 + rows[0] + rows[1], 5 + columns[0] + columns[1]]);
        return y;
      });
    },
  );
});

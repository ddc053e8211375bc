import fc from 'fast-check';
import { describe, it } from 'vitest';
import * as ops from '../../src/ops/index.js';
import type { Shape } from '../../src/tensor/shape.js';
import { floats, forAll, integers, layouts, mirror, seeds, shapes } from '../support/mirror.js';

/** A shape, one of its axes, and how many indices there are along it. */
const indexed = fc
  .oneof(
    { weight: 5, arbitrary: shapes(1, 4, 1) },
    { weight: 1, arbitrary: fc.constantFrom([700, 33], [33, 700], [5, 90, 70], [40_000]) },
  )
  .chain((shape) =>
    fc.tuple(
      fc.constant(shape),
      fc.nat(shape.length - 1),
      fc.oneof(fc.nat(9), fc.integer({ min: 100, max: 900 })),
    ),
  );

function withAxis(shape: Shape, axis: number, size: number): number[] {
  return shape.map((s, i) => (i === axis ? size : s));
}

/** Sums of many numbers whose order differs among threads. */
const SUMS = { rtol: 1e-5, atol: 1e-4 };

describe('indexing', () => {
  it('gather and scatterAdd', () => {
    forAll([indexed, layouts, layouts, seeds], ([shape, axis, count], one, other, seed) => {
      const limit = shape[axis] ?? 1;
      const few = withAxis(shape, axis, count);
      const inputs = [
        floats(shape, { layout: one }),
        integers(few, 0, limit),
        floats(few, { layout: other }),
      ];
      mirror(
        seed,
        inputs,
        (x, index, source) => [ops.gather(x, axis, index), ops.scatterAdd(x, axis, index, source)],
        SUMS,
      );
    });
  });

  it('gather and scatterAdd with smaller indices', () => {
    forAll([shapes(1, 4, 2), fc.nat(100), seeds], (shape, at, seed) => {
      const axis = at % shape.length;
      const part = shape.map((size, i) => (i === axis ? size + 3 : size - 1));
      const inputs = [
        floats(shape),
        integers(part, 0, shape[axis] ?? 1, 'uint8'),
        floats(part.map((s) => s + 1)),
      ];
      mirror(seed, inputs, (x, index, source) => [
        ops.gather(x, axis, index),
        ops.scatterAdd(x, axis, index, source),
      ]);
    });
  });

  it('indexSelect and indexAdd', () => {
    forAll([indexed, layouts, layouts, seeds], ([shape, axis, count], one, other, seed) => {
      const limit = shape[axis] ?? 1;
      const source = floats(withAxis(shape, axis, count), { layout: other });
      const inputs = [
        floats(shape, { layout: one }),
        integers([count], 0, limit),
        source,
        integers(shape, -9, 9),
      ];
      mirror(
        seed,
        inputs,
        (x, index, s, i) => [
          ops.indexSelect(x, axis, index),
          ops.indexAdd(x, axis, index, s, { alpha: -0.5 }),
          ops.indexSelect(i, axis, index),
        ],
        SUMS,
      );
    });
  });

  it('embedding and oneHot', () => {
    const rows = fc.integer({ min: 1, max: 300 });
    forAll(
      [rows, fc.integer({ min: 1, max: 70 }), shapes(0, 3), seeds],
      (count, features, shape, seed) => {
        const inputs = [floats([count, features]), integers(shape, 0, count)];
        mirror(
          seed,
          inputs,
          (weight, index) => [
            ops.embedding(index, weight),
            ops.embedding(index, weight, { paddingIndex: -1 }),
            ops.oneHot(index, count),
            ops.oneHot(index, count, { dtype: 'uint8' }),
          ],
          SUMS,
        );
      },
    );
  });
});

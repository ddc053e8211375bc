import fc from 'fast-check';
import { describe, it } from 'vitest';
import * as ops from '../../src/ops/index.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { floats, forAll, layouts, mirror, seeds } from '../support/mirror.js';

const side = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 9 }) },
  { weight: 2, arbitrary: fc.integer({ min: 10, max: 70 }) },
  { weight: 1, arbitrary: fc.constantFrom(64, 128, 255, 257) },
);
const sides = fc.tuple(side, side, side);

/** Rounding grows with the number of products summed up. */
function tolerance(...sizes: number[]): { rtol: number; atol: number } {
  return { rtol: 1e-5, atol: 2e-6 * Math.max(1, ...sizes) ** 0.5 };
}

/** x, by way of a transposed copy if asked for. */
function maybeTransposed(x: Tensor, transposed: boolean): Tensor {
  return transposed ? ops.transpose(x) : x;
}

describe('matmul', () => {
  it('of matrices, some of them transposed', () => {
    const flags = fc.tuple(fc.boolean(), fc.boolean());
    forAll([sides, flags, seeds], ([m, k, n], [left, right], seed) => {
      const inputs = [floats(left ? [k, m] : [m, k]), floats(right ? [n, k] : [k, n])];
      const fn = (a: Tensor, b: Tensor) =>
        ops.matmul(maybeTransposed(a, left), maybeTransposed(b, right));
      mirror(seed, inputs, fn, tolerance(m, k, n));
    });
  });

  it('of stacks that broadcast', () => {
    const small = fc.integer({ min: 0, max: 12 });
    const batches = fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat(2)), { maxLength: 3 });
    forAll(
      [fc.tuple(small, small, small), batches, fc.nat(3), fc.nat(3), seeds],
      ([m, k, n], batch, dropA, dropB, seed) => {
        const a = batch.map(([size, which]) => (which === 1 ? 1 : size)).slice(dropA);
        const b = batch.map(([size, which]) => (which === 2 ? 1 : size)).slice(dropB);
        mirror(
          seed,
          [floats([...a, m, k]), floats([...b, k, n])],
          ops.matmul,
          tolerance(m, k, n, 27),
        );
      },
    );
  });

  it('of vectors', () => {
    forAll([sides, seeds], ([m, k, n], seed) => {
      const inputs = [floats([k]), floats([m, k]), floats([k, n]), floats([2, k, n]), floats([k])];
      const fn = (v: Tensor, a: Tensor, b: Tensor, c: Tensor, w: Tensor) => [
        ops.dot(v, w),
        ops.matmul(a, v),
        ops.matmul(v, b),
        ops.matmul(v, c),
        ops.matmul(ops.transpose(c), v),
      ];
      mirror(seed, inputs, fn, tolerance(m, k, n));
    });
  });

  it('of images stored either way', () => {
    forAll([layouts, layouts, seeds], (one, other, seed) => {
      const inputs = [
        floats([2, 3, 5, 4], { layout: one }),
        floats([1, 3, 4, 6], { layout: other }),
      ];
      mirror(seed, inputs, ops.matmul);
    });
  });
});

describe('linear', () => {
  it('with and without bias, of any rank', () => {
    const lead = fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 3 });
    forAll([lead, side, side, layouts, seeds], (batch, from, to, layout, seed) => {
      const inputs = [floats([...batch, from], { layout }), floats([to, from]), floats([to])];
      const fn = (x: Tensor, w: Tensor, b: Tensor) => [ops.linear(x, w, b), ops.linear(x, w)];
      mirror(seed, inputs, fn, tolerance(from, to, 216));
    });
  });
});

import fc from 'fast-check';
import { describe, it } from 'vitest';
import { sumTo } from '../../src/ops/broadcast.js';
import * as ops from '../../src/ops/index.js';
import { type Shape, sizeOf } from '../../src/tensor/shape.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import {
  floats,
  forAll,
  integers,
  largeShapes,
  layouts,
  mirror,
  seeds,
  shapes,
} from '../support/mirror.js';

type Reduction = (x: Tensor, axes: readonly number[], options: ops.ReduceOptions) => Tensor;

const REDUCTIONS: Readonly<Record<string, Reduction>> = {
  sum: ops.sum,
  mean: ops.mean,
  sumSquares: ops.sumSquares,
  variance: (x, axes, options) => ops.variance(x, axes, { ...options, correction: 0 }),
  std: (x, axes, options) => ops.std(ops.add(x, 3), axes, { ...options, correction: 0 }),
  norm: (x, axes, options) => ops.norm(x, axes, { ...options, p: 2 }),
  'norm 1': (x, axes, options) => ops.norm(x, axes, { ...options, p: 1 }),
  'norm 3': (x, axes, options) => ops.norm(x, axes, { ...options, p: 3 }),
  logSumExp: ops.logSumExp,
};

/** Reductions that need something to choose from. */
const CHOICES: Readonly<Record<string, Reduction>> = {
  max: ops.max,
  min: ops.min,
  'norm infinity': (x, axes, options) =>
    ops.norm(x, axes, { ...options, p: Number.POSITIVE_INFINITY }),
};

/** A shape and some of its axes. */
function withAxes(shape: fc.Arbitrary<number[]>): fc.Arbitrary<[number[], number[]]> {
  return shape.chain((sizes) =>
    fc.tuple(fc.constant(sizes), fc.subarray(sizes.map((_, axis) => axis))),
  );
}

const ANY = withAxes(
  fc.oneof({ weight: 4, arbitrary: shapes(0, 5) }, { weight: 1, arbitrary: largeShapes }),
);
const FILLED = withAxes(
  fc.oneof({ weight: 4, arbitrary: shapes(0, 5, 1) }, { weight: 1, arbitrary: largeShapes }),
);

/** What rounding may add up to. */
function tolerance(shape: Shape): { rtol: number; atol: number } {
  return { rtol: 1e-5, atol: 1e-6 * Math.max(4, Math.sqrt(sizeOf(shape))) };
}

describe('reductions', () => {
  it.each(Object.entries(REDUCTIONS))('%s', (_, fn) => {
    forAll([ANY, fc.boolean(), layouts, seeds], ([shape, axes], keepDims, layout, seed) => {
      mirror(seed, [floats(shape, { layout })], (x) => fn(x, axes, { keepDims }), tolerance(shape));
    });
  });

  it.each(Object.entries(CHOICES))('%s', (_, fn) => {
    forAll([FILLED, fc.boolean(), layouts, seeds], ([shape, axes], keepDims, layout, seed) => {
      const rounded = floats(shape, { layout });
      const coarse = { ...rounded, draw: (u: number) => Math.round(rounded.draw(u) * 8) / 8 };
      for (const input of [rounded, coarse]) {
        mirror(seed, [input], (x) => fn(x, axes, { keepDims }), { rtol: 1e-5, atol: 1e-6 });
      }
    });
  });

  it('prod', () => {
    forAll(
      [withAxes(shapes(0, 4)), fc.boolean(), layouts, seeds],
      ([shape, axes], keepDims, layout, seed) => {
        const signed = floats(shape, { low: 0.6, high: 1.5, layout });
        mirror(seed, [signed], (x) => ops.prod(x, axes, { keepDims }), { rtol: 1e-4, atol: 1e-6 });
      },
    );
  });

  it('of int32 and uint8', () => {
    forAll([FILLED, seeds], ([shape, axes], seed) => {
      mirror(seed, [integers(shape, -3, 4), integers(shape, 0, 256, 'uint8')], (x, u) => [
        ops.sum(x, axes),
        ops.max(x, axes),
        ops.min(x, axes),
        ops.prod(x, axes),
        ops.sum(u, axes),
        ops.max(u, axes),
      ]);
    });
  });

  it('argmax and argmin', () => {
    forAll([FILLED, fc.boolean(), layouts, seeds], ([shape, axes], keepDims, layout, seed) => {
      const [axis] = axes;
      const exact = floats(shape, { layout });
      const coarse = { ...exact, draw: (u: number) => Math.round(exact.draw(u) * 2) };
      mirror(seed, [exact, coarse, integers(shape, -3, 4)], (...inputs) =>
        inputs.flatMap((x) => [
          ops.argmax(x, axis, { keepDims }),
          ops.argmin(x, axis, { keepDims }),
        ]),
      );
    });
  });

  it('sumTo', () => {
    forAll([ANY, fc.boolean(), layouts, seeds], ([shape, axes], dropped, layout, seed) => {
      const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
      const target = dropped ? kept.slice(kept.findIndex((size) => size !== 1)) : kept;
      mirror(seed, [floats(shape, { layout })], (x) => sumTo(x, target), tolerance(shape));
    });
  });
});

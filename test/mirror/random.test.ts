import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as ops from '../../src/ops/index.js';
import { Generator } from '../../src/tensor/random.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { onBothBackends } from '../support/backends.js';
import { anyShape, floats, forAll, layouts, mirror, seeds } from '../support/mirror.js';

/** Where a stream stands: seeds of more than 32 bits, counters past 2³². */
const states = fc.record({
  seed: fc.oneof(fc.nat(), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })),
  counter: fc.oneof(
    fc.nat(99),
    fc.integer({ min: 2 ** 32 - 9, max: 2 ** 32 + 9 }),
    fc.integer({ min: 0, max: 2 ** 52 }),
  ),
});

function drawn(state: { seed: number; counter: number }, draw: (generator: Generator) => Tensor) {
  return onBothBackends(() => {
    const generator = new Generator();
    generator.setState(state);
    const made = draw(generator);
    const values = made.dataSync();
    made.dispose();
    return { values, counter: generator.counter };
  });
}

/** Float32 as integers that count in units of the last place. */
function ordered(values: ArrayLike<number>): number[] {
  const bits = new Int32Array(Float32Array.from(values).buffer);
  return Array.from(bits, (b) => (b < 0 ? -(b & 0x7fffffff) : b));
}

describe('draws', () => {
  it('uniform are equal', () => {
    forAll(
      [states, anyShape, fc.constantFrom([0, 1], [-3, 7.3], [1e-9, 2e-9], [-1e30, 1e30])],
      (state, shape, [low = 0, high = 1]) => {
        const { native, ts } = drawn(state, (generator) =>
          ops.uniform(shape, { low, high, generator }),
        );
        expect(native).toEqual(ts);
        for (const value of native.values)
          expect(value >= Math.fround(low) && value < high).toBe(true);
      },
    );
  });

  it('normal are equal to the last place', () => {
    forAll(
      [states, anyShape, fc.constantFrom([0, 1], [5, 0.01], [-3, 100])],
      (state, shape, [mean = 0, std = 1]) => {
        const { native, ts } = drawn(state, (generator) =>
          ops.normal(shape, { mean, std, generator }),
        );
        const [a, b] = [ordered(native.values), ordered(ts.values)];
        for (const [i, value] of a.entries())
          expect(Math.abs(value - (b[i] ?? 0))).toBeLessThanOrEqual(1);
        expect(native.counter).toBe(ts.counter);
      },
    );
  });

  it('integers are equal', () => {
    const ranges = fc.constantFrom(
      [0, 10],
      [-5, 6],
      [0, 1],
      [-(2 ** 31), 2 ** 31],
      [0, 2 ** 31],
      [7, 1_000_003],
    );
    forAll([states, anyShape, ranges], (state, shape, [low = 0, high = 1]) => {
      const { native, ts } = drawn(state, (generator) =>
        ops.randint(low, high, shape, { generator }),
      );
      expect(native).toEqual(ts);
      for (const value of native.values) expect(value >= low && value < high).toBe(true);
    });
  });

  it('bernoulli are equal', () => {
    forAll([states, anyShape, fc.constantFrom(0, 0.3, 1)], (state, shape, p) => {
      const { native, ts } = drawn(state, (generator) => ops.bernoulli(shape, p, { generator }));
      expect(native).toEqual(ts);
    });
  });
});

describe('dropout', () => {
  it('drops the same elements, forward and backward', () => {
    forAll(
      [states, anyShape, fc.constantFrom(0, 0.1, 0.5, 0.9), layouts, seeds],
      (state, shape, p, layout, seed) => {
        const fn = (x: Tensor) => {
          const generator = new Generator();
          generator.setState(state);
          return ops.dropout(x, p, { generator });
        };
        mirror(seed, [floats(shape, { layout })], fn, { rtol: 1e-6, atol: 0 });
      },
    );
  });

  it('drops the same channels', () => {
    forAll(
      [states, fc.tuple(fc.nat(4), fc.nat(40), fc.nat(9), fc.nat(9)), layouts, seeds],
      (state, shape, layout, seed) => {
        const fn = (x: Tensor) => {
          const generator = new Generator();
          generator.setState(state);
          return ops.dropout2d(x, 0.4, { generator });
        };
        mirror(seed, [floats(shape, { layout })], fn, { rtol: 1e-6, atol: 0 });
      },
    );
  });
});

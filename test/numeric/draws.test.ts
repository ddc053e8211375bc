import { describe, expect, it } from 'vitest';
import { Draws } from '../../src/numeric/draws.js';

describe('Draws', () => {
  it('repeats itself, and differs by seed and stream', () => {
    const take = (draws: Draws) => Array.from({ length: 300 }, () => draws.bits());
    expect(take(new Draws(7, 3))).toEqual(take(new Draws(7, 3)));
    expect(take(new Draws(7, 3))).not.toEqual(take(new Draws(7, 4)));
    expect(take(new Draws(7))).not.toEqual(take(new Draws(8)));
    expect(take(new Draws(7))).not.toEqual(take(new Draws(7 + 2 ** 32)));
  });

  it('is Philox', () => {
    // The first block for key 0 and counter 0, from the authors' known-answer tests.
    const draws = new Draws(0);
    const block = Array.from({ length: 4 }, () => draws.bits().toString(16));
    expect(block).toEqual(['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']);
  });

  it('has the distributions that it says', () => {
    const draws = new Draws(1);
    const n = 20_000;
    const mean = (next: () => number) =>
      Array.from({ length: n }, next).reduce((a, b) => a + b, 0) / n;
    expect(mean(() => draws.uniform(2, 4))).toBeCloseTo(3, 1);
    expect(mean(() => draws.integer(5))).toBeCloseTo(2, 1);
    expect(mean(() => draws.normal(1, 2))).toBeCloseTo(1, 1);
    expect(mean(() => (draws.normal(1, 2) - 1) ** 2)).toBeCloseTo(4, 0);
  });
});

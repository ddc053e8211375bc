import { describe, expect, test } from 'vitest';
import { ArgumentError } from '../../../src/errors.js';
import { Generator } from '../../../src/tensor/random.js';
import {
  choice,
  integer,
  logUniform,
  randomSearch,
  successiveHalving,
  uniform,
} from '../../../src/train/tune/index.js';
import { draw } from '../../../src/train/tune/space.js';

describe('ranges', () => {
  test('draw within their bounds, by magnitude where asked', () => {
    const generator = new Generator(1);
    const drawn = Array.from({ length: 400 }, () =>
      draw(
        { a: uniform(-1, 3), b: logUniform(1e-4, 1), c: integer(2, 4), d: choice(['x', 'y']) },
        generator,
      ),
    );
    const of = (name: 'a' | 'b') => drawn.map((each) => each[name]);
    expect(Math.min(...of('a'))).toBeGreaterThanOrEqual(-1);
    expect(Math.max(...of('a'))).toBeLessThan(3);
    expect(of('a').filter((a) => a < 1).length).toBeGreaterThan(150);
    expect(of('b').filter((b) => b < 1e-2).length).toBeGreaterThan(150);
    expect(of('b').filter((b) => b >= 1e-2).length).toBeGreaterThan(150);
    expect(new Set(drawn.map(({ c }) => c))).toEqual(new Set([2, 3, 4]));
    expect(new Set(drawn.map(({ d }) => d))).toEqual(new Set(['x', 'y']));
  });

  test.each([
    () => uniform(1, 1),
    () => logUniform(0, 1),
    () => integer(0.5, 2),
    () => choice([]),
    () => successiveHalving(0),
    () => successiveHalving(2, { eta: 1 }),
    () => randomSearch({ budget: 0 }),
  ])('refuse what is no range or strategy: %s', (make) => {
    expect(make).toThrow(ArgumentError);
  });
});

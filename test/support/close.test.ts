import { describe, expect, it } from 'vitest';
import { ones, tensor } from '../../src/ops/index.js';
import { expectClose, expectSame } from './close.js';

describe('expectClose', () => {
  it('accepts what is within the tolerance', () => {
    expectClose([1, 100], [1.0000001, 100.0009]);
    expectClose(
      [Number.NaN, Number.POSITIVE_INFINITY, -0],
      [Number.NaN, Number.POSITIVE_INFINITY, 0],
    );
  });

  it('tells the worst element', () => {
    const actual = tensor([
      [1, 2],
      [3.5, 4.1],
    ]);
    expect(() => expectClose(actual, [1, 2, 3, 4], {}, 'sum')).toThrow(
      /^sum: 2 of 4 elements are off; the worst is 3\.5 at \[1, 0\], expected 3 ± 0\.000031 /,
    );
  });

  it('tells one NaN, an infinity and other lengths and shapes', () => {
    expect(() => expectClose([Number.NaN], [0])).toThrow(/worst is NaN/);
    expect(() => expectClose([0], [Number.NaN])).toThrow(/expected NaN/);
    expect(() => expectClose([1e30], [Number.POSITIVE_INFINITY])).toThrow(/expected Infinity/);
    expect(() => expectClose([1], [1, 2])).toThrow('1 elements, expected 2');
    expect(() => expectClose(ones([2, 1]), ones([1, 2]))).toThrow('shape [2, 1], expected [1, 2]');
  });

  it('has an exact form', () => {
    expect(() => expectSame([1.0000001], [1])).toThrow(/1 of 1 elements are off/);
  });
});

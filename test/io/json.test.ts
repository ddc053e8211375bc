import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExact, stringifyExact } from '../../src/io/json.js';

describe('exact JSON', () => {
  it('keeps every number', () => {
    const numbers = [0, -0, 1 / 3, 5e-324, Number.MAX_VALUE, Number.NaN];
    const value = {
      numbers,
      ends: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
      none: null,
    };
    expect(parseExact(stringifyExact(value))).toEqual(value);
    fc.assert(
      fc.property(fc.double(), (number) => {
        expect(parseExact(stringifyExact([number]))).toEqual([number]);
      }),
    );
  });

  it('makes nothing of a text that is none', () => {
    expect(() => parseExact('{"a":')).toThrow(SyntaxError);
    expect(parseExact('{"__proto__":{"polluted":1}}')).not.toHaveProperty('polluted');
  });
});

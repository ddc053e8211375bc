import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/errors.js';
import {
  bytesField,
  doubleField,
  doublesField,
  floatField,
  integerField,
  stringField,
} from '../../src/io/protobuf.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('protobuf fields', () => {
  it('equal the examples of the encoding guide', () => {
    expect(hex(integerField(1, 150))).toBe('089601');
    expect(hex(stringField(2, 'testing'))).toBe('120774657374696e67');
    expect(hex(bytesField(3, integerField(1, 150)))).toBe('1a03089601');
  });

  it('hold numbers in little-endian order', () => {
    expect(hex(floatField(2, 1))).toBe('150000803f');
    expect(hex(doubleField(1, -2))).toBe('0900000000000000c0');
    expect(hex(doublesField(6, [1, 0]))).toBe('3210000000000000f03f0000000000000000');
  });

  it('hold large integers and field numbers, and refuse others', () => {
    expect(hex(integerField(16, 0))).toBe('800100');
    expect(hex(integerField(1, 2 ** 53 - 1))).toBe('08ffffffffffffff0f');
    for (const value of [-1, 0.5, 2 ** 53, Number.NaN]) {
      expect(() => integerField(1, value)).toThrow(ArgumentError);
    }
  });
});

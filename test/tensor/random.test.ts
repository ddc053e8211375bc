import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/errors.js';
import {
  defaultGenerator,
  Generator,
  getRandomState,
  manualSeed,
  permutation,
  type RandomState,
  randomUint32,
  setRandomState,
} from '../../src/tensor/random.js';

let before: RandomState;
beforeEach(() => {
  before = getRandomState();
});
afterEach(() => setRandomState(before));

describe('Generator', () => {
  it('counts blocks of four words', () => {
    const generator = new Generator(7);
    expect(generator.reserve(5)).toEqual([7, 0, 0]);
    expect(generator.reserve(0)).toEqual([7, 0, 2]);
    expect(generator.advance(3)).toBe(2);
    expect(generator.state()).toEqual({ seed: 7, counter: 5 });
  });

  it('splits large seeds into two words', () => {
    expect(new Generator(2 ** 53 - 1).reserve(1)).toEqual([0xffffffff, 0x1fffff, 0]);
  });

  it('goes on where a state was taken', () => {
    const generator = new Generator(3);
    randomUint32(generator);
    const state = generator.state();
    const next = randomUint32(generator);
    const other = new Generator(99);
    other.setState(state);
    expect(randomUint32(other)).toBe(next);
  });

  it('differs from one unseeded generator to the next', () => {
    expect(new Generator().seed).not.toBe(new Generator().seed);
  });

  it.each([-1, 0.5, 2 ** 53, Number.NaN])('refuses %s as seed and as counter', (value) => {
    expect(() => new Generator(value)).toThrow(ArgumentError);
    expect(() => manualSeed(value)).toThrow(/seed is .*, expected an integer from 0 to 2\^53 − 1/);
    const generator = new Generator(4);
    expect(() => generator.setState({ seed: 5, counter: value })).toThrow(ArgumentError);
    expect(generator.seed).toBe(4);
  });
});

describe('host draws', () => {
  // The known answers of the Random123 distribution: philox4x32 with 10 rounds, all zeros.
  it('are those of Philox-4x32-10', () => {
    expect(randomUint32(new Generator(0))).toBe(0x6627e8d5);
  });

  it('are reproducible by manualSeed', () => {
    manualSeed(7);
    const first = [randomUint32(), randomUint32()];
    manualSeed(7);
    expect([randomUint32(), randomUint32()]).toEqual(first);
    expect(first[0]).not.toBe(first[1]);
    expect(defaultGenerator.counter).toBe(2);
  });
});

describe('permutation', () => {
  it('names every integer once', () => {
    const order = permutation(1000, new Generator(1));
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(order.slice(0, 4)).not.toEqual(Int32Array.of(0, 1, 2, 3));
  });

  it('is reproducible, and another one each time', () => {
    const generator = new Generator(5);
    const first = permutation(20, generator);
    expect(permutation(20, generator)).not.toEqual(first);
    expect(permutation(20, new Generator(5))).toEqual(first);
  });

  it('is even: every item comes to every place', () => {
    const generator = new Generator(11);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const key = permutation(3, generator).join();
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it('takes 0 and 1, and refuses what is no size', () => {
    expect(permutation(0)).toEqual(new Int32Array(0));
    expect(permutation(1)).toEqual(Int32Array.of(0));
    expect(() => permutation(-1)).toThrow(ArgumentError);
    expect(() => permutation(1.5)).toThrow(/permutation: n is 1.5/);
  });
});

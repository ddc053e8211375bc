import { describe, expect, it, test } from 'vitest';
import { ArgumentError } from '../../src/errors.js';
import { Sampler, type SamplingOptions } from '../../src/models/sampling.js';
import { manualSeed } from '../../src/tensor/random.js';

const LOGITS = [Math.log(1), Math.log(4), Math.log(3), Math.log(2)];

/** How often each class was drawn, of many. */
function shares(options: SamplingOptions, logits: number[] = LOGITS): number[] {
  const sampler = new Sampler({ seed: 3, ...options });
  const counts = logits.map(() => 0);
  const draws = 20_000;
  for (let i = 0; i < draws; i++) {
    const at = sampler.next(logits);
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts.map((count) => count / draws);
}

function expectShares(actual: number[], expected: number[]): void {
  for (const [i, share] of expected.entries()) {
    // Four standard deviations.
    const margin = 4 * Math.sqrt((share * (1 - share)) / 20_000);
    expect(Math.abs((actual[i] ?? Number.NaN) - share), `class ${i}`).toBeLessThanOrEqual(margin);
  }
}

describe('Sampler', () => {
  it('draws each class as often as softmax says', () => {
    expectShares(shares({}), [0.1, 0.4, 0.3, 0.2]);
    expectShares(shares({}, [Number.NEGATIVE_INFINITY, 500, 500]), [0, 0.5, 0.5]);
  });

  it('sharpens or flattens by temperature', () => {
    expectShares(
      shares({ temperature: 0.5 }),
      [1, 16, 9, 4].map((weight) => weight / 30),
    );
    const roots = [1, 2, Math.sqrt(3), Math.sqrt(2)];
    const sum = roots.reduce((a, b) => a + b);
    expectShares(
      shares({ temperature: 2 }),
      roots.map((weight) => weight / sum),
    );
  });

  it('chooses among the k likeliest, of equal ones the first', () => {
    expectShares(shares({ topK: 2 }), [0, 4 / 7, 3 / 7, 0]);
    expectShares(shares({ topK: 9 }), [0.1, 0.4, 0.3, 0.2]);
    expectShares(shares({ topK: 2 }, [0, 0, 0]), [0.5, 0.5, 0]);
    expectShares(shares({ topK: 1 }), [0, 1, 0, 0]);
  });

  it('takes the first of the likeliest when greedy', () => {
    expect(new Sampler({ greedy: true }).next([1, 3, 3, 2])).toBe(1);
  });

  it('draws the same for a seed, another one for another, and by default for manualSeed', () => {
    const draw = (options: SamplingOptions): number[] => {
      const sampler = new Sampler(options);
      return Array.from({ length: 50 }, () => sampler.next(LOGITS));
    };
    expect(draw({ seed: 5 })).toEqual(draw({ seed: 5 }));
    expect(draw({ seed: 5 })).not.toEqual(draw({ seed: 6 }));
    manualSeed(1);
    const first = draw({});
    manualSeed(1);
    expect(draw({})).toEqual(first);
  });

  test.each([
    [{ temperature: 0 }, /temperature is 0, expected a number > 0 \(greedy: true/],
    [{ temperature: Number.NaN }, /temperature is NaN/],
    [{ topK: 0 }, /topK is 0, expected an integer ≥ 1/],
    [{ seed: -1 }, /seed is -1/],
  ])('refuses %o', (options, message) => {
    expect(() => new Sampler(options)).toThrow(ArgumentError);
    expect(() => new Sampler(options)).toThrow(message);
  });

  test.each([
    [[0, Number.NaN], /logit 1 is NaN: the model has diverged/],
    [[Number.POSITIVE_INFINITY], /logit 0 is Infinity/],
    [[], /there is no logit/],
    [[Number.NEGATIVE_INFINITY], /no logit above −∞/],
  ])('refuses logits %o', (logits, message) => {
    for (const greedy of [true, false]) {
      expect(() => new Sampler({ greedy }).next(logits)).toThrow(message);
    }
  });
});

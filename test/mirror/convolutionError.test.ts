import { describe, expect, it } from 'vitest';
import {
  type Convolution,
  convolutionErrors,
  type Errors,
  PASSES,
} from '../support/convolutionError.js';

// The rounding errors of every algorithm against float64, as shares of the largest exact value. The table in
// docs/convolution.md has more shapes.

/** What each algorithm may be wrong by; several times what is measured. */
const BOUNDS: Readonly<Record<string, Readonly<Record<(typeof PASSES)[number], number>>>> = {
  winograd4: { forward: 5e-6, inputGrad: 5e-6, weightGrad: 5e-6 },
  winograd2: { forward: 2e-6, inputGrad: 2e-6, weightGrad: 2e-6 },
  direct: { forward: 2e-6, inputGrad: 2e-6, weightGrad: 2e-6 },
  scatter: { forward: 0, inputGrad: 2e-6, weightGrad: 0 },
  depthwise: { forward: 1e-6, inputGrad: 1e-6, weightGrad: 2e-6 },
  im2col: { forward: 2e-6, inputGrad: 2e-6, weightGrad: 2e-6 },
};

const CASES: readonly Convolution[] = [
  {
    name: 'a residual block',
    input: [4, 64, 28, 28],
    weight: [64, 64, 3, 3],
    options: { padding: 1 },
  },
  {
    name: 'many channels',
    input: [2, 256, 7, 7],
    weight: [256, 256, 3, 3],
    options: { padding: 1 },
  },
  {
    name: 'a long sum over pixels',
    input: [16, 16, 32, 32],
    weight: [16, 16, 3, 3],
    options: { padding: 1 },
  },
  {
    name: 'outputs of 2x2',
    input: [16, 128, 2, 2],
    weight: [128, 128, 3, 3],
    options: { padding: 1 },
  },
  { name: 'a stem', input: [8, 3, 32, 32], weight: [64, 3, 3, 3], options: { padding: 1 } },
  {
    name: 'a strided convolution',
    input: [2, 32, 28, 28],
    weight: [64, 32, 3, 3],
    options: { padding: 1, stride: 2 },
  },
  { name: 'a bottleneck', input: [4, 256, 14, 14], weight: [64, 256, 1, 1], options: {} },
  {
    name: 'groups',
    input: [4, 64, 14, 14],
    weight: [64, 16, 3, 3],
    options: { padding: 1, groups: 4 },
  },
  {
    name: 'each channel alone',
    input: [4, 64, 28, 28],
    weight: [64, 1, 3, 3],
    options: { padding: 1, groups: 64 },
  },
];

/**
 * Without the fast algorithms rounding is of the order of im2col's, but sums are longer: im2col adds the taps of an input
 * gradient one by one, `direct` sums over taps and channels in one go.
 */
const MOST_BESIDE_IM2COL = 8;

const seen = new Set<string>();

function check(errors: Errors): void {
  for (const pass of PASSES) {
    const { algorithm, error } = errors[pass];
    seen.add(algorithm);
    expect(error, `${pass} by ${algorithm}`).toBeLessThan(BOUNDS[algorithm]?.[pass] ?? 0);
  }
}

describe('the rounding errors of convolutions are small', () => {
  it.each(CASES)('for $name', (convolution) => {
    const { fast, exact, im2col, typescript } = convolutionErrors(convolution);
    for (const errors of [fast, exact, im2col, typescript]) check(errors);
    for (const pass of PASSES) {
      expect(exact[pass].error, `${pass} beside im2col in float32`).toBeLessThan(
        MOST_BESIDE_IM2COL * im2col[pass].error,
      );
    }
  });

  it('for every algorithm', () => {
    expect([...seen].sort()).toEqual(Object.keys(BOUNDS).sort());
  });
});

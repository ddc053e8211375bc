import { describe, expect, test } from 'vitest';
import { LearningRateSweep } from '../../../src/train/index.js';

describe('LearningRateSweep', () => {
  const lrs = Array.from({ length: 61 }, (_, i) => 10 ** (-6 + i / 10));
  // Falls fastest at 1e-3, is least at 1e-1.5, and rises from there.
  const losses = lrs.map((lr) => {
    const x = Math.log10(lr);
    return 1 - Math.tanh(2 * (x + 3)) / 2 + (x > -1.5 ? (x + 1.5) ** 2 : 0);
  });

  test('suggests the steepest place before the least loss', () => {
    const sweep = new LearningRateSweep(lrs, losses, 0, 'done');
    expect(Math.log10(sweep.suggestion ?? 1)).toBeCloseTo(-3, 1);
  });

  test('suggests nothing where the loss only rises', () => {
    const rising = new LearningRateSweep(
      lrs,
      lrs.map((_, i) => i),
      0,
      'done',
    );
    expect(rising.suggestion).toBeNull();
    expect(rising.toSvg()).not.toContain('suggestion');
  });

  test('corrects smoothed losses for their start', () => {
    const flat = new LearningRateSweep(
      lrs,
      lrs.map(() => 3),
      0.9,
      'done',
    );
    for (const loss of flat.smoothed) expect(loss).toBeCloseTo(3, 10);
  });

  test('draws the curve and the suggestion', () => {
    const svg = new LearningRateSweep(lrs, losses, 0, 'done').toSvg({ title: 'Sweep & co' });
    expect(svg).toContain('Sweep &amp; co');
    expect(svg).toContain('suggestion 0.0010');
  });
});

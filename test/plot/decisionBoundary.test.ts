import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/errors.js';
import { decisionBoundary } from '../../src/plot/decisionBoundary.js';

const points = [
  [0, 0],
  [1, 1],
] as const;
const xAboveHalf = (places: Float32Array, count: number) =>
  Array.from({ length: count }, (_, i) => places[2 * i] ?? 0);

describe('decisionBoundary', () => {
  const options = { points, labels: [0, 1], predict: xAboveHalf, title: 'a < b & "c"' };

  it('shows the samples, the classes and the line between', () => {
    const svg = decisionBoundary({ ...options, xRange: [0, 1], yRange: [-1, 1], resolution: 4 });
    expect(svg).toContain('a &lt; b &amp; &quot;c&quot;');
    expect(svg.match(/<circle/g)).toHaveLength(1);
    expect(svg).toMatch(/width="8" height="8" fill="rgb\(0,114,178\)"/);
    // x = ½ is the middle of the plot: 52 + 400 / 2.
    const path = svg.match(/<path d="([^"]*)"/)?.[1] ?? '';
    expect(path.match(/M/g)?.length).toBe(4);
    for (const place of path.match(/[ML][\d.]+/g) ?? []) expect(place.slice(1)).toBe('252');
    for (const label of ['>0<', '>0.5<', '>1<', '>-1<']) expect(svg).toContain(label);
  });

  it('is well-formed, whatever the predictions', () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, -3, 0.5];
    const svg = decisionBoundary({
      ...options,
      predict: (_places, count) => Array.from({ length: count }, (_, i) => values[i % 4] ?? 0),
    });
    expect(svg.match(/rgb\([^)]*NaN/)).toBeNull();
    expect(svg.match(/<g/g)?.length).toBe(svg.match(/<\/g>/g)?.length);
  });

  it('refuses what does not fit together', () => {
    expect(() => decisionBoundary({ ...options, labels: [1] })).toThrow(ArgumentError);
    expect(() => decisionBoundary({ ...options, points: [], labels: [] })).toThrow(ArgumentError);
    expect(() => decisionBoundary({ ...options, predict: () => [1] })).toThrow(
      /predict gave 1 values/,
    );
    expect(() => decisionBoundary({ ...options, xRange: [1, 1] })).toThrow(
      /expected \[low, high\]/,
    );
    expect(() => decisionBoundary({ ...options, resolution: 0 })).toThrow(/resolution is 0/);
  });
});

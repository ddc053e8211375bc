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
  const labels = [0, 1];

  it('shows the samples, the classes and the line between', () => {
    const svg = decisionBoundary(points, labels, xAboveHalf, {
      title: 'a < b & "c"',
      x: { range: [0, 1] },
      y: { range: [-1, 1] },
      resolution: 4,
    });
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
    const predict = (_places: Float32Array, count: number) =>
      Array.from({ length: count }, (_, i) => values[i % 4] ?? 0);
    const svg = decisionBoundary(points, labels, predict);
    expect(svg.match(/rgb\([^)]*NaN/)).toBeNull();
    expect(svg.match(/<g/g)?.length).toBe(svg.match(/<\/g>/g)?.length);
  });

  it('refuses what does not fit together', () => {
    expect(() => decisionBoundary(points, [1], xAboveHalf)).toThrow(ArgumentError);
    expect(() => decisionBoundary([], [], xAboveHalf)).toThrow(ArgumentError);
    expect(() => decisionBoundary(points, labels, () => [1])).toThrow(/predict gave 1 values/);
    expect(() => decisionBoundary(points, labels, xAboveHalf, { x: { range: [1, 1] } })).toThrow(
      /expected \[low, high\]/,
    );
    expect(() => decisionBoundary(points, labels, xAboveHalf, { resolution: 0 })).toThrow(
      /resolution is 0/,
    );
  });
});

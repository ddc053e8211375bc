import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/errors.js';
import { lineChart, scatterChart } from '../../src/plot/lines.js';
import { textWidth } from '../../src/plot/text.js';
import { expectWellFormed, textBoxes } from './wellFormed.js';

const pathsOf = (svg: string, color: string) =>
  Array.from(svg.matchAll(/<path d="([^"]*)"[^>]*stroke="([^"]*)"/g)).flatMap(([, d, stroke]) =>
    stroke === color ? [d ?? ''] : [],
  );
const placesOf = (path: string) =>
  Array.from(path.matchAll(/[ML]([-\d.]+) ([-\d.]+)/g), ([, x, y]) => [Number(x), Number(y)]);

describe('lineChart', () => {
  it('draws a curve with a legend, axes and their labels', () => {
    const series = [
      { name: 'training', x: [1, 2, 3], y: [4, 2, 0], color: 'red' },
      { name: 'validation', x: [1, 2, 3], y: [4, 3, 3] },
    ];
    const svg = lineChart(series, {
      title: 'Loss',
      x: { label: 'epoch' },
      y: { label: 'nats', range: [0, 4] },
    });
    expectWellFormed(svg);
    for (const text of ['>Loss<', '>epoch<', '>nats<', '>training<', '>validation<', '>2<']) {
      expect(svg).toContain(text);
    }
    const places = placesOf(pathsOf(svg, 'red').at(-1) ?? '');
    expect(places).toHaveLength(3);
    const [first = [], middle = [], last = []] = places;
    // Equal steps on both axes: the three lie on a line.
    expect((middle[0] ?? 0) * 2).toBeCloseTo((first[0] ?? 0) + (last[0] ?? 0), 1);
    expect((middle[1] ?? 0) * 2).toBeCloseTo((first[1] ?? 0) + (last[1] ?? 0), 1);
  });

  it('counts x from 0, and gives whole numbers whole ticks', () => {
    const svg = lineChart([{ y: [0.5, 0.25, 0.125] }]);
    const below = textBoxes(svg, textWidth).filter((box) => box.baseline > 385);
    expect(below.map((box) => box.text)).toEqual(['0', '1', '2']);
  });

  it('leaves a gap where a value is not finite, and shows lone values as points', () => {
    const y = [1, 2, Number.NaN, 4, Number.POSITIVE_INFINITY, 6, 7];
    const svg = lineChart([{ y, color: 'red' }]);
    expectWellFormed(svg);
    expect(pathsOf(svg, 'red').map((path) => placesOf(path).length)).toEqual([2, 2]);
    expect(svg.match(/<circle[^>]*fill="red"/g)).toHaveLength(1);
  });

  it('spreads decades evenly on a logarithmic axis, without what has no logarithm', () => {
    const series = [{ x: [0, -1, 0.001, 0.01, 0.1], y: [9, 9, 1, 2, 3], color: 'red' }];
    const svg = lineChart(series, { x: { scale: 'log' } });
    const [path = ''] = pathsOf(svg, 'red').slice(-1);
    const [a = [], b = [], c = []] = placesOf(path);
    expect((b[0] ?? 0) * 2).toBeCloseTo((a[0] ?? 0) + (c[0] ?? 0), 1);
    expect(svg).toContain('>0.001<');
    expect(placesOf(path)).toHaveLength(3);
  });

  it('says so when there is nothing to show', () => {
    for (const series of [[], [{ y: [] }], [{ name: 'lost', y: [Number.NaN] }]]) {
      const svg = lineChart(series);
      expectWellFormed(svg);
      expect(svg).toContain('no data');
    }
  });

  it('escapes the text of users', () => {
    const name = `<script>alert("1")</script>&'\u0000\uD800`;
    const svg = lineChart([{ name, y: [1], color: '"/><script>' }], {
      title: name,
      x: { label: name },
      y: { label: name },
      marks: [{ x: 0, label: name }],
    });
    expectWellFormed(svg);
    expect(svg).not.toContain('<script');
    expect(svg).toContain('\uFFFD\uFFFD');
  });

  it('marks places across the chart, and makes room for them', () => {
    const svg = lineChart([{ y: [1, 2] }], {
      marks: [
        { x: 5, label: 'best' },
        { x: 5, label: 'last' },
        { y: 30, label: 'goal' },
      ],
    });
    expectWellFormed(svg);
    const boxes = textBoxes(svg, textWidth);
    const [best, last] = ['best', 'last'].map((text) => boxes.find((box) => box.text === text));
    expect(best?.baseline).not.toBe(last?.baseline);
    expect(boxes.some((box) => box.text === 'goal')).toBe(true);
    expect(boxes.some((box) => box.text === '30')).toBe(true);
  });

  it('thins long curves but keeps their peaks', () => {
    const y = Float32Array.from({ length: 100_000 }, (_, i) => Math.sin(i / 7));
    y[50_001] = 40;
    const svg = lineChart([{ y, color: 'red' }], { y: { range: [0, 40] } });
    const places = placesOf(pathsOf(svg, 'red').at(-1) ?? '');
    expect(places.length).toBeLessThan(6000);
    const top = Math.min(...places.map(([, place]) => place ?? 0));
    expect(top).toBeCloseTo(Number(/<svg x="[^"]*" y="([^"]*)"/.exec(svg)?.[1]), 1);
  });

  it('keeps labels apart and inside, whatever the numbers', () => {
    const value = fc.oneof(
      fc.double(),
      fc.double({ min: -1e6, max: 1e6 }),
      fc.integer({ min: -5, max: 5 }),
      fc.constantFrom(Number.NaN, Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324),
    );
    const chart = fc.record({
      x: fc.array(value, { minLength: 1, maxLength: 6 }),
      y: fc.array(value, { minLength: 6, maxLength: 6 }),
      scales: fc.tuple(fc.constantFrom('linear', 'log'), fc.constantFrom('linear', 'log')),
      width: fc.integer({ min: 200, max: 900 }),
    });
    fc.assert(
      fc.property(chart, ({ x, y, scales, width }) => {
        const svg = lineChart([{ x, y: y.slice(0, x.length), draw: 'both' }], {
          x: { scale: scales[0] },
          y: { scale: scales[1] },
          width,
        });
        expectWellFormed(svg);
        const boxes = textBoxes(svg, textWidth);
        for (const [i, a] of boxes.entries()) {
          expect(a.left, a.text).toBeGreaterThanOrEqual(0);
          expect(a.right, a.text).toBeLessThanOrEqual(width + 1);
          for (const b of boxes.slice(i + 1)) {
            const apart =
              a.right <= b.left || b.right <= a.left || Math.abs(a.baseline - b.baseline) >= 12;
            expect(apart, `"${a.text}" and "${b.text}" overlap`).toBe(true);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('refuses what does not fit together', () => {
    expect(() => lineChart([{ name: 'a', x: [1], y: [1, 2] }])).toThrow(
      /series a has 1 values of x and 2 of y/,
    );
    expect(() => lineChart([], { width: 3 })).toThrow(ArgumentError);
    expect(() => lineChart([], { x: { range: [1, 1] } })).toThrow(/x\.range is \[1, 1\]/);
    expect(() => lineChart([], { y: { scale: 'log', range: [0, 1] } })).toThrow(/above 0/);
  });
});

describe('scatterChart', () => {
  it('draws a point with a tooltip for each pair', () => {
    const svg = scatterChart([{ name: 'trial', x: [1, 2, 4], y: [3, 4, 5] }]);
    expectWellFormed(svg);
    expect(svg.match(/<title>trial: /g)).toHaveLength(3);
    expect(svg).toContain('<title>trial: 4, 5</title>');
    expect(svg).not.toMatch(/<path[^>]*stroke="#0072B2"/);
  });
});

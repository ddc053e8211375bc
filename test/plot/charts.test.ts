import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/errors.js';
import { barChart, histogram } from '../../src/plot/bars.js';
import { shadeOf } from '../../src/plot/colors.js';
import { confusionMatrix, heatMap } from '../../src/plot/heatMap.js';
import { lineChart } from '../../src/plot/lines.js';
import { panels } from '../../src/plot/panels.js';
import { Scale } from '../../src/plot/scale.js';
import { fitText, textWidth, wrapText } from '../../src/plot/text.js';
import { expectWellFormed, textBoxes } from './wellFormed.js';

interface Rect {
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly fill: string;
}

/** Rectangles that carry a tooltip: bars and cells. */
function rectsOf(svg: string): (Rect & { title: string })[] {
  return Array.from(svg.matchAll(/<rect ([^>]*)><title>([^<]*)</g), ([, text = '', title = '']) => {
    const attribute = (name: string) =>
      new RegExp(`(?:^| )${name}="([^"]*)"`).exec(text)?.[1] ?? '';
    return {
      y: Number(attribute('y')),
      width: Number(attribute('width')),
      height: Number(attribute('height')),
      fill: attribute('fill'),
      title,
    };
  });
}

describe('barChart', () => {
  it('draws bars from zero, up and down, in proportion', () => {
    const svg = barChart(['a', 'b', 'c'], [{ values: [2, -4, Number.NaN] }]);
    expectWellFormed(svg);
    const [up, down, ...others] = rectsOf(svg);
    expect(others).toEqual([]);
    expect((up?.y ?? 0) + (up?.height ?? 0)).toBeCloseTo(down?.y ?? 0, 1);
    expect((up?.height ?? 0) * 2).toBeCloseTo(down?.height ?? 0, 1);
    expect(down?.title).toBe('b, -4');
  });

  it('slants long names, and leaves some out where there are many', () => {
    const names = ['a category of many words', 'another one that is long', 'x'];
    const long = barChart(names, [{ values: [1, 2, 3] }], { width: 240 });
    expect(long.match(/rotate\(-45\)/g)).toHaveLength(3);
    const numbers = Array.from({ length: 200 }, (_, i) => String(i));
    const many = barChart(numbers, [{ values: new Float32Array(200) }]);
    const below = textBoxes(many, textWidth).filter((box) => box.baseline > 380);
    expect(below.length).toBeGreaterThan(5);
    for (const [i, box] of below.entries()) {
      expect(box.right).toBeLessThanOrEqual(below[i + 1]?.left ?? 640);
    }
  });

  it('refuses a series of another length', () => {
    expect(() => barChart(['a'], [{ name: 's', values: [1, 2] }])).toThrow(
      /series s has 2 values for 1 categories/,
    );
  });

  it('says so when there is nothing to show', () => {
    const svg = barChart([], []);
    expectWellFormed(svg);
    expect(svg).toContain('no data');
  });
});

describe('histogram', () => {
  it('counts each value once, those at the upper edge too', () => {
    const values = [0, 0.5, 1, 1.5, 2, 4, Number.NaN, Number.NEGATIVE_INFINITY];
    const svg = histogram([{ values }], { bins: 4 });
    expectWellFormed(svg);
    expect(rectsOf(svg).map((rect) => rect.title)).toEqual([
      '0 to 1: 2',
      '1 to 2: 2',
      '2 to 3: 1',
      '3 to 4: 1',
    ]);
  });

  it('compares sets in the same bins', () => {
    const series = [
      { name: 'before', values: [0, 1] },
      { name: 'after', values: [1, 2, 2] },
    ];
    const svg = histogram(series, { bins: 2 });
    expect(rectsOf(svg).map((rect) => rect.title)).toEqual(['0 to 1: 1', '1 to 2: 1', '1 to 2: 3']);
    expect(svg).toContain('>before<');
  });

  it('shows one value, none, and many at once', () => {
    expect(rectsOf(histogram([{ values: [7, 7] }]))).toHaveLength(1);
    expect(histogram([{ values: [Number.NaN] }])).toContain('no data');
    const values = Float32Array.from({ length: 200_000 }, (_, i) => Math.sin(i));
    const many = rectsOf(histogram([{ values }]));
    expect(many.length).toBeGreaterThan(10);
    expect(many.length).toBeLessThanOrEqual(60);
    expect(() => histogram([], { bins: 0 })).toThrow(ArgumentError);
  });
});

describe('heatMap', () => {
  it('gives the least and the greatest the ends of the colours, and NaN grey', () => {
    const values = [
      [0, 5],
      [Number.NaN, 10],
    ];
    const svg = heatMap(values, { rows: ['a', 'b'], columns: ['c', 'd'] });
    expectWellFormed(svg);
    const rects = rectsOf(svg);
    expect(rects.map((rect) => rect.title)).toEqual([
      'a, c: 0',
      'a, d: 5.0',
      'b, c: NaN',
      'b, d: 10.0',
    ]);
    expect(rects.map((rect) => rect.fill)).toEqual([
      shadeOf('sequential', 0).fill,
      shadeOf('sequential', 0.5).fill,
      '#bbb',
      shadeOf('sequential', 1).fill,
    ]);
  });

  it('puts zero in the middle of diverging colours', () => {
    const svg = heatMap([[-1, 0, 4]], { colors: 'diverging' });
    expect(rectsOf(svg)[1]?.fill).toBe(shadeOf('diverging', 0.5).fill);
    expect(rectsOf(svg)[2]?.fill).toBe(shadeOf('diverging', 1).fill);
  });

  it('refuses uneven rows and wrong names, and shows an empty table', () => {
    expect(() => heatMap([[1, 2], [3]])).toThrow(/row 0 has 2 values, row 1 has 1/);
    expect(() => heatMap([[1]], { rows: ['a', 'b'] })).toThrow(/2 names for 1 rows/);
    expect(() => heatMap([[1]], { range: [1, 0] })).toThrow(/range is \[1, 0\]/);
    for (const values of [[], [[], []]]) {
      const svg = heatMap(values);
      expectWellFormed(svg);
      expect(svg).toContain('no data');
    }
  });
});

describe('confusionMatrix', () => {
  it('writes counts, and colours by the share of the true class', () => {
    const svg = confusionMatrix([Uint32Array.of(1, 1), Uint32Array.of(0, 900)], {
      classes: ['ill', 'well'],
    });
    expectWellFormed(svg);
    expect(rectsOf(svg).map((rect) => rect.title)).toEqual([
      'ill, ill: 1',
      'ill, well: 1',
      'well, ill: 0',
      'well, well: 900',
    ]);
    expect(rectsOf(svg)[0]?.fill).toBe(shadeOf('sequential', 0.5).fill);
    expect(rectsOf(svg)[3]?.fill).toBe(shadeOf('sequential', 1).fill);
    expect(svg).toContain('predicted class');
  });

  it('is square, and stays small for many classes', () => {
    expect(() => confusionMatrix([[1, 2]])).toThrow(ArgumentError);
    const counts = Array.from({ length: 100 }, () => new Uint32Array(100));
    expect(confusionMatrix(counts).length).toBeLessThan(1_000_000);
  });
});

describe('panels', () => {
  const small = lineChart([{ y: [1, 2] }], { width: 200, height: 100 });
  const large = lineChart([{ y: [1, 2] }], { width: 300, height: 150 });

  it('places charts in rows without overlap', () => {
    const svg = panels([small, large, large], { columns: 2, gap: 10, title: 'Both' });
    expectWellFormed(svg);
    const places = Array.from(svg.matchAll(/<svg x="(\d+)" y="(\d+)" xmlns/g), ([, x, y]) => [
      Number(x),
      Number(y),
    ]);
    const top = places[0]?.[1] ?? 0;
    expect(places).toEqual([
      [0, top],
      [310, top],
      [0, top + 160],
    ]);
    expect(svg).toMatch(new RegExp(`width="610" height="${top + 310}"`));
  });

  it('refuses what is no chart', () => {
    expect(() => panels([])).toThrow(ArgumentError);
    expect(() => panels(['<p>'])).toThrow(/chart 0 is not an SVG file/);
  });
});

describe('scales and text', () => {
  it('chooses round ticks and says no more digits than they need', () => {
    const linear = new Scale('linear', [0, 0.97], [0, 1]);
    expect(linear.labels(linear.ticks(6))).toEqual(['0.0', '0.2', '0.4', '0.6', '0.8']);
    const log = new Scale('log', [1e-5, 10], [0, 1]);
    expect(log.labels(log.ticks(7))).toEqual(['1e-5', '1e-4', '0.001', '0.01', '0.1', '1', '10']);
    const large = new Scale('linear', [0, 4e6], [0, 1]);
    expect(large.labels(large.ticks(4))).toEqual(['0', '1e6', '2e6', '3e6', '4e6']);
  });

  it('cuts and wraps text to a width', () => {
    expect(fitText('short', 100)).toBe('short');
    const cut = fitText('a much longer text than fits', 60);
    expect(cut.endsWith('…')).toBe(true);
    expect(textWidth(cut)).toBeLessThanOrEqual(60);
    const lines = wrapText('one two three four five six seven', 60, 12, 3);
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(60);
  });
});

describe('all charts', () => {
  const value = fc.oneof(
    fc.double(),
    fc.double({ min: -100, max: 100 }),
    fc.constantFrom(0, 1, Number.MAX_VALUE, -Number.MAX_VALUE, 5e-324, Number.NaN),
  );
  const table = fc
    .tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 }))
    .chain(([rows, columns]) =>
      fc.array(fc.array(value, { minLength: columns, maxLength: columns }), {
        minLength: rows,
        maxLength: rows,
      }),
    );

  it('are well-formed whatever the numbers', () => {
    fc.assert(
      fc.property(table, fc.constantFrom('sequential', 'diverging'), (values, colors) => {
        const names = (values[0] ?? []).map((_, i) => `class <${i}>`);
        const series = values.map((row, i) => ({ name: `series ${i}`, values: row }));
        for (const svg of [
          heatMap(values, { colors }),
          barChart(names, series),
          histogram(series),
        ]) {
          expectWellFormed(svg);
        }
      }),
      { numRuns: 200 },
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/errors.js';
import * as plot from '../../src/plot/index.js';
import { HOSTILE_TEXTS, HOSTILE_VALUES, hostileText, hostileValue } from '../support/hostile.js';
import { expectInert, outputOf, pathsOf, replaced } from '../support/inert.js';

type Draw = (...args: never[]) => unknown;

const chart = { title: 'title', width: 300, height: 200 };
const series = [{ name: 'a', values: [1, 2], color: 'red' }, { values: Float32Array.of(3, 4) }];
const line = { name: 'a', x: [1, 2], y: [3, 4], draw: 'both', color: '#123456', dashed: true };
const lines = [
  [line, { y: Float64Array.of(1, 2) }],
  {
    ...chart,
    x: { label: 'x', scale: 'log', range: [1, 10] },
    y: { label: 'y', scale: 'linear', range: [0, 5] },
    marks: [{ x: 2, y: 3, label: 'best' }],
  },
];

/** Every function that draws, with arguments that use all that it takes. A new one has to stand here. */
const CASES: Readonly<Record<string, readonly unknown[]>> = {
  barChart: [['a', 'b'], series, { ...chart, x: { label: 'x' }, y: { label: 'y', range: [0, 5] } }],
  confusionMatrix: [
    [
      [1, 2],
      [3, 4],
    ],
    { title: 'title', width: 300, classes: ['a', 'b'] },
  ],
  decisionBoundary: [
    [
      [0, 0],
      [1, 1],
    ],
    [0, 1],
    (places: Float32Array, count: number) => Array.from({ length: count }, (_, i) => places[2 * i]),
    { title: 'title', x: { range: [0, 1] }, y: { range: [0, 1] }, resolution: 3 },
  ],
  heatMap: [
    [
      [1, 2],
      [3, 4],
    ],
    {
      title: 'title',
      width: 300,
      rows: ['a', 'b'],
      columns: ['c', 'd'],
      rowLabel: 'rows',
      columnLabel: 'columns',
      range: [0, 5],
      colors: 'diverging',
      text: () => 'text',
    },
  ],
  histogram: [
    series,
    { ...chart, bins: 3, x: { label: 'x', range: [0, 5] }, y: { label: 'y', range: [0, 5] } },
  ],
  lineChart: lines,
  panels: [
    [plot.lineChart([{ y: [1, 2] }]), plot.heatMap([[1]])],
    { title: 'title', columns: 2, gap: 4 },
  ],
  scatterChart: lines,
};

const functions: Readonly<Record<string, unknown>> = { ...plot };

function drawn(name: string, args: unknown): string | null {
  const draw = functions[name];
  if (typeof draw !== 'function' || !Array.isArray(args)) throw new Error(`${name} is no function`);
  const svg = outputOf(() => Reflect.apply(draw as Draw, undefined, args as never[]));
  if (svg === null) return null;
  if (typeof svg !== 'string') throw new Error(`${name} returned no text`);
  expectInert(svg);
  return svg;
}

describe('whatever they are given, charts are pictures in which nothing acts, or errors of ours', () => {
  it('all of them', () => {
    const drawing = Object.keys(plot).filter((name) => typeof functions[name] === 'function');
    expect(drawing.filter((name) => CASES[name] === undefined)).toEqual([]);
    for (const [name, args] of Object.entries(CASES)) expect(drawn(name, args)).not.toBeNull();
  });

  describe.each(Object.entries(CASES))('%s', (name, args) => {
    const paths = pathsOf(args).filter((path) => path.length > 0);

    it('in each place', () => {
      for (const path of paths) {
        for (const value of [...HOSTILE_VALUES, ...HOSTILE_TEXTS]) {
          drawn(name, replaced(args, path, value));
        }
      }
    });

    it('in several', () => {
      const change = fc.tuple(fc.constantFrom(...paths), hostileValue);
      fc.assert(
        fc.property(fc.array(change, { minLength: 2, maxLength: 4 }), (changes) => {
          // The deepest first: what is replaced whole has no places any more.
          const order = [...changes].sort(([a], [b]) => b.length - a.length);
          drawn(
            name,
            order.reduce((all: unknown, [path, value]) => replaced(all, path, value), args),
          );
        }),
        { numRuns: 60 },
      );
    });
  });

  it('also where functions of the caller return it', () => {
    for (const value of [...HOSTILE_VALUES, ...HOSTILE_TEXTS]) {
      drawn('heatMap', [[[1, 2]], { text: () => value }]);
      drawn('decisionBoundary', [[[0, 0]], [1], () => value, { resolution: 2 }]);
      drawn('decisionBoundary', [[[0, 0]], [1], () => Array(9).fill(value), { resolution: 2 }]);
    }
  });
});

describe('panels', () => {
  const small = plot.lineChart([{ name: 'a', y: [1, 2] }], { title: 'Mine' });

  it('takes what charts return, also of texts of others, and its own', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const charts = [
          plot.lineChart([{ name: text, y: [1, 2] }], { title: text, y: { label: text } }),
          plot.heatMap([[1, 2]], { rows: [text], text: () => text }),
          plot.barChart([text], [{ name: text, values: [1] }], { title: text }),
        ];
        expectInert(plot.panels([plot.panels(charts, { title: text }), small], { title: text }));
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    ['a script', (svg: string) => svg.replace('</svg>', '<script>alert(1)</script></svg>')],
    ['a handler', (svg: string) => svg.replace('<svg ', '<svg onload="alert(1)" ')],
    ['a handler, last', (svg: string) => svg.replace('<rect ', '<rect width="1" onclick="x()" ')],
    ['a style', (svg: string) => svg.replace('<rect ', '<rect style="background:url(//x)" ')],
    ['HTML', (svg: string) => svg.replace('</svg>', '<foreignObject><p/></foreignObject></svg>')],
    ['an image', (svg: string) => svg.replace('</svg>', '<image href="http://x/"/></svg>')],
    ['a link', (svg: string) => svg.replace('</svg>', '<a href="javascript:x()">a</a></svg>')],
    ['a use', (svg: string) => svg.replace('</svg>', '<use xlink:href="http://x/#a"/></svg>')],
    ['an animation', (svg: string) => svg.replace('</svg>', '<set attributeName="href"/></svg>')],
    ['an address', (svg: string) => svg.replace('fill="#fff"', 'fill="url(http://x/#a)"')],
    ['an escape', (svg: string) => svg.replace('fill="#fff"', 'fill="\\75rl(//x)"')],
    ['an entity', (svg: string) => svg.replace('Mine', '&evil;')],
    ['a number of an entity', (svg: string) => svg.replace('Mine', '&#60;')],
    ['CDATA', (svg: string) => svg.replace('Mine', '<![CDATA[x]]>')],
    ['a comment', (svg: string) => svg.replace('Mine', '<!-- x -->')],
    ['an instruction', (svg: string) => svg.replace('Mine', '<?xml-stylesheet href="x"?>')],
    ['a declaration', (svg: string) => `<!DOCTYPE svg [<!ENTITY a "b">]>${svg}`],
    ['another behind', (svg: string) => `${svg}<script>alert(1)</script>`],
    ['text behind', (svg: string) => `${svg}&lt;`],
    ['no end', (svg: string) => svg.replace('</svg>', '')],
    ['upper case', (svg: string) => svg.replace('</svg>', '<SCRIPT>x</SCRIPT></svg>')],
    ['a name space', (svg: string) => svg.replace('</svg>', '<svg:script>x</svg:script></svg>')],
    ['single quotes', (svg: string) => svg.replace('fill="#fff"', "fill='#fff'")],
    ['no quotes', (svg: string) => svg.replace('fill="#fff"', 'fill=red')],
    ['a slash', (svg: string) => svg.replace('<rect ', '<rect/onclick="x()" ')],
    ['a control character', (svg: string) => svg.replace('Mine', '\u0000')],
    ['a bracket in an attribute', (svg: string) => svg.replace('fill="#fff"', 'fill=">"')],
    ['an attribute twice', (svg: string) => svg.replace('<rect ', '<rect fill="red" ')],
    ['huge numbers', (svg: string) => svg.replace(/width="\d+"/, `width="${'9'.repeat(99)}"`)],
    [
      'depth',
      (svg: string) => svg.replace('</svg>', `${'<g>'.repeat(99)}${'</g>'.repeat(99)}</svg>`),
    ],
  ])('refuses %s', (_, change) => {
    const changed = change(small);
    expect(changed).not.toBe(small);
    expect(() => plot.panels([small, changed])).toThrow(ArgumentError);
    expect(() => plot.panels([small, changed])).toThrow(/chart 1 is not an SVG file made by plot/);
  });

  it('refuses any change of one character that could act', () => {
    const place = fc.nat(small.length - 1);
    fc.assert(
      fc.property(place, fc.constantFrom('<', '>', '"', '&', 'o', '(', '\\', '/'), (at, sign) => {
        drawn('panels', [[small.slice(0, at) + sign + small.slice(at)]]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('colours', () => {
  it.each([
    'red',
    '#0072B2',
    '#0072b280',
    'rgb(1, 2, 3)',
    'rgba(0,0,0,.5)',
    'hsl(120deg 50% 50% / 0.5)',
    'oklch(60% 0.1 20)',
  ])('%s is drawn', (color) => {
    expect(drawn('lineChart', [[{ y: [1, 2], color }]])).toContain(`stroke="${color}"`);
  });

  it.each(['url(#a)', 'url(http://x/)', '\\75rl(x)', 'image-set("x")', 'var(--x)', 'rgb(url(x))'])(
    '%s is refused',
    (color) => {
      expect(drawn('lineChart', [[{ y: [1, 2], color }]])).toBeNull();
      expect(drawn('barChart', [['a'], [{ values: [1], color }]])).toBeNull();
    },
  );
});

import { ArgumentError } from '../errors.js';
import { checkNumber } from '../numeric/numbers.js';
import { checkOptions, type OptionNames } from '../options.js';
import { checkArray, checkText, checkTextIfAny } from './checks.js';
import { header } from './frame.js';
import { readOwnSvg } from './ownSvg.js';
import { Markup, picture, rounded } from './svg.js';

export interface PanelOptions {
  /** Above all of them. */
  title?: string;
  /** Charts in a row; default: 1 for one, 2 for up to four, then 3. */
  columns?: number;
  /** Pixels between charts; default 12. */
  gap?: number;
}

const NAMES: OptionNames<PanelOptions> = { title: true, columns: true, gap: true };

const isGap = (gap: number) => gap >= 0 && gap <= 1000;
const isCount = (count: number) => Number.isInteger(count) && count >= 1;

/**
 * Several charts as one SVG file, in rows.
 *
 * @param charts SVG files, as the other functions of `plot` and `toSvg` return them. Others are refused: an SVG file may
 * have scripts in it, and load files from elsewhere.
 * @throws ArgumentError if there are none, or one is something else
 */
export function panels(charts: readonly string[], options: PanelOptions = {}): string {
  checkOptions('panels', options, NAMES);
  checkArray('panels', 'charts', charts);
  const heading = checkTextIfAny('panels', 'title', options.title);
  const gap = checkNumber('panels', 'gap', options.gap ?? 12, isGap, '0 to 1000');
  const usual = charts.length === 1 ? 1 : charts.length <= 4 ? 2 : 3;
  const columns = checkNumber(
    'panels',
    'columns',
    options.columns ?? usual,
    isCount,
    'an integer ≥ 1',
  );
  if (charts.length === 0) throw new ArgumentError('panels: 0 charts, expected at least one');
  const sizes = Array.from(charts, (chart, i) => {
    const found = readOwnSvg(checkText('panels', `chart ${i}`, chart));
    if (typeof found !== 'string') return found;
    throw new ArgumentError(
      `panels: chart ${i} is not an SVG file made by plot: it has ${found}; SVG files of others may run scripts`,
    );
  });
  const widths = new Array<number>(Math.min(columns, charts.length)).fill(0);
  const heights = new Array<number>(Math.ceil(charts.length / columns)).fill(0);
  for (const [i, size] of sizes.entries()) {
    const [row, column] = [Math.floor(i / columns), i % columns];
    widths[column] = Math.max(widths[column] ?? 0, size.width);
    heights[row] = Math.max(heights[row] ?? 0, size.height);
  }
  const width = widths.reduce((sum, each) => sum + each, 0) + gap * (widths.length - 1);
  const title = heading ? header(heading, [], width) : undefined;
  let top = title?.bottom ?? 0;
  const placed: Markup[] = [];
  for (const [row, height] of heights.entries()) {
    let left = 0;
    for (const [column, { source }] of sizes.slice(row * columns, (row + 1) * columns).entries()) {
      // Its source has been looked at, element by element.
      const place = `<svg x="${rounded(left)}" y="${rounded(top)}" `;
      placed.push(new Markup(place + source.slice('<svg '.length)));
      left += (widths[column] ?? 0) + gap;
    }
    top += height + gap;
  }
  return picture({ width, height: top - gap }, heading ?? 'charts', [
    ...(title?.parts ?? []),
    ...placed,
  ]);
}

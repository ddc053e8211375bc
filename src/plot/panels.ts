import { checkList } from '../arguments.js';
import { ArgumentError } from '../errors.js';
import { checkOptions, type OptionNames } from '../options.js';
import { header } from './frame.js';
import { picture } from './svg.js';

export interface PanelOptions {
  /** Above all of them. */
  title?: string;
  /** Charts in a row; default: 1 for one, 2 for up to four, then 3. */
  columns?: number;
  /** Pixels between charts; default 12. */
  gap?: number;
}

const NAMES: OptionNames<PanelOptions> = { title: true, columns: true, gap: true };

const ROOT = /^<svg [^>]*?\bwidth="(\d+)" height="(\d+)"/;

/**
 * Several charts as one SVG file, in rows.
 *
 * @param charts SVG files, as the other functions of `plot` return them
 * @throws ArgumentError if there are none, or one is something else
 */
export function panels(charts: readonly string[], options: PanelOptions = {}): string {
  checkOptions('panels', options, NAMES);
  checkList('panels', 'the charts', charts, 'a list of SVG texts');
  const { gap = 12 } = options;
  const columns = options.columns ?? (charts.length === 1 ? 1 : charts.length <= 4 ? 2 : 3);
  if (charts.length === 0 || !Number.isInteger(columns) || columns < 1 || !(gap >= 0)) {
    throw new ArgumentError(
      `panels: ${charts.length} charts in ${columns} columns ${gap} apart, expected at least one each`,
    );
  }
  const sizes = charts.map((chart, i) => {
    const found = typeof chart === 'string' ? ROOT.exec(chart) : null;
    if (!found) throw new ArgumentError(`panels: chart ${i} is not an SVG file made by plot`);
    return { width: Number(found[1]), height: Number(found[2]) };
  });
  const most = (pick: (size: { width: number; height: number }) => number, of: typeof sizes) =>
    of.reduce((largest, size) => Math.max(largest, pick(size)), 0);
  const widths = Array.from({ length: Math.min(columns, charts.length) }, (_, column) =>
    most(
      ({ width }) => width,
      sizes.filter((_size, i) => i % columns === column),
    ),
  );
  const width = widths.reduce((sum, each) => sum + each, 0) + gap * (widths.length - 1);
  const title = options.title ? header(options.title, [], width) : undefined;
  let top = title?.bottom ?? 0;
  const placed: string[] = [];
  for (let start = 0; start < charts.length; start += columns) {
    let left = 0;
    for (let i = start; i < Math.min(start + columns, charts.length); i++) {
      placed.push((charts[i] ?? '').replace('<svg ', `<svg x="${left}" y="${top}" `).trim());
      left += (widths[i - start] ?? 0) + gap;
    }
    top += most(({ height }) => height, sizes.slice(start, start + columns)) + gap;
  }
  return picture({ width, height: top - gap }, options.title ?? 'charts', [
    ...(title?.parts ?? []),
    ...placed,
  ]);
}

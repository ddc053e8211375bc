import { readOptional } from '../../io/optionalPackage.js';

/** The smallest build that has lines, zooming and marks; minified. */
const BUILD = 'dist/echarts.common.min.js';

/**
 * The source of Apache ECharts, which draws the curves.
 * @throws DependencyError that says how to install it
 */
export function loadEcharts(resolve?: (path: string) => string): Promise<string> {
  return readOptional('echarts', BUILD, 'report', resolve);
}

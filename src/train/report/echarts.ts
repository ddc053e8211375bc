import { readOptional } from '../../io/optionalPackage.js';

/** The smallest build that has lines, zooming and marks; minified. */
const BUILD = 'dist/echarts.common.min.js';

/** A script as it can stand in a page: nothing in it may end the element, or begin a comment that swallows the end. */
export function inlineScript(source: string): string {
  return source.replace(/<(\/script|!--)/gi, '\\x3c$1');
}

/** Data as a script element of type JSON can hold it. */
export function inlineJson(data: unknown): string {
  return JSON.stringify(data).replaceAll('<', '\\u003c');
}

/**
 * The source of Apache ECharts, which draws the curves.
 * @throws DependencyError that says how to install it
 */
export function loadEcharts(resolve?: (path: string) => string): Promise<string> {
  return readOptional('echarts', BUILD, 'report', resolve);
}

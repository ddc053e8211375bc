import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { DependencyError } from '../../tensor/errors.js';

/** The smallest build that has lines, zooming and marks; minified. */
const BUILD = 'echarts/dist/echarts.common.min.js';

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
export async function loadEcharts(
  resolve: (name: string) => string = createRequire(import.meta.url).resolve,
): Promise<string> {
  try {
    return await readFile(resolve(BUILD), 'utf8');
  } catch (cause) {
    throw new DependencyError(
      'report: the package echarts draws its curves and is not installed. Install it with: npm install echarts',
      { cause },
    );
  }
}

/** Looks into the pages of reports. */

/** The page's scripts: the data, ECharts, the one that draws. */
export function scriptsOf(html: string): string[] {
  return Array.from(html.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g), ([, text]) => text ?? '');
}

export function dataOf(html: string): { charts: { title: string; curves: { y: unknown[] }[] }[] } {
  return JSON.parse(scriptsOf(html)[0] ?? '');
}

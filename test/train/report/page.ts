/** Looks into the pages of reports. */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';

/** The page's scripts: the data, ECharts, the one that draws. */
export function scriptsOf(html: string): string[] {
  return Array.from(html.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g), ([, text]) => text ?? '');
}

export function dataOf(html: string): { charts: { title: string; curves: { y: unknown[] }[] }[] } {
  return JSON.parse(scriptsOf(html)[0] ?? '');
}

/** Fails unless a page's policy allows its own scripts and styles, by their hashes, and nothing else. */
export function expectOwnPolicy(html: string): void {
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const [, library = '', client = ''] = scriptsOf(html);
  const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(html) ?? [];
  const policy = [
    "default-src 'none'",
    `script-src ${hash(library)} ${hash(client)}`,
    `style-src ${hash(style)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  expect(html).toContain(
    `<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="${policy}">`,
  );
  const markup = html.replace(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, '');
  for (const [tag] of markup.matchAll(/<[a-z][^>]*>/g)) {
    const names = tag.replace(/"[^"]*"/g, '');
    if (/\s(style|on\w+)=/.test(names)) throw new Error(`a style or handler: ${tag}`);
  }
}

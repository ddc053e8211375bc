import { createHash } from 'node:crypto';
import { Markup } from '../../plot/svg.js';
import { html } from './html.js';

/** A script or style as it stands in a page. */
export interface Inline {
  readonly element: Markup;
  /** What a content policy calls it. */
  readonly hash: string;
}

/** As browsers read it: they take every end of a line as one. */
function normalized(source: string): string {
  return source.replace(/\r\n?/g, '\n');
}

function hashOf(source: string): string {
  return `'sha256-${createHash('sha256').update(source).digest('base64')}'`;
}

/** A script as it can stand in a page: nothing in it may end the element, or begin a comment that swallows the end. */
export function inlineScript(source: string): string {
  return normalized(source).replace(/<(\/script|!--)/gi, '\\x3c$1');
}

/** Data as a script element of type JSON can hold it, without characters that act where the file is read as text. */
export function inlineJson(data: unknown): string {
  return JSON.stringify(data).replace(
    /[<>&\x7F-\x9F\u2028-\u202E\u2066-\u2069]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export function scriptOf(source: string, isModule: boolean): Inline {
  const text = inlineScript(source);
  const inner = new Markup(text);
  const element = isModule
    ? html`<script type="module">${inner}</script>`
    : html`<script>${inner}</script>`;
  return { element, hash: hashOf(text) };
}

export function styleOf(source: string): Inline {
  const text = normalized(source).replace(/<\/style/gi, '<\\/style');
  return { element: html`<style>${new Markup(text)}</style>`, hash: hashOf(text) };
}

/**
 * What a page may do: run these scripts and styles, by their hashes, and show images that are part of it. Nothing is
 * loaded, nothing is sent, and what stands in the page's text is neither script nor style.
 */
export function policyOf(scripts: readonly Inline[], styles: readonly Inline[]): string {
  const hashes = (parts: readonly Inline[]) => parts.map(({ hash }) => hash).join(' ');
  return [
    "default-src 'none'",
    `script-src ${hashes(scripts)}`,
    `style-src ${hashes(styles)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

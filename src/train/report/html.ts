import { type Content, Markup, sourceOf } from '../../plot/svg.js';

/**
 * HTML as a template: what stands in `${...}` is text, and is escaped, unless it is markup itself.
 *
 * @example
 * html`<p class="${kind}">${name}</p>`
 */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  let source = strings[0] ?? '';
  for (const [i, value] of values.entries()) source += sourceOf(value) + (strings[i + 1] ?? '');
  return new Markup(source);
}

/** Parts with something between them. */
export function joined(parts: readonly Content[], between: Content): Content[] {
  return parts.flatMap((part, i) => (i === 0 ? [part] : [between, part]));
}

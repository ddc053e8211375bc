/**
 * Fails unless a text is an element of nested, closed elements with quoted attributes and known entities: what our
 * SVG files consist of.
 */
export function expectWellFormed(xml: string): void {
  const open: string[] = [];
  const token =
    /<(\/?)([a-z][\w-]*)((?:\s+[\w:-]+="(?:[^<>&"]|&(?:amp|lt|gt|quot|#39);)*")*)\s*(\/?)>|((?:[^<>&]|&(?:amp|lt|gt|quot|#39);)+)/gy;
  let end = 0;
  for (let match = token.exec(xml); match; match = token.exec(xml)) {
    end = token.lastIndex;
    const [, closing, name = '', attributes = '', selfClosing, text] = match;
    if (text !== undefined) {
      if (open.length === 0 && text.trim() !== '') throw new Error(`text outside: ${text}`);
    } else if (closing) {
      if (open.pop() !== name) throw new Error(`</${name}> closes nothing`);
    } else {
      const names = Array.from(attributes.matchAll(/\s([\w:-]+)="/g), ([, key]) => key);
      if (new Set(names).size !== names.length) throw new Error(`<${name}> repeats an attribute`);
      if (!selfClosing) open.push(name);
    }
  }
  if (end !== xml.length || open.length > 0) {
    throw new Error(
      `not well-formed at ${end}: ${xml.slice(end, end + 60)}; open: ${open.join(' ')}`,
    );
  }
  if (/="[^"]*\b(NaN|undefined|Infinity)\b/.test(xml.replace(/aria-label="[^"]*"/g, ''))) {
    throw new Error(
      `a place is no number: ${/[\w-]+="[^"]*\b(NaN|undefined|Infinity)\b/.exec(xml)}`,
    );
  }
}

export interface TextBox {
  readonly text: string;
  readonly left: number;
  readonly right: number;
  readonly baseline: number;
}

/** Level texts with their estimated extent, outside of nested pictures. */
export function textBoxes(svg: string, widthOf: (text: string, size: number) => number): TextBox[] {
  const boxes: TextBox[] = [];
  for (const [, attributes = '', text = ''] of svg.matchAll(/<text ([^>]*)>([^<]*)<\/text>/g)) {
    if (attributes.includes('rotate')) continue;
    const number = (name: string, otherwise: number) =>
      Number(new RegExp(`(?:^| )${name}="([^"]*)"`).exec(attributes)?.[1] ?? otherwise);
    const anchor = /text-anchor="(\w+)"/.exec(attributes)?.[1] ?? 'start';
    const width = widthOf(text, number('font-size', 12));
    const shift = { start: 0, middle: 0.5, end: 1 }[anchor] ?? 0;
    const left = number('x', 0) - shift * width;
    boxes.push({ text, left, right: left + width, baseline: number('y', 0) });
  }
  return boxes;
}

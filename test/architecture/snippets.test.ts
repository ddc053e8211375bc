import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileConsumer } from '../support/consumer.js';

// The TypeScript of README.md and docs/ compiles. How blocks of a page belong together stands in CONTRIBUTING.md.

const root = new URL('../../', import.meta.url);
const pages = [
  'README.md',
  ...readdirSync(new URL('docs/', root))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** A block of code: the line of its fence, counted from 0, and what is in it. */
interface Block {
  readonly fence: number;
  readonly lines: readonly string[];
  /** Begins with imports, or is a comment that declares what the reader knows. */
  readonly startsAnew: boolean;
}

function blocksOf(text: string): Block[] {
  const before = (end: number): number => text.slice(0, end).split('\n').length - 1;
  return [...text.matchAll(/^(```|<!-- )ts\n([\s\S]*?)\n(?:```|-->)$/gm)].map((match) => {
    const [, mark = '', code = ''] = match;
    const startsAnew = mark !== '```' || /^(?:\/\/.*\n)*import /.test(code);
    return { fence: before(match.index), lines: code.split('\n'), startsAnew };
  });
}

/**
 * The programs of a page: blocks that go on from one another, each in a scope within the one before, so that it may use
 * its names or declare them anew. Every line stands in its program where it stands on the page.
 */
function programsOf(text: string): string[] {
  const programs: { lines: string[]; scopes: number }[] = [];
  for (const { fence, lines, startsAnew } of blocksOf(text)) {
    if (startsAnew || programs.length === 0) programs.push({ lines: [], scopes: 0 });
    const program = programs.at(-1);
    if (program === undefined) continue;
    while (program.lines.length < fence) program.lines.push('');
    program.lines.push(startsAnew ? '' : '{', ...lines);
    if (!startsAnew) program.scopes++;
  }
  return programs.map(({ lines, scopes }) => [...lines, '}'.repeat(scopes)].join('\n'));
}

describe('code in README.md and docs/', () => {
  it('compiles', () => {
    const files: Record<string, string> = {};
    const pageOf = new Map<string, string>();
    for (const page of pages) {
      for (const [i, program] of programsOf(readFileSync(new URL(page, root), 'utf8')).entries()) {
        const file = `${page.replaceAll(/\W/g, '-')}-${i + 1}.ts`;
        files[file] = program;
        pageOf.set(file, page);
      }
    }
    expect(pageOf.size).toBeGreaterThan(pages.length / 2);
    const faults = compileConsumer(files).map((fault) =>
      fault.replace(
        /^([\w-]+\.ts)\((\d+),\d+\)/,
        (_, file: string, line: string) => `${pageOf.get(file)}:${line}`,
      ),
    );
    expect(faults).toEqual([]);
  });

  it('keeps the lines of the page', () => {
    const page = [
      '<!-- ts',
      "import { zeros } from 'axonode';",
      '-->',
      '',
      '```ts',
      'const a = zeros([1]);',
      '```',
      'Or:',
      '```ts',
      'const b = a;',
      '```',
      '```ts',
      '// other.ts',
      "import { ones } from 'axonode';",
      '```',
    ].join('\n');
    const [first = '', second = ''] = programsOf(page).map((text) => text.split('\n'));
    expect(first.slice(0, 6)).toEqual([
      '',
      "import { zeros } from 'axonode';",
      '',
      '',
      '{',
      'const a = zeros([1]);',
    ]);
    expect(first.slice(8)).toEqual(['{', 'const b = a;', '}}']);
    expect(second.slice(12, 14)).toEqual(['// other.ts', "import { ones } from 'axonode';"]);
  });
});

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { families as implemented } from '../../src/backend/ts/index.js';

// The families of kernels are cut the same way everywhere. The interface says how: a file for each family, whose
// interface has the family's kernels.

const root = new URL('../../', import.meta.url);
const textOf = (path: string): string => readFileSync(new URL(path, root), 'utf8');

/** What stands before the parenthesis, in the order of the text. */
function namesIn(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, name]) => name ?? '');
}

/** The texts of a list that comments of one word, or beginning with one, head: `// pool; images are …`. */
function sections(text: string, indent: string): Map<string, string> {
  const heads = [...text.matchAll(new RegExp(`^${indent}// (\\w+)(?:[;:].*)?$`, 'gm'))];
  return new Map(
    heads.map((head, i) => [head[1] ?? '', text.slice(head.index, heads[i + 1]?.index)]),
  );
}

const FAMILIES = readdirSync(new URL('src/backend/kernels/', root))
  .filter((file) => textOf(`src/backend/kernels/${file}`).includes('Kernels {\n'))
  .filter((file) => file !== 'index.ts')
  .map((file) => file.replace('.ts', ''));

const kernelsOf = (family: string): string[] =>
  namesIn(textOf(`src/backend/kernels/${family}.ts`), /^ {2}(\w+)\(/gm).sort();

const declared = sections(textOf('native/kernels.h'), '');
const bound = sections(textOf('binding/kernels.cc'), ' {6}');

/** The sources of a folder in one. */
function sources(folder: string): string {
  const files = readdirSync(new URL(folder, root)).filter((file) => /\.(cc|ts)$/.test(file));
  return files.map((file) => textOf(`${folder}/${file}`)).join('\n');
}

it('the interface is cut in families', () => {
  expect(FAMILIES.sort()).toEqual(Object.keys(implemented).sort());
});

describe.each(FAMILIES)('the family %s', (family) => {
  const kernels = kernelsOf(family);

  it('is a folder of the TypeScript backend', () => {
    const own = implemented[family as keyof typeof implemented];
    expect(Object.keys(own).sort()).toEqual(kernels);
    const exported = sources(`src/backend/ts/${family}`);
    expect(namesIn(exported, /^export const (\w+): Kernels\[/gm).sort()).toEqual(kernels);
  });

  it('is a folder of the C++ kernels', () => {
    const text = sources(`native/${family}`);
    const defined = new Set(namesIn(text, /^void (\w+)\(Context&/gm));
    expect(kernels.filter((name) => !defined.has(name))).toEqual([]);
  });

  it('is a section of native/kernels.h and of binding/kernels.cc', () => {
    expect(namesIn(declared.get(family) ?? '', /^void (\w+)\(Context&/gm).sort()).toEqual(kernels);
    expect(namesIn(bound.get(family) ?? '', /BIND\((\w+),/g).sort()).toEqual(kernels);
  });

  it('is a table of the fuzzer', () => {
    const table = textOf(`test/fuzz/calls/${family}.mjs`);
    expect(namesIn(table, /^ {2}(\w+): \(/gm).sort()).toEqual(kernels);
  });

  it('has tests of both backends side by side', () => {
    expect(existsSync(new URL(`test/mirror/${family}.test.ts`, root))).toBe(true);
  });
});

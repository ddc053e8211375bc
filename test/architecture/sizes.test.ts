import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const FOLDERS = ['src', 'native', 'binding', 'test', 'bench', 'scripts', 'examples'];
const SOURCES = new Set(['.ts', '.mjs', '.js', '.css', '.cc', '.h', '.py']);
const MOST = 500;

it(`no source file has more than ${MOST} lines: it wants a second room`, () => {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).flatMap((path) =>
      SOURCES.has(extname(path)) ? [join(folder, path)] : [],
    ),
  );
  const tooLong = files.flatMap((path) => {
    const lines = readFileSync(join(root, path), 'utf8').trimEnd().split('\n').length;
    return lines > MOST ? [`${path}: ${lines} lines`] : [];
  });
  expect(tooLong).toEqual([]);
});

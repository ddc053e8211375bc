import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

// A path can lead to a pipe, a device or a socket, where an ordinary read waits for ever. So there is one room that
// opens files, and one file in it that opens them for reading.

const source = fileURLToPath(new URL('../../src', import.meta.url));

/** What may name the module for files, besides io/: it reads the package's own files, and the system's. */
const BESIDES = [
  'backend/native/load.ts',
  'backend/native/threads.ts',
  'installed.ts',
  'numeric/room.ts',
];

/** What opens files in io/. */
const OPENERS = ['io/appendFile.ts', 'io/atomicFile.ts', 'io/folderLock.ts', 'io/regularFile.ts'];

const NAMES_FS = /['"](?:node:)?fs(?:\/promises)?['"]/;
const READS = /\b(?:readFile|readFileSync|createReadStream|readv?Sync|openAsBlob)\b/;
const OPENS = /(?<![\w.#])open(?:Sync)?\(/;

interface Found {
  readonly naming: string[];
  readonly reading: string[];
  readonly opening: string[];
}

function check(files: ReadonlyMap<string, string>): Found {
  const found: Found = { naming: [], reading: [], opening: [] };
  for (const [path, whole] of files) {
    const text = whole.replaceAll(/^import type .*$/gm, '');
    if (!NAMES_FS.test(text) || BESIDES.includes(path)) continue;
    if (!path.startsWith('io/')) found.naming.push(path);
    if (READS.test(text)) found.reading.push(path);
    if (OPENS.test(text) && !OPENERS.includes(path)) found.opening.push(path);
  }
  return found;
}

it('files are opened in one room only', () => {
  const paths = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'));
  const files = new Map(paths.map((path) => [path, readFileSync(join(source, path), 'utf8')]));
  expect(check(files)).toEqual({ naming: [], reading: [], opening: [] });
  for (const path of [...BESIDES, ...OPENERS]) expect(files.get(path), path).toMatch(NAMES_FS);
});

it('a file that is opened elsewhere is found', () => {
  const planted = new Map([
    ['data/text.ts', "import { readFile } from 'node:fs/promises';"],
    ['vision/decode.ts', "const fs = await import('fs');"],
    ['io/json.ts', "import { createReadStream } from 'node:fs'; createReadStream(path);"],
    ['io/png.ts', "import { open } from 'node:fs/promises'; await open(path, 'r');"],
    ['io/regularFile.ts', "import { open } from 'node:fs/promises'; await open(path, FLAGS);"],
  ]);
  expect(check(planted)).toEqual({
    naming: ['data/text.ts', 'vision/decode.ts'],
    reading: ['data/text.ts', 'io/json.ts'],
    opening: ['io/png.ts'],
  });
});

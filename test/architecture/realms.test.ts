import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { OLDEST_NODE, tooOld } from '../../src/node.js';
import { VERSION } from '../../src/version.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The sources, without those of the report's page, which run in a browser. */
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.(ts|js)$/.test(path) && !path.includes('report/page/'))
  .map((path) => ({ path, text: readFileSync(join(root, 'src', path), 'utf8') }));

/** `path: line` of each line of code that a pattern is in. */
function linesWith(pattern: RegExp): string[] {
  return sources.flatMap(({ path, text }) =>
    text
      .split('\n')
      .filter((line) => !/^\s*(\/\/|\/?\*)/.test(line) && pattern.test(line))
      .map((line) => `${path}: ${line.trim()}`),
  );
}

/** Every class that the language or Node.js brings along. */
const BUILT_IN = Object.getOwnPropertyNames(globalThis).filter((name) => /^[A-Z]/.test(name));

describe('the sources', () => {
  it('ask no value whether it is of a class of this realm; see src/realm.ts', () => {
    expect(BUILT_IN).toEqual(
      expect.arrayContaining(['Float32Array', 'Map', 'Promise', 'Error', 'Object', 'URL']),
    );
    expect(linesWith(new RegExp(`instanceof (${BUILT_IN.join('|')})\\b`))).toEqual([]);
    expect(linesWith(new RegExp(`\\.constructor [!=]== (${BUILT_IN.join('|')})\\b`))).toEqual([]);
    const prototypes = linesWith(new RegExp(`[!=]== (${BUILT_IN.join('|')})\\.prototype`));
    expect(prototypes.filter((line) => !line.startsWith('realm.ts'))).toEqual([]);
  });

  it('know of their place in one file only; see src/installed.ts', () => {
    expect(
      linesWith(/import\.meta|__filename|__dirname/).map((line) => line.split(':')[0]),
    ).toEqual(['installed.ts', 'installed.ts']);
  });

  it('await nothing while they load, so that require() takes them', () => {
    // The worker of searches is a program of its own.
    const topLevel = linesWith(/^(export )?(const [^=]+= |let [^=]+= )?(await\b|for await\b)/);
    expect(topLevel).toEqual([]);
  });
});

describe('the package', () => {
  it('has the version that the code tells', () => {
    expect(VERSION).toBe(manifest.version);
  });

  it('asks for the Node.js that the code asks for', () => {
    expect(manifest.engines.node).toBe(`>=${OLDEST_NODE.join('.')}`);
    const script = readFileSync(join(root, 'scripts/lib/node.mjs'), 'utf8');
    expect(script).toContain(`Node.js ${OLDEST_NODE.join('.')} or newer`);
    expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain(
      `Node.js ${OLDEST_NODE.join('.')} or newer`,
    );
  });

  it.each([
    ['18.20.8', 'axonode needs Node.js 20.19 or newer, this is Node.js 18.20.8'],
    ['20.18.3', 'axonode needs Node.js 20.19 or newer, this is Node.js 20.18.3'],
    ['20.19.0', null],
    ['22.0.0', null],
    [undefined, null],
  ])('says of Node.js %s: %s', (version, fault) => {
    expect(tooOld(version)).toBe(fault);
  });
});

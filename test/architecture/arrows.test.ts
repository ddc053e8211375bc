import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';

// `npm run lint` checks the real tree. Here faults are planted in a small one, to see that they are found.

const root = fileURLToPath(new URL('../..', import.meta.url));
const tool = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
const config = join(root, '.dependency-cruiser.mjs');

type Tree = Readonly<Record<string, string>>;

/** A tree without faults. */
const SOUND: Tree = {
  'src/errors.ts': 'export class Fault extends Error {}',
  'src/tensor/tensor.ts': "import { Fault } from '../errors.js'; export const fault = new Fault();",
  'src/ops/kit/define.ts': "import { fault } from '../../tensor/tensor.js'; export { fault };",
  'src/ops/view.ts': "export { fault } from './kit/define.js';",
  'src/ops/index.ts': "export * from './view.js';",
  'src/optim/sgd.ts': "import '../ops/index.js'; export type Sgd = 1;",
  'src/nn/module.ts': "import type { Sgd } from '../optim/sgd.js'; export type { Sgd };",
  'src/index.ts': "export type * as nn from './nn/module.js';",
};

/** Two files that import each other, by kinds of import. */
const CIRCLES: Readonly<Record<string, readonly [inA: string, inB: string]>> = {
  values: ["import { b } from './b.js';", "import { a } from './a.js';"],
  types: ["import type { b } from './b.js';", "import type { a } from './a.js';"],
  inlineTypes: ["import { type b } from './b.js';", "import { type a } from './a.js';"],
  exports: ["export * from './b.js';", "export { a } from './a.js';"],
  exportedTypes: ["export type * from './b.js';", "export type { a } from './a.js';"],
  calls: ["import { b } from './b.js';", "await import('./a.js');"],
};

/** An import of the optimisers in the tensor's folder, by its kind. */
const UPWARD: Readonly<Record<string, string>> = {
  values: "import { Sgd } from '../optim/sgd.js';",
  types: "import type { Sgd } from '../optim/sgd.js';",
  exports: "export * from '../optim/sgd.js';",
  calls: "await import('../optim/sgd.js');",
};

/** Folders that know each other, though no files do. */
const BOTH_WAYS: Tree = {
  'src/plot/axis.ts': "import type { grid } from '../vision/grid.js';",
  'src/plot/scale.ts': 'export const scale = 1;',
  'src/vision/grid.ts': 'export const grid = 1;',
  'src/vision/chart.ts': "import { scale } from '../plot/scale.js'; export { scale };",
};

const NEIGHBOURS: Tree = {
  'src/ops/conv/conv.ts': "import '../norm/norm.js';",
  'src/ops/norm/norm.ts': 'export const norm = 1;',
};
const UNDER_ITS_INDEX: Tree = { 'src/ops/join.ts': "import './index.js';" };
const UNKNOWN_FOLDER: Tree = { 'src/nn/attic/box.ts': "import '../../errors.js';" };

/** What the check says of a tree. */
function check(tree: Tree): { status: number | null; output: string } {
  const folder = mkdtempSync(join(tmpdir(), 'axonode-arrows-'));
  try {
    for (const [path, text] of Object.entries(tree)) {
      mkdirSync(join(folder, dirname(path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [tool, '--config', config, '--output-type', 'err', 'src'],
      { cwd: folder, encoding: 'utf8' },
    );
    // A circle is told in several lines.
    return { status, output: (stdout + stderr).replaceAll(/ →\s+/g, ' → ') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Two files of one kind, with names of their own. */
function circle(kind: string, [inA, inB]: readonly [string, string]): [string, string][] {
  return [
    [`src/train/${kind}A.ts`, inA.replace('b.js', `${kind}B.js`)],
    [`src/train/${kind}B.ts`, inB.replace('a.js', `${kind}A.js`)],
  ];
}

describe('the check of imports', () => {
  const planted = check({
    ...SOUND,
    ...Object.fromEntries(Object.entries(CIRCLES).flatMap(([kind, files]) => circle(kind, files))),
    ...Object.fromEntries(
      Object.entries(UPWARD).map(([kind, line]) => [`src/tensor/${kind}.ts`, line]),
    ),
    ...BOTH_WAYS,
    ...NEIGHBOURS,
    ...UNDER_ITS_INDEX,
    ...UNKNOWN_FOLDER,
  });

  it('passes a sound tree', () => {
    const { status, output } = check(SOUND);
    expect(output).toMatch(/no dependency violations found \(8 modules, 7 dependencies cruised\)/);
    expect(status).toBe(0);
  });

  it('fails for faults', () => {
    expect(planted.status).not.toBe(0);
  });

  it.each(Object.keys(CIRCLES))('finds a circle: %s', (kind) => {
    const [a, b] = [`src/train/${kind}A.ts`, `src/train/${kind}B.ts`];
    expect(planted.output).toMatch(
      new RegExp(`a circle of imports: (${a} → ${b} → ${a}|${b} → ${a} → ${b})`),
    );
  });

  it.each(Object.keys(UPWARD))('finds an arrow that points up: %s', (kind) => {
    expect(planted.output).toContain(
      `tensor/ must not import optim/: src/tensor/${kind}.ts → src/optim/sgd.ts`,
    );
  });

  it('finds folders that know each other, where no files do', () => {
    expect(planted.output).toContain(
      'plot/ must not import vision/: src/plot/axis.ts → src/vision/grid.ts',
    );
    expect(planted.output).not.toMatch(/circle.*plot/);
  });

  it('finds an arrow to a neighbour in the row', () => {
    expect(planted.output).toContain(
      'ops/conv/ must not import ops/norm/: src/ops/conv/conv.ts → src/ops/norm/norm.ts',
    );
  });

  it('finds an arrow from a family of ops to the index of all', () => {
    expect(planted.output).toContain(
      'ops/ must not import ops/index.ts: src/ops/join.ts → src/ops/index.ts',
    );
  });

  it('finds a folder that has no place', () => {
    expect(planted.output).toContain('no room in the list: src/nn/attic/box.ts → src/errors.ts');
  });
});

describe('the list of rooms', () => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'));

  it('names none that is gone', async () => {
    const { rooms } = (await import(pathToFileURL(config).href)) as { rooms: readonly string[] };
    const isThere = (room: string): boolean =>
      files.some((file) => file === room || `${dirname(file)}/` === room);
    expect(rooms.filter((room) => !isThere(room))).toEqual([]);
  });

  it('misses no import: the check does not see a type that is named by import()', () => {
    const named = files.filter((file) =>
      /[:<|&=,(]\s*(typeof\s+)?import\(/.test(readFileSync(join(root, 'src', file), 'utf8')),
    );
    expect(named).toEqual([]);
  });
});

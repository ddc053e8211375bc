import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { VERSION } from '../../src/version.js';
import { BUNDLES } from './bundles.js';
import { ALL_WELL, PROGRAMS } from './programs.js';
import { Project, run } from './project.js';

// Whole tools run, a second or two each on a quiet machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const node = process.execPath;
// `npm run test:worlds` makes the slow ones, too.
const bundles = BUNDLES.filter(({ isSlow }) => !isSlow);

let project: Project;
let away = '';
beforeAll(async () => {
  project = await Project.make(PROGRAMS);
  away = await mkdtemp(join(tmpdir(), 'axonode-away-'));
  await cp(project.path('trial.mjs'), join(away, 'trial.mjs'));
});
afterAll(async () => {
  await project.remove();
  await rm(away, { recursive: true, force: true });
});

describe('a program made into one file', () => {
  it.each(bundles)('$name: runs where the package is installed', async (bundle) => {
    await bundle.make(project);
    const said = await run(node, [bundle.file], project.folder);
    expect(said.stderr).toBe('');
    expect(JSON.parse(said.stdout)).toEqual({ ...ALL_WELL, version: VERSION });
  });
});

// These use the bundles that the tests above have made.
describe('a bundle that is moved away from the package it holds', () => {
  const holding = bundles.filter(({ holdsPackage }) => holdsPackage);

  it.each(holding)('$name: runs on the TypeScript backend, and says what to do', async (bundle) => {
    const file = basename(bundle.file);
    await cp(project.path(bundle.file), join(away, file));
    const said = await project.without(() => run(node, [file], away));
    expect(said.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(said.stderr).toContain('--external:axonode');
    const printed = JSON.parse(said.stdout);
    expect(printed).toMatchObject({ name: 'ts', version: VERSION, learnt: true, state: 'SGD' });
    expect(printed.search).toMatch(/^DependencyError: search: .*--external:axonode/);
    expect(printed.report).toMatch(/^DependencyError: report: /);
    expect(printed.image).toMatch(/^DependencyError: decodeImage: .*npm install sharp/);
  });

  it('takes the addon that AXONODE_ADDON names, or that lies beside it', async () => {
    const built = project.path('node_modules/axonode/build/Release/axonode.node');
    await cp(project.path('esbuild-cjs-true-false/main.cjs'), join(away, 'main.cjs'));
    const named = await run(node, ['main.cjs'], away, { AXONODE_ADDON: built });
    expect(JSON.parse(named.stdout)).toMatchObject({ name: 'native' });
    await cp(built, join(away, 'axonode.node'));
    const beside = await project.without(() => run(node, ['main.cjs'], away));
    expect(JSON.parse(beside.stdout)).toMatchObject({ name: 'native' });
    expect(beside.stderr).toBe('');
    await rm(join(away, 'axonode.node'));
  });

  it('refuses the files of another version of the package', async () => {
    const manifest = 'node_modules/axonode/package.json';
    await cp(project.path(manifest), project.path('package.json.ours'));
    await project.write({ [manifest]: '{ "name": "axonode", "version": "0.0.1" }' });
    const said = await run(node, ['esbuild-esm-true-false/main.mjs'], project.folder);
    await cp(project.path('package.json.ours'), project.path(manifest));
    expect(said.stderr).toContain(`it holds axonode ${VERSION}, but`);
    expect(said.stderr).toContain('has version 0.0.1');
    expect(JSON.parse(said.stdout)).toMatchObject({ name: 'ts', version: VERSION });
  });
});

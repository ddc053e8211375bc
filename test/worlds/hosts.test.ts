import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { VERSION } from '../../src/version.js';
import { compileConsumer } from '../support/consumer.js';
import { BUNDLES } from './bundles.js';
import { ALL_WELL, PROGRAMS } from './programs.js';
import { Project, run } from './project.js';

// Whole tools run, a second or two each on a quiet machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

/** Runs a bundle in a context that has the language and `require`, and nothing else of Node.js. */
const BARE = `
const { readFileSync } = require('node:fs');
const vm = require('node:vm');
const file = process.argv[2];
const context = vm.createContext({});
const wrapped = '(function (require, module, exports, __filename, __dirname, console, Buffer, process) {' + readFileSync(file, 'utf8') + '})';
vm.runInContext(wrapped, context, { filename: file })(require, { exports: {} }, {}, file, __dirname, console, Buffer, process);
`;

/** As an Electron renderer, or Jest's jsdom: some of what Node.js has is missing, or another's. */
const ELECTRON = `
Object.defineProperty(process.versions, 'electron', { value: '40.0.0' });
if (!require('node:worker_threads').isMainThread) return;
for (const name of ['performance', 'setImmediate', 'clearImmediate', 'TextDecoder', 'TextEncoder', 'URL', 'AbortController', 'fetch', 'structuredClone']) {
  delete globalThis[name];
}
globalThis.setTimeout = () => { throw new Error('the timers of a page give no objects'); };
`;

const IDENTITY = `
const required = require('axonode');
import('axonode').then((imported) => {
  const same = Object.keys(imported).filter((name) => imported[name] === required[name]).length;
  console.log(same === Object.keys(imported).length && imported.tensor([1]) instanceof required.Tensor);
});
`;

const node = process.execPath;
let project: Project;
beforeAll(async () => {
  project = await Project.make({
    ...PROGRAMS,
    'bare.cjs': BARE,
    'electron.cjs': ELECTRON,
    'identity.cjs': IDENTITY,
  });
});
afterAll(() => project.remove());

const well = { ...ALL_WELL, version: VERSION };

describe('a program in CommonJS', () => {
  it('requires the package', async () => {
    const said = await run(node, ['main.cjs'], project.folder);
    expect(said.stderr).toBe('');
    expect(JSON.parse(said.stdout)).toEqual(well);
  });

  it('has one copy of it, whether required or imported', async () => {
    const said = await run(node, ['identity.cjs'], project.folder);
    expect(said).toEqual({ code: 0, stdout: 'true\n', stderr: '' });
  });
});

describe('two copies of the package in one program', () => {
  it('know each other’s tensors as such', async () => {
    const program = `
      const other = require('./node_modules/axonode/dist/cjs');
      const { relu } = require('axonode');
      try { relu(other.tensor([1])); } catch (error) { console.log(error.message); }
    `;
    await project.write({ 'copies.cjs': program });
    const said = await run(node, ['copies.cjs'], project.folder);
    expect(said.stdout).toContain('relu: input is a Tensor of another copy of axonode');
  });
});

describe('a host that is not quite Node.js', () => {
  it('may have nothing but the language and require', async () => {
    const bundle = BUNDLES.find(({ name }) => name === 'esbuild cjs, all in one');
    await bundle?.make(project);
    const said = await run(node, ['bare.cjs', project.path(bundle?.file ?? '')], project.folder);
    expect(said.stderr).toBe('');
    expect(JSON.parse(said.stdout)).toEqual(well);
  });

  it.each(['main.cjs', 'main.mjs'])('may lack globals and external memory: %s', async (file) => {
    const said = await run(node, ['--no-warnings', '-r', './electron.cjs', file], project.folder, {
      AXONODE_EXTERNAL_BUFFERS: '0',
    });
    expect(said.stderr).toBe('');
    expect(JSON.parse(said.stdout)).toEqual(well);
  });
});

describe('the types', () => {
  const REQUIRED = `
import axonode = require('axonode');
const x: axonode.Tensor = axonode.tensor([1]);
const model: axonode.nn.Module = new axonode.nn.Linear(1, 2);
export const options: Partial<axonode.optim.SGDOptions> = { lr: 1 };
export const y: axonode.Tensor = new axonode.nn.Linear(1, 2).forward(x);
void model;
`;
  const IMPORTED = `
import { type Tensor, tensor, nn } from 'axonode';
export const y: Tensor = new nn.Linear(1, 2).forward(tensor([1]));
`;
  const files = {
    'required.cts': REQUIRED,
    'imported.cts': IMPORTED,
    'imported.mts': IMPORTED,
  };

  it.each(['Node16', 'NodeNext'])('are found from both kinds of modules: %s', (module) => {
    expect(compileConsumer(files, { module, moduleResolution: undefined })).toEqual([]);
  });

  it('are found by bundlers', () => {
    const options = { module: 'Preserve', moduleResolution: 'Bundler' };
    expect(compileConsumer({ 'imported.ts': IMPORTED }, options)).toEqual([]);
  });
});

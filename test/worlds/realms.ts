import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { Project, root, run, type Said } from './project.js';

/** What a test in a realm of its own does with the package: everything that takes a value of a built-in class. */
const REALM_TEST = `
test('typed arrays of this realm are taken, and given back', async () => {
  for (const [kind, dtype] of [[Float32Array, 'float32'], [Float64Array, 'float32'], [Int32Array, 'int32'], [Uint8Array, 'uint8'], [Uint8ClampedArray, 'uint8']]) {
    const x = tensor(kind.from([1, 2, 3]));
    expect(x.dtype).toBe(dtype);
    expect([...(await x.data())]).toEqual([1, 2, 3]);
    x.copyFrom(x.clone());
  }
  expect(backendInfo().name).toBe(process.env.EXPECTED_BACKEND ?? 'native');
});

test('scopes last as long as async functions of this realm', async () => {
  const x = tensor([1, 2, 3]);
  const inside = await scope(async () => {
    const y = x.add(1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    return (await y.sum().item()) + (await noGrad(async () => { await null; return y.mul(2).sum().item(); }));
  });
  expect(inside).toBe(9 + 18);
  const thenable = scope(() => { const y = x.add(1); return { then: (done) => setTimeout(() => done(y.sum()), 5) }; });
  expect(await (await thenable).item()).toBe(9);
});

test('plain objects, Maps, arrays and errors of this realm are what they are', async () => {
  expect(() => softplus(tensor([1]), { bta: 2 })).toThrow('did you mean beta');
  const both = await scope(async () => ({ a: tensor([1]), b: new Map([['c', tensor([2])]]), d: [tensor([3])] }));
  expect([await both.a.item(), await both.b.get('c').item(), await both.d[0].item()]).toEqual([1, 2, 3]);
  const model = new nn.Linear(2, 2);
  model.loadStateDict(new Map(model.stateDict()));
  await io.saveSafetensors(folder + '/m.safetensors', new Map(model.stateDict()));
  await io.saveSafetensors(folder + '/m.safetensors', Object.fromEntries(model.stateDict()));
  const { tensors } = await io.loadSafetensors(folder + '/m.safetensors');
  expect([...tensors.keys()].sort()).toEqual(['bias', 'weight']);
  await expect(io.loadSafetensors(folder + '/none')).rejects.toThrow(CheckpointError);
  await io.writeFileAtomic(folder + '/bytes', Uint8Array.of(1, 2));
});

test('what Node.js gives, which is of another realm in a vm context, is taken', async () => {
  const file = folder + '/file';
  fs.writeFileSync(file, Uint8Array.of(1, 2, 3));
  const bytes = fs.readFileSync(file);
  expect(tensor(bytes).dtype).toBe('uint8');
  expect(tensor(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)).dtype).toBe('uint8');
  await io.writeFileAtomic(folder + '/copy', bytes);
  expect(fs.readFileSync(folder + '/copy').equals(bytes)).toBe(true);
  const x = tensor([1, 2, 3]);
  const sum = await scope(() => { const y = x.add(1); return fs.promises.readFile(file).then(() => y.sum().item()); });
  expect(sum).toBe(9);
  const model = new nn.Linear(2, 2);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const set = new data.TensorDataset(tensor([[1, 2]]), tensor([0], { dtype: 'int32' }));
  const options = { model, optimizer, data: new data.DataLoader(set, { batchSize: 1 }), loss: crossEntropy, progress: false };
  await train.fit({ ...options, epochs: 1, checkpoint: folder + '/new', resume: true });
  await expect(io.loadSafetensors(file)).rejects.toThrow(CheckpointError);
  await expect(vision.decodeImage(bytes)).rejects.toThrow('neither JPEG');
});

test('samples of a dataset of this realm become batches', async () => {
  const set = { length: 4, get: async (i) => ({ x: Float32Array.of(i, 1), y: Int32Array.of(i % 2) }) };
  for await (const batch of new data.DataLoader(set, { batchSize: 2 })) expect(batch.x.shape).toEqual([2, 2]);
});

test('trains with async steps, and searches in threads', async () => {
  const model = new nn.Linear(2, 2);
  const optimizer = new optim.Adam(model.parameters(), { lr: 0.1 });
  const set = new data.TensorDataset(tensor(Float32Array.from({ length: 16 }, Math.sin), { shape: [8, 2] }), tensor(Int32Array.from({ length: 8 }, (_, i) => i % 2)));
  const step = async ([x, y]) => { const output = model.forward(x); await null; return { loss: crossEntropy(output, y) }; };
  const history = await train.fit({ model, optimizer, data: new data.DataLoader(set, { batchSize: 4 }), step, epochs: 2, progress: false, checkpoint: folder + '/run' });
  expect(history.epochs.length).toBe(2);
  await train.fit({ model, optimizer, data: new data.DataLoader(set, { batchSize: 4 }), step, epochs: 3, progress: false, checkpoint: folder + '/run', resume: true });
  const controller = new AbortController();
  const { best } = await tune.search({ space: { lr: tune.uniform(0, 1) }, trial: folder + '/trial.mjs', trials: 1, signal: controller.signal });
  expect(best.score).toBe(7);
  const { width } = await vision.decodeImage(Uint8Array.from(atob('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII='), (c) => c.charCodeAt(0)));
  expect(width).toBe(1);
});
`;
const NAMES = `{ CheckpointError, backendInfo, crossEntropy, data, io, nn, noGrad, optim, scope, softplus, tensor, train, tune, vision }`;
const FOLDER = `const folder = process.cwd() + '/made-' + Math.random();\n`;

const PREPARE = `beforeAll(() => { fs.mkdirSync(folder); fs.copyFileSync(process.cwd() + '/trial.mjs', folder + '/trial.mjs'); });\n`;
const ES = `import fs from 'node:fs';\nimport ${NAMES} from 'axonode';\n${FOLDER}${PREPARE}${REALM_TEST}`;
const COMMON = `const fs = require('node:fs');\nconst ${NAMES} = require('axonode');\n${FOLDER}${PREPARE}${REALM_TEST}`;

/** What ts-jest and babel-jest do to tests: TypeScript and ES modules become CommonJS. */
const TRANSFORM = `
const { transformSync } = require(${JSON.stringify(join(root, 'node_modules/esbuild'))});
module.exports = { process: (text, path) => ({ code: transformSync(text, { format: 'cjs', loader: 'ts', sourcefile: path }).code }) };
`;

export const REALM_FILES = {
  'trial.mjs': 'export default ({ params }) => params.lr * 0 + 7;\n',
  'common.test.js': COMMON,
  'module.test.mjs': ES,
  'typed.test.ts': ES,
  'vitest/realm.test.mjs': ES,
  'transform.cjs': TRANSFORM,
  'vitest.config.mjs': `
    const pools = ['threads', 'forks', 'vmThreads', 'vmForks'];
    export default {
      test: {
        globals: true,
        projects: pools.map((pool) => ({ extends: true, test: { name: pool, include: ['vitest/*.test.mjs'], pool } })),
      },
    };
  `,
};

/** A test runner, and how it is told which tests to run. */
export interface Runner {
  readonly name: string;
  readonly args: readonly string[];
  /** How many tests pass. */
  readonly tests: number;
}

const JEST = 'node_modules/jest/bin/jest.js';
const jest = (pattern: string, more: object = {}): string[] => [
  join(root, JEST),
  '--config',
  JSON.stringify({ testMatch: [`**/${pattern}`], ...more }),
];

export const RUNNERS: readonly Runner[] = [
  // No option but the file's name.
  { name: 'Jest, defaults', args: [join(root, JEST), 'common'], tests: 6 },
  {
    name: 'Jest, ES modules',
    args: [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      ...jest('module.test.mjs'),
    ],
    tests: 6,
  },
  {
    name: 'Jest, TypeScript made into CommonJS',
    args: jest('typed.test.ts', { transform: { '\\.ts$': './transform.cjs' } }),
    tests: 6,
  },
  {
    name: 'vitest, four pools',
    args: [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--config', 'vitest.config.mjs'],
    tests: 24,
  },
];

export async function makeRealms(): Promise<Project> {
  const project = await Project.make(REALM_FILES);
  await symlink(join(root, 'node_modules/vitest'), project.path('node_modules/vitest'), 'dir');
  return project;
}

/** Runs it, and returns what it said. */
export function runTests(node: string, runner: Runner, project: Project): Promise<Said> {
  // Machines are busy at times.
  return run(node, [...runner.args, '--testTimeout=60000'], project.folder);
}

/** Tests that passed, as the runner says; -1 if any did not. */
export function passed({ code, stdout, stderr }: Said): number {
  if (code !== 0) return -1;
  const said = stripVTControlCharacters(`${stdout}\n${stderr}`);
  const found = /Tests:?\s+(?:\S+ )??(\d+) passed/.exec(said);
  return Number(found?.[1] ?? -1);
}

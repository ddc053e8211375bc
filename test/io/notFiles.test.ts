import { lstat, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as api from '../../src/index.js';
import {
  AxonodeError,
  crossEntropy,
  data,
  io,
  nn,
  optim,
  randint,
  randn,
  type Tensor,
  tensor,
  train,
  tune,
  vision,
} from '../../src/index.js';
import { AppendFile } from '../../src/io/appendFile.js';
import { RegularFile } from '../../src/io/regularFile.js';
import { makeNotFiles, type NotFiles, within } from '../support/notFiles.js';

/** It takes milliseconds. A busy machine may need longer; a pipe that is waited for has no end. */
const MOST_MS = 10_000;

type Call = (path: string) => Promise<unknown>;

/** A run of one step. */
function run(
  options: Partial<train.FitCommon<nn.Linear, readonly [Tensor, Tensor]>>,
): Promise<unknown> {
  const model = new nn.Linear(3, 2);
  return train.fit({
    model,
    data: [[randn([2, 3]), randint(0, 2, [2])] as const],
    loss: crossEntropy,
    optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
    progress: false,
    ...options,
  });
}

/** A run whose writer cannot write: it goes on, and its warning is what came of it. */
async function warned(callbackOf: (path: string) => train.Callback, path: string): Promise<void> {
  const faults: unknown[] = [];
  const logger = {
    info() {},
    warn: (values: object) => void faults.push(Object.values(values)[0]),
  };
  await run({ callbacks: [callbackOf(path)], logger });
  if (faults.length > 0) throw faults[0];
}

const trial = new URL('../train/tune/trials.mjs', import.meta.url);
const space = { lr: tune.uniform(0, 1) };

let temporary = '';
let inFolder = 0;
/** A folder in which `name` is what there is at the path. */
async function folderWith(name: string, path: string): Promise<string> {
  const folder = join(temporary, `in-${inFolder++}`);
  await mkdir(dirname(join(folder, name)), { recursive: true });
  if (path === '' || path.includes('\0') || path.length > 4000) return path;
  await symlink(path, join(folder, name));
  return folder;
}

const READERS: Readonly<Record<string, Call>> = {
  'io.loadSafetensors': (path) => io.loadSafetensors(path),
  'data.loadText': (path) => data.loadText(path),
  'data.CharVocabulary': (path) => data.CharVocabulary.load(path),
  'data.loadMnist': (path) => data.loadMnist('test', { folder: path }),
  'data.loadMnist: a file': async (path) =>
    data.loadMnist('test', { folder: await folderWith('t10k-images-idx3-ubyte', path) }),
  'data.loadMnist: the cache': async (path) =>
    data.loadMnist('test', {
      cacheFolder: await folderWith('t10k-images-idx3-ubyte.gz', path),
      download: false,
    }),
  'data.loadCifar10': (path) => data.loadCifar10('test', { folder: path }),
  'data.loadCifar10: a file': async (path) =>
    data.loadCifar10('test', { folder: await folderWith('test_batch.bin', path) }),
  'data.loadCifar10: an archive': async (path) =>
    data.loadCifar10('test', { folder: await folderWith('cifar-10-binary.tar.gz', path) }),
  'data.loadCifar100': (path) => data.loadCifar100('test', { folder: path }),
  'data.loadCifar100: a file': async (path) =>
    data.loadCifar100('test', { folder: await folderWith('test.bin', path) }),
  'data.ImageFolder': (path) => data.ImageFolder.open(path),
  'data.ImageFolder: an image': async (path) => {
    const folder = await folderWith('class/a.png', path);
    const images = await data.ImageFolder.open(folder);
    return images.get(0);
  },
  'vision.decodeImage': (path) => vision.decodeImage(path),
  'train.fit: resume': (path) => run({ resume: path }),
  'train.fit: resume from last': async (path) =>
    run({ resume: await folderWith('last.safetensors', path) }),
  'tune.search: file': (path) => tune.search({ space, trial, trials: 1, file: path }),
};

const WRITERS: Readonly<Record<string, Call>> = {
  'io.saveSafetensors': (path) => io.saveSafetensors(path, { x: tensor([1]) }),
  'io.writeFileAtomic': (path) => io.writeFileAtomic(path, 'text'),
  'data.CharVocabulary: save': (path) => data.CharVocabulary.of('ab').save(path),
  'train.writeReport': (path) => train.writeReport(path, new train.History([])),
  'train.fit: checkpoint': (path) => run({ checkpoint: path }),
  'train.ModelCheckpoint': (path) => run({ callbacks: [new train.ModelCheckpoint(path)] }),
  'train.TensorBoardWriter': async (path) => {
    const board = new train.TensorBoardWriter(path);
    board.scalar('loss', 1, 0);
    await board.close();
  },
  'train.TensorBoard': (path) => warned((at) => new train.TensorBoard(at), path),
  'train.CsvLogger': (path) => warned((at) => new train.CsvLogger(at), path),
  'train.HtmlReport': (path) => warned((at) => new train.HtmlReport(at), path),
  'train.LearningRateLogger': (path) => warned((at) => new train.LearningRateLogger(at), path),
  AppendFile: async (path) => (await AppendFile.open(path)).close(),
};

/** What some can do with a path, because they take folders, or may put a file in the place of a link. */
const FINE: Readonly<Record<string, readonly string[]>> = {
  'train.fit: checkpoint': ['a folder'],
  'train.ModelCheckpoint': ['a folder'],
  'train.TensorBoardWriter': ['a folder'],
  'train.TensorBoard': ['a folder'],
  // A folder without a checkpoint: the run starts from its beginning.
  'train.fit: resume': ['a folder'],
};
const REPLACES_LINKS = new Set([
  'io.saveSafetensors',
  'io.writeFileAtomic',
  'data.CharVocabulary: save',
  'train.writeReport',
  'train.CsvLogger',
  'train.HtmlReport',
  'train.LearningRateLogger',
]);

/** Exports that speak of paths, but open none. */
const OTHERS = [
  // Says what a checkpoint holds.
  'train.Metric',
  'data.ImageDataset',
  'data.parseIdx',
  'io.parseSafetensors',
  'nn.Module',
  'plot.barChart',
  'plot.decisionBoundary',
  'plot.panels',
  'train.LearningRateSweep',
  'train.Progress',
  'tune.SearchResult',
];

let paths: NotFiles = new Map();
let close = async (): Promise<void> => {};

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'axonode-'));
  ({ paths, close } = await makeNotFiles(temporary));
});
afterAll(async () => {
  await close();
  await rm(temporary, { recursive: true });
});

/** What a call came to, by what there was at the path: a message of ours, or what went wrong. */
async function outcomes(name: string, call: Call, fine: readonly string[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const [what, path] of paths) {
    try {
      await within(MOST_MS, call(path));
      if (!fine.includes(what)) wrong.push(`${name}, ${what}: passed`);
    } catch (error) {
      if (!(error instanceof AxonodeError)) wrong.push(`${name}, ${what}: ${String(error)}`);
    }
  }
  return wrong;
}

describe('a path at which there is no file', () => {
  it.each(Object.entries(READERS))('is refused by %s', async (name, call) => {
    expect(await outcomes(name, call, FINE[name] ?? [])).toEqual([]);
  });

  it.each(Object.entries(WRITERS))('is refused by %s', async (name, call) => {
    const replaced = REPLACES_LINKS.has(name) ? ['a dangling link'] : [];
    expect(await outcomes(name, call, [...(FINE[name] ?? []), ...replaced])).toEqual([]);
    await rm(join(temporary, 'dangling'), { force: true });
    await symlink(join(temporary, 'nowhere'), join(temporary, 'dangling'));
  });

  it.runIf(process.platform === 'linux')('is left as it was', async () => {
    expect((await lstat('/dev/zero')).isCharacterDevice()).toBe(true);
    expect((await lstat('/dev/full')).isCharacterDevice()).toBe(true);
    expect((await lstat(join(temporary, 'pipe'))).isFIFO()).toBe(true);
    expect((await lstat(join(temporary, 'socket'))).isSocket()).toBe(true);
  });

  it('is named, with what there is', async () => {
    await expect(data.loadText(join(temporary, 'pipe'))).rejects.toThrow(
      `${join(temporary, 'pipe')}: not a file, but a named pipe (FIFO)`,
    );
    await expect(io.loadSafetensors('/dev/zero')).rejects.toThrow(/a character device/);
    await expect(data.loadText(join(temporary, 'socket'))).rejects.toThrow(/a socket/);
    await expect(data.loadText(join(temporary, 'folder'))).rejects.toThrow(/a folder/);
    await expect(data.loadText('a\0b')).rejects.toThrow(/zero character/);
    await expect(Reflect.apply(data.loadText, null, [7])).rejects.toThrow(/of type number/);
  });

  it('is refused as the module of a trial', async () => {
    for (const path of ['/dev/zero', join(temporary, 'pipe'), '']) {
      const searching = tune.search({ space, trial: path, trials: 1 });
      await expect(within(MOST_MS, searching)).rejects.toThrow(api.ArgumentError);
    }
  });
});

it('every function that takes a path is in the table', () => {
  const words = /\b(path|folder|root|cacheFolder|resume|checkpoint|trial|file|source)\b/;
  const namespaces = Object.entries(api).filter(([, value]) => typeof value === 'object');
  const named = namespaces.flatMap(([space, all]) =>
    Object.entries(all).flatMap(([name, value]) =>
      typeof value === 'function' && words.test(String(value)) ? [`${space}.${name}`] : [],
    ),
  );
  const tried = [...Object.keys(READERS), ...Object.keys(WRITERS)].map((key) => key.split(':')[0]);
  const known = new Set([...tried, ...OTHERS]);
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});

it('many pipes at a time leave the process its file work', async () => {
  const pipe = join(temporary, 'pipe');
  const refused = Array.from({ length: 16 }, () => data.loadText(pipe).catch(() => 'refused'));
  const path = join(temporary, 'text');
  await writeFile(path, 'text');
  expect(await within(MOST_MS, data.loadText(path))).toBe('text');
  expect(new Set(await Promise.all(refused))).toEqual(new Set(['refused']));
});

describe('a file whose size is no limit', () => {
  it.runIf(process.platform === 'linux')('is read, where it says 0', async () => {
    expect(await data.loadText('/proc/self/stat')).toContain(String(process.pid));
    await expect(data.loadText('/proc/self/status', { maxBytes: 20 })).rejects.toThrow(
      /more than 20 bytes/,
    );
  });

  it('is read to its end, and no further than maxBytes, while it grows', async () => {
    const path = join(temporary, 'growing');
    const grownTo = async (maxBytes: number): Promise<number> => {
      await writeFile(path, 'a'.repeat(1000));
      return RegularFile.use(path, { fault: api.DataError }, async (file) => {
        await writeFile(path, 'b'.repeat(2 ** 21), { flag: 'a' });
        const bytes = await file.readAll(maxBytes);
        let length = 0;
        for await (const piece of file.pieces(maxBytes)) length += piece.length;
        expect(length).toBe(bytes.length);
        return length;
      });
    };
    expect(await grownTo(2 ** 22)).toBe(2 ** 21 + 1000);
    await expect(grownTo(2 ** 21)).rejects.toThrow(/more than 2097152 bytes, at most 2097152/);
  });

  it('is refused for a limit that is none', async () => {
    const path = join(temporary, 'limited');
    await writeFile(path, 'text');
    for (const maxBytes of [Number.NaN, -1]) {
      await expect(data.loadText(path, { maxBytes })).rejects.toThrow(api.ArgumentError);
    }
    expect(await data.loadText(path, { maxBytes: Number.POSITIVE_INFINITY })).toBe('text');
    expect(await readFile(path, 'utf8')).toBe('text');
  });
});

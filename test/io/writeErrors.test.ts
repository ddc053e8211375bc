import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  CheckpointError,
  crossEntropy,
  data,
  io,
  nn,
  optim,
  randint,
  randn,
  tensor,
  train,
  tune,
  WriteError,
} from '../../src/index.js';
import { AppendFile } from '../../src/io/appendFile.js';
import { eachInFolder } from '../support/folder.js';

/** The fault of every write from now on, as the system names it; null for none. */
const disk = vi.hoisted((): { fault: string | null; writes: number } => ({
  fault: null,
  writes: 0,
}));

vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs/promises')>();
  return {
    ...real,
    open: async (...args: Parameters<typeof real.open>) => {
      const file = await real.open(...args);
      const fails = async (): Promise<never> => {
        throw Object.assign(new Error(`${disk.fault}: write`), {
          code: disk.fault,
          syscall: 'write',
        });
      };
      for (const name of ['write', 'writeFile'] as const) {
        const original = file[name].bind(file);
        Object.defineProperty(file, name, {
          value: (...given: never[]) => {
            disk.writes++;
            return disk.fault === null ? Reflect.apply(original, file, given) : fails();
          },
        });
      }
      return file;
    },
  };
});

afterEach(() => {
  disk.fault = null;
});

let folder = '';
eachInFolder((path) => {
  folder = path;
});

const vocabulary = data.CharVocabulary.of('ab');
const weights = { x: tensor([1, 2]) };
const trial = new URL('../train/tune/trials.mjs', import.meta.url);

type Save = (path: string) => Promise<unknown>;
const SAVERS: Readonly<Record<string, Save>> = {
  writeFileAtomic: (path) => io.writeFileAtomic(path, 'text'),
  'writeFileAtomic, in pieces': (path) =>
    io.writeFileAtomic(path, [Uint8Array.of(1), Uint8Array.of(2)]),
  saveSafetensors: (path) => io.saveSafetensors(path, weights),
  'CharVocabulary.save': (path) => vocabulary.save(path),
  writeReport: (path) => train.writeReport(path, new train.History([])),
};

async function faultOf(saving: Promise<unknown>): Promise<{ error: unknown; code: unknown }> {
  const error: unknown = await saving.then(
    () => 'saved',
    (failure: unknown) => failure,
  );
  const cause = error instanceof Error ? error.cause : undefined;
  return { error, code: cause instanceof Error && 'code' in cause ? cause.code : undefined };
}

describe.each(Object.entries(SAVERS))('%s', (_, save) => {
  it.each(['ENOSPC', 'EROFS', 'EACCES', 'EDQUOT', 'EIO'])(
    'is a WriteError for %s, and leaves what there was',
    async (code) => {
      const path = join(folder, 'file');
      await save(path);
      const before = await readFile(path);
      disk.fault = code;
      const found = await faultOf(save(path));
      expect(found.error).toBeInstanceOf(WriteError);
      expect(found.code).toBe(code);
      expect(String(found.error)).toContain(path);
      expect((await readFile(path)).equals(before)).toBe(true);
      expect(await readdir(folder)).toEqual(['file']);
    },
  );

  it('is a WriteError for a folder in the way, a long name, a file on the way', async () => {
    const taken = join(folder, 'taken');
    await mkdir(join(taken, 'full'), { recursive: true });
    await vocabulary.save(join(folder, 'file'));
    const cases: readonly (readonly [string, unknown])[] = [
      [taken, 'EISDIR'],
      [join(folder, 'n'.repeat(300)), 'ENAMETOOLONG'],
      [join(folder, 'file', 'below'), expect.stringMatching(/ENOTDIR|EEXIST/)],
    ];
    for (const [path, code] of cases) {
      const found = await faultOf(save(path));
      expect(found.error, path).toBeInstanceOf(WriteError);
      expect(found.code, path).toEqual(code);
    }
    expect((await readdir(folder)).sort()).toEqual(['file', 'taken']);
  });
});

describe('a full disk', () => {
  it('is told by a search, whose file is as it was', async () => {
    const options = { space: { lr: tune.uniform(0, 1) }, trial, exportName: 'bowl', workers: 1 };
    const file = join(folder, 'search.json');
    disk.fault = 'ENOSPC';
    const found = await faultOf(tune.search({ ...options, trials: 1, file }));
    expect(found.error).toBeInstanceOf(WriteError);
    expect(found.code).toBe('ENOSPC');
    expect(await readdir(folder)).toEqual([]);
  });

  it('is told by fit', async () => {
    const model = new nn.Linear(3, 2);
    const options = {
      model,
      data: [[randn([2, 3]), randint(0, 2, [2])] as const],
      loss: crossEntropy,
      optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
      progress: false,
      checkpoint: folder,
    };
    await train.fit(options);
    const before = await readFile(join(folder, 'last.safetensors'));
    // At its beginning, and in its middle.
    const fill: train.Callback = {
      onEpochEnd: () => {
        disk.fault = 'ENOSPC';
      },
    };
    for (const callbacks of [[fill], []]) {
      const found = await faultOf(train.fit({ ...options, callbacks }));
      expect(found.error).toBeInstanceOf(CheckpointError);
      expect(found.code).toBe('ENOSPC');
      expect(String(found.error)).toMatch(/cannot be written: ENOSPC.*before is untouched/);
      expect((await readFile(join(folder, 'last.safetensors'))).equals(before)).toBe(true);
    }
    disk.fault = null;
    await rm(join(folder, '.axonode-lock'), { force: true });
    expect((await readdir(folder)).sort()).toEqual(['best.safetensors', 'last.safetensors']);
  });

  it('is told by a file that grows, which does not end in half a record', async () => {
    const file = await AppendFile.open(join(folder, 'log'));
    await file.append(Buffer.from('one\n'));
    disk.fault = 'ENOSPC';
    const found = await faultOf(file.append(Buffer.from('two\n')));
    expect(found.error).toBeInstanceOf(WriteError);
    expect(found.code).toBe('ENOSPC');
    disk.fault = null;
    await file.append(Buffer.from('three\n'));
    await file.close();
    expect(await readFile(join(folder, 'log'), 'utf8')).toBe('one\nthree\n');
  });

  it('was tried: the writes went through here', () => {
    expect(disk.writes).toBeGreaterThan(50);
  });
});

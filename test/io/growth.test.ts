import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findImages } from '../../src/data/imageFiles.js';
import { CharVocabulary, loadCifar10, loadText, parseIdx } from '../../src/data/index.js';
import { tarEntries } from '../../src/data/tar.js';
import { AppendFile } from '../../src/io/appendFile.js';
import { inPieces, unpack } from '../../src/io/gzip.js';
import { loadSafetensors, parseSafetensors } from '../../src/io/index.js';
import { parseExact, stringifyExact } from '../../src/io/json.js';
import { bytesField, doublesField } from '../../src/io/protobuf.js';
import { parseStrictJson } from '../../src/io/strictJson.js';
import {
  encodeCheckpoint,
  readCheckpoint,
  writeCheckpoint,
} from '../../src/train/checkpoint/checkpointFile.js';
import { objectOf, positionOf } from '../../src/train/checkpoint/savedState.js';
import { ResultStore } from '../../src/train/tune/store.js';
import { encodePng } from '../../src/vision/png.js';
import { tar } from '../support/images.js';
import { PLANTED } from '../support/planted.js';
import { growthOf } from '../support/steps.js';

/** Of linear work, the growth is 2; of sorting, a little more. What is quadratic has 4. */
const MOST = 2.6;

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const list = <T>(size: number, of: (i: number) => T): T[] =>
  Array.from({ length: size }, (_, i) => of(i));

let folder = '';
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'axonode-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(content: string | Uint8Array): Promise<string> {
  const path = join(folder, `file-${files++}`);
  await writeFile(path, content);
  return path;
}

async function drain(archive: Uint8Array): Promise<void> {
  for await (const entry of tarEntries(inPieces(archive), 'x.tar')) void entry;
}

function pax(records: number): Uint8Array {
  return bytesOf('6 a=1\n'.repeat(records));
}

function safetensors(records: readonly string[]): Uint8Array {
  const header = bytesOf(`{${records.join(',')}}`);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return new Uint8Array(Buffer.concat([length, header]));
}
const empty = (name: string): string =>
  `"${name}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`;

type Prepare = (size: number) => (() => unknown) | Promise<() => unknown>;

/** A parser and its input, by the number of items in it. */
const PARSERS: Readonly<Record<string, readonly [size: number, prepare: Prepare]>> = {
  'tar: files': [
    50,
    (n) => {
      const archive = tar(list(n, (i) => ({ name: `a/${i}`, bytes: bytesOf('1') })));
      return () => drain(archive);
    },
  ],
  'tar: pax headers': [
    20,
    (n) => {
      const archive = tar(list(n, () => ({ name: 'p', type: 'x', bytes: pax(200) })));
      return () => drain(archive);
    },
  ],
  'tar: pax records': [
    1000,
    (n) => {
      const archive = tar([{ name: 'p', type: 'x', bytes: pax(n) }]);
      return () => drain(archive);
    },
  ],
  'tar: long names': [
    20,
    (n) => {
      const archive = tar(
        list(n, () => ({ name: 'L', type: 'L', bytes: bytesOf('n'.repeat(999)) })),
      );
      return () => drain(archive);
    },
  ],
  'an archive of images': [
    50,
    async (n) => {
      // From the last to the first: they are to be sorted.
      const path = await fileOf(tar(list(n, (i) => ({ name: `c${i % 7}/${1e6 - i}.png` }))));
      return () => findImages(path, 2 ** 24);
    },
  ],
  idx: [
    1000,
    (n) => {
      const bytes = new Uint8Array(8 + 4 * n);
      bytes.set([0, 0, 0x0c, 1]);
      new DataView(bytes.buffer).setUint32(4, n);
      return () => parseIdx(bytes);
    },
  ],
  cifar: [
    20,
    async (n) => {
      await writeFile(join(folder, 'test_batch.bin'), new Uint8Array(3073 * n));
      return () => loadCifar10('test', { folder });
    },
  ],
  gzip: [
    2 ** 18,
    (n) => {
      const packed = gzipSync(new Uint8Array(n));
      return () => unpack(packed, 'x.gz', 2 ** 24);
    },
  ],
  text: [
    2 ** 19,
    async (n) => {
      const path = await fileOf('é\n'.repeat(n));
      return () => loadText(path);
    },
  ],
  'safetensors: tensors': [
    300,
    (n) => {
      const bytes = safetensors(list(n, (i) => empty(`t${i}`)));
      return () => parseSafetensors(bytes);
    },
  ],
  'safetensors: a file': [
    300,
    async (n) => {
      const path = await fileOf(safetensors(list(n, (i) => empty(`t${i}`))));
      return () => loadSafetensors(path);
    },
  ],
  'safetensors: out of order': [
    300,
    (n) => {
      const at = (i: number): string => `${n - 1 - i},${n - i}`;
      const records = list(
        n,
        (i) => `"t${i}":{"dtype":"U8","shape":[1],"data_offsets":[${at(i)}]}`,
      );
      const header = safetensors(records);
      const bytes = new Uint8Array(Buffer.concat([header, new Uint8Array(n)]));
      return () => parseSafetensors(bytes);
    },
  ],
  'safetensors: metadata': [
    300,
    (n) => {
      const notes = list(n, (i) => `"k${i}":"v"`).join(',');
      const bytes = safetensors([`"__metadata__":{${notes}}`]);
      return () => parseSafetensors(bytes);
    },
  ],
  'strict JSON: keys': [
    300,
    (n) => {
      const text = JSON.stringify(Object.fromEntries(list(n, (i) => [`k${i}`, [i, true, null]])));
      return () => parseStrictJson(text);
    },
  ],
  'strict JSON: escapes': [
    1000,
    (n) => {
      const text = JSON.stringify('\\"'.repeat(n) + '\\'.repeat(n));
      return () => parseStrictJson(text);
    },
  ],
  'strict JSON: spaces and digits': [
    1000,
    (n) => {
      const text = `[${' '.repeat(n)}${'1'.repeat(n)}${'\n'.repeat(n)},"${'a'.repeat(n)}"]`;
      return () => parseStrictJson(text);
    },
  ],
  'exact JSON': [
    300,
    (n) => {
      const text = stringifyExact(list(n, (i) => (i % 2 ? Number.NaN : { i })));
      return () => parseExact(text);
    },
  ],
  'exact JSON: nested': [
    300,
    (n) => {
      const text = `${'[{"$number":"1"},'.repeat(n)}0${']'.repeat(n)}`;
      return () => parseExact(text);
    },
  ],
  protobuf: [
    1000,
    (n) => {
      const piece = Uint8Array.of(1);
      const pieces = list(n, () => piece);
      return () => {
        bytesField(1, ...pieces);
        doublesField(2, new Float64Array(n));
      };
    },
  ],
  png: [
    200,
    (n) => {
      const data = new Uint8Array(n * 16 * 3);
      return () => encodePng({ width: 16, height: n, channels: 3, data });
    },
  ],
  vocabulary: [
    300,
    async (n) => {
      const characters = list(n, (i) => String.fromCodePoint(0x4e00 + i));
      const path = await fileOf(JSON.stringify({ format: 'axonode-characters', characters }));
      return () => CharVocabulary.load(path);
    },
  ],
  checkpoint: [
    100,
    async (n) => {
      const path = join(folder, 'checkpoint');
      const values = { loss: 1, accuracy: Number.NaN };
      const epochs = list(n, (i) => ({
        epoch: i + 1,
        step: i + 1,
        values,
        lr: 1,
        seconds: 1,
        samplesPerSecond: 1,
      }));
      const random = { seed: 1, counter: 1 };
      const counts = { epochsDone: n, step: n, batch: 0, samples: 0, seconds: 1 };
      const progression = { ...counts, trained: null, stopReason: null, random, epochs };
      const pieces = await encodeCheckpoint({ progression }, new Map());
      await writeCheckpoint(path, pieces);
      const names = { values: Object.keys(values), batches: undefined };
      return async () => {
        const { state } = await readCheckpoint(path);
        return positionOf(objectOf(state, 'the state').progression, names);
      };
    },
  ],
  search: [
    100,
    async (n) => {
      const identity = { seed: 0, goal: 'min', space: {}, strategy: {}, trials: n } as const;
      const run = { params: { lr: 1 }, budget: 1, score: 1, seconds: 1 };
      const runs = list(n, (trial) => ({ trial, ...run }));
      const path = await fileOf(JSON.stringify({ version: 1, identity, runs }));
      return () => new ResultStore(path, identity).load();
    },
  ],
  'csv append': [
    200,
    (n) => async () => {
      const file = await AppendFile.open(join(folder, 'rows.csv'));
      for (let i = 0; i < n; i++) await file.append(bytesOf('1,2,3\n'));
      await file.close();
    },
  ],
};

// Before anything is counted, which makes all of it slower.
it('others have their turn while a long header is parsed', async () => {
  const path = await fileOf(safetensors(list(20_000, (i) => empty(`t${i}`))));
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const { tensors } = await loadSafetensors(path);
  isDone = true;
  expect(tensors.size).toBe(20_000);
  // Reading the file has a few turns of its own; in one piece, there would be no more.
  expect(turns).toBeGreaterThan(10);
});

describe('twice the input is twice the work', () => {
  it.each(Object.entries(PARSERS))('%s', async (_, [size, prepare]) => {
    const growth = await growthOf(prepare, size);
    expect(growth).toBeGreaterThan(1.2);
    expect(growth).toBeLessThan(MOST);
  });

  it.each(Object.entries(PLANTED))('is not so where %s', async (_, parse) => {
    expect(await growthOf((n) => () => parse('1,'.repeat(n)), 100)).toBeGreaterThan(3.5);
  });
});

import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CharVocabulary } from '../../src/data/index.js';
import { AxonodeError, CheckpointError, crossEntropy, nn, optim, train } from '../../src/index.js';
import { parseExact, stringifyExact } from '../../src/io/json.js';
import { layOut } from '../../src/io/safetensorsFile.js';
import { readCheckpoint, writeCheckpoint } from '../../src/train/checkpoint/checkpointFile.js';
import { ResultStore } from '../../src/train/tune/store.js';
import { eachInFolder } from '../support/folder.js';

let folder = '';
eachInFolder((path) => {
  folder = path;
});

/** Values that break what is careless, at every place of a file. */
const HOSTILE: readonly string[] = [
  '{"toString":1}',
  '{"toString":null,"valueOf":null}',
  '{"__proto__":{"version":1}}',
  '{"__proto__":null}',
  '{"constructor":{"prototype":{}}}',
  '{"length":-1}',
  '{"then":1}',
  '{"toJSON":1}',
  '{"hasOwnProperty":1}',
  '1e999',
  '-0',
  '9007199254740993',
  '""',
  'null',
  'true',
  '[]',
  '{}',
  '"\\ud800"',
  `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
  `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
];

/** The text with each of its values replaced, one after the other. */
function* mutations(value: unknown): Generator<string> {
  const MARK = '"@@"';
  function* places(item: unknown): Generator<unknown> {
    yield '@@';
    if (typeof item !== 'object' || item === null) return;
    for (const [key, part] of Object.entries(item)) {
      for (const changed of places(part)) {
        yield Array.isArray(item) ? item.with(Number(key), changed) : { ...item, [key]: changed };
      }
    }
  }
  for (const place of places(value)) {
    const text = JSON.stringify(place);
    for (const hostile of HOSTILE) yield text.replace(MARK, () => hostile);
  }
}

async function check(work: (text: string) => Promise<unknown>, value: unknown): Promise<number> {
  let tried = 0;
  for (const text of mutations(value)) {
    tried++;
    try {
      await work(text);
    } catch (error) {
      if (error instanceof AxonodeError) continue;
      throw new Error(`${text.slice(0, 200)}: ${String(error)}`, { cause: error });
    }
  }
  expect(Object.prototype).not.toHaveProperty('version');
  return tried;
}

describe('JSON that is meant to break something', () => {
  it('does not, as a vocabulary', async () => {
    const path = join(folder, 'vocabulary.json');
    const good = { format: 'axonode-characters', characters: ['a', 'b'] };
    const tried = await check(async (text) => {
      await writeFile(path, text);
      return CharVocabulary.load(path);
    }, good);
    expect(tried).toBe(5 * HOSTILE.length);
  });

  it('does not, as the file of a search', async () => {
    const path = join(folder, 'search.json');
    const identity = { seed: 0, goal: 'min', space: {}, strategy: {}, trials: 1 } as const;
    const run = { trial: 0, params: { lr: 1 }, budget: 1, score: 1, seconds: 1 };
    const good = { version: 1, identity, runs: [run] };
    await check(async (text) => {
      await writeFile(path, text);
      return new ResultStore(path, identity).load();
    }, good);
  });

  it('does not, as the state of a checkpoint that is otherwise whole', async () => {
    const path = join(folder, 'last.safetensors');
    for (const hostile of [...HOSTILE, '{', '']) {
      await writeCheckpoint(path, checkpointOf(hostile));
      const { state } = await readCheckpoint(path).catch((error: unknown) => {
        expect(error, hostile.slice(0, 50)).toBeInstanceOf(CheckpointError);
        return { state: 'refused' };
      });
      if (hostile === '{' || hostile === '') expect(state).toBe('refused');
      const model = new nn.Linear(2, 2);
      const resumed = train.fit({
        model,
        data: [],
        loss: crossEntropy,
        optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
        resume: path,
        progress: false,
      });
      await expect(resumed, hostile.slice(0, 50)).rejects.toThrow(CheckpointError);
    }
  });

  it('keeps its numbers and keys, however it is nested', () => {
    const value = { a: [Number.NaN, { b: -0, __proto__: null }], c: Number.NEGATIVE_INFINITY };
    const back = parseExact(stringifyExact(value));
    expect(back).toEqual({ a: [Number.NaN, { b: -0 }], c: Number.NEGATIVE_INFINITY });
    expect(parseExact('{"$number":"-0"}')).toBe(-0);
    const own = parseExact('{"__proto__":{"$number":"NaN"}}');
    expect(Object.keys(Object(own))).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(own)).toBe(Object.prototype);
    const deep = parseExact(`${'['.repeat(100_000)}{"$number":"1"}${']'.repeat(100_000)}`);
    expect(Array.isArray(deep)).toBe(true);
  });
});

/** A checkpoint without tensors whose checksum is right, whatever its state. */
function checkpointOf(state: string): Uint8Array[] {
  const format = 'axonode.checkpoint.1';
  const pieces = (sha256: string) => layOut(new Map(), { format, sha256, state });
  const hash = createHash('sha256');
  for (const piece of pieces('0'.repeat(64))) hash.update(piece);
  return pieces(hash.digest('hex'));
}

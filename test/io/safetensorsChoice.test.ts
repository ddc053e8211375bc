import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ArgumentError, CheckpointError } from '../../src/errors.js';
import { loadSafetensors, parseSafetensors, saveSafetensors } from '../../src/io/index.js';
import { tensor } from '../../src/ops/creation.js';
import { eachInFolder } from '../support/folder.js';

/** A file of tensors of one element each, whose dtypes and bytes are given. */
function fileOf(
  tensors: Readonly<Record<string, readonly [dtype: string, bytes: Uint8Array]>>,
): Uint8Array {
  let at = 0;
  const header = Buffer.from(
    JSON.stringify(
      Object.fromEntries(
        Object.entries(tensors).map(([name, [dtype, bytes]]) => {
          const start = at;
          at += bytes.length;
          return [name, { dtype, shape: [1], data_offsets: [start, at] }];
        }),
      ),
    ),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const data = Object.values(tensors).map(([, bytes]) => bytes);
  return new Uint8Array(Buffer.concat([length, header, ...data]));
}

const bytesOf = (...values: number[]): Uint8Array =>
  new Uint8Array(Float64Array.from(values).buffer);
const one = (value: number): readonly ['F32', Uint8Array] => [
  'F32',
  new Uint8Array(Float32Array.of(value).buffer),
];

describe('a file with tensors of dtypes that cannot be read', () => {
  const mixed = fileOf({
    head: one(1),
    eighth: ['F8_E4M3', Uint8Array.of(1)],
    sixteen: ['U16', Uint8Array.of(1, 0)],
    tomorrow: ['F3_X', Uint8Array.of(1, 2, 3)],
    body: one(2),
  });
  let path = '';
  eachInFolder((folder) => {
    path = join(folder, 'mixed.safetensors');
  });

  it('is refused as a whole, with what to do', async () => {
    await writeFile(path, mixed);
    const loading = loadSafetensors(path);
    await expect(loading).rejects.toThrow(CheckpointError);
    await expect(loading).rejects.toThrow(
      /mixed\.safetensors: tensor "eighth": dtype is "F8_E4M3", expected one of F64.*unreadable: 'skip'.*only/,
    );
  });

  it('gives the others, and says what it has left out', async () => {
    await writeFile(path, mixed);
    const { tensors, skipped } = await loadSafetensors(path, { unreadable: 'skip' });
    expect([...tensors.keys()]).toEqual(['head', 'body']);
    expect(await tensors.get('body')?.data()).toEqual(Float32Array.of(2));
    expect([...skipped]).toEqual([
      ['eighth', { dtype: 'F8_E4M3', shape: [1] }],
      ['sixteen', { dtype: 'U16', shape: [1] }],
      ['tomorrow', { dtype: 'F3_X', shape: [1] }],
    ]);
  });

  it('gives those that are named, in the order of the file', async () => {
    await writeFile(path, mixed);
    const named = await loadSafetensors(path, { only: ['body', 'head'] });
    expect([...named.tensors.keys()]).toEqual(['head', 'body']);
    expect(named.skipped.size).toBe(0);
    const chosen = await loadSafetensors(path, {
      only: (name, { dtype }) => dtype === 'F32' && name !== 'head',
    });
    expect([...chosen.tensors.keys()]).toEqual(['body']);
    await expect(loadSafetensors(path, { only: ['sixteen'] })).rejects.toThrow(
      /"sixteen": dtype is "U16"/,
    );
    expect([...parseSafetensors(mixed, { only: ['head'] }).entries.keys()]).toEqual(['head']);
  });

  it('is refused where a name is not in it, and for what is no list', async () => {
    await writeFile(path, mixed);
    await expect(loadSafetensors(path, { only: ['hea', 'neck'] })).rejects.toThrow(
      /mixed\.safetensors: it has no tensor "hea", "neck"/,
    );
    const wrong = (options: object) => loadSafetensors(path, options);
    await expect(wrong({ only: 'head' })).rejects.toThrow(ArgumentError);
    await expect(wrong({ only: 7 })).rejects.toThrow(ArgumentError);
    await expect(wrong({ only: null })).rejects.toThrow(ArgumentError);
    await expect(wrong({ unreadable: 'ignore' })).rejects.toThrow(ArgumentError);
  });

  it('may not have more than maxBytes to read', async () => {
    await writeFile(path, mixed);
    await expect(loadSafetensors(path, { only: ['head', 'body'], maxBytes: 7 })).rejects.toThrow(
      /have 8 bytes, at most 7 are read/,
    );
    await loadSafetensors(path, { only: ['head'], maxBytes: 4 });
  });
});

describe('F64 that becomes float32', () => {
  it('is refused where it would become infinite, with tensor and value', () => {
    const beyond = (value: number): Uint8Array =>
      fileOf({ ok: one(1), x: ['F64', bytesOf(value)] });
    for (const value of [2 ** 200, -(2 ** 200), 3.41e38, Number.MAX_VALUE]) {
      expect(() => parseSafetensors(beyond(value))).toThrow(CheckpointError);
      expect(() => parseSafetensors(beyond(value))).toThrow(`tensor "x": element 0 is ${value}`);
      expect(() => parseSafetensors(beyond(value))).toThrow(/float64: 'float64'/);
      const kept = parseSafetensors(beyond(value), { float64: 'float64' }).entries.get('x');
      expect(kept?.data).toEqual(Float64Array.of(value));
      parseSafetensors(beyond(value), { only: ['ok'] });
    }
  });

  it('keeps what is infinite or NaN, and rounds the rest', () => {
    const read = (value: number) =>
      parseSafetensors(fileOf({ x: ['F64', bytesOf(value)] })).entries.get('x')?.data[0];
    expect(read(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
    expect(read(Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
    expect(read(Number.NaN)).toBeNaN();
    expect(read(0.1)).toBe(Math.fround(0.1));
    // The largest that rounds to a float32.
    expect(read(3.4028235677973362e38)).toBe(Math.fround(3.4028234663852886e38));
    expect(read(1e-60)).toBe(0);
  });

  it('reads I64 as far as int32 goes', () => {
    const wide = (value: bigint): Uint8Array =>
      fileOf({ x: ['I64', new Uint8Array(BigInt64Array.of(value).buffer)] });
    for (const value of [0n, -1n, 2n ** 31n - 1n, -(2n ** 31n)]) {
      expect(parseSafetensors(wide(value)).entries.get('x')?.data[0]).toBe(Number(value));
    }
    for (const value of [
      2n ** 31n,
      -(2n ** 31n) - 1n,
      2n ** 32n,
      2n ** 63n - 1n,
      -(2n ** 63n),
      2n ** 32n + 5n,
    ]) {
      expect(() => parseSafetensors(wide(value))).toThrow(`element 0 is ${value}`);
    }
  });
});

it('what is no tensor cannot be saved', async () => {
  const save = (tensors: unknown) => Reflect.apply(saveSafetensors, null, ['/nowhere/x', tensors]);
  await expect(save({ x: 7 })).rejects.toThrow(ArgumentError);
  await expect(save(null)).rejects.toThrow(ArgumentError);
  await expect(save({ x: tensor([1]) })).rejects.toThrow(/cannot be written/);
});

import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../../src/errors.js';
import {
  parseSafetensors,
  readSafetensors,
  type SafetensorsEntry,
  serializeSafetensors,
  writeSafetensors,
} from '../../src/io/safetensorsFile.js';
import { eachInFolder } from '../support/folder.js';

const reference = fileURLToPath(
  new URL('../fixtures/safetensors/reference.safetensors', import.meta.url),
);

/** A file of a header as given, and bytes after it. */
function file(header: string | Uint8Array, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const text = typeof header === 'string' ? Buffer.from(header) : header;
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return new Uint8Array(Buffer.concat([length, text, data]));
}

/** A file of one float32 tensor "x" whose entry is as given. */
function fileOf(entry: object, dataBytes: number): Uint8Array {
  return file(JSON.stringify({ x: entry }), new Uint8Array(dataBytes));
}

function faultOf(bytes: Uint8Array): string {
  try {
    parseSafetensors(bytes, { file: 'w.safetensors' });
  } catch (error) {
    expect(error).toBeInstanceOf(CheckpointError);
    return error instanceof Error ? error.message : '';
  }
  throw new Error('the file was accepted');
}

const float32 = (shape: number[], ...values: number[]): SafetensorsEntry => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(values),
});

describe('a file that Python wrote', () => {
  it('is read with every dtype', async () => {
    const { metadata, entries } = await readSafetensors(reference);
    expect([...metadata]).toEqual([['format', 'pt']]);
    const get = (name: string) => entries.get(name);
    expect(get('layer.weight')).toEqual(float32([2, 3], 1.5, -2.25, 0.1, 1e-30, 3e38, -0));
    expect(get('layer.bias')).toEqual(float32([3], 1, 2, 3));
    expect(get('half')).toEqual(
      float32([7], 0, 1, -2.5, 65504, 2 ** -24, 0x3ff * 2 ** -24, Number.POSITIVE_INFINITY),
    );
    const bfloat = get('bfloat')?.data;
    expect(bfloat).toBeInstanceOf(Float32Array);
    expect((bfloat?.[3] ?? 0) / 3e38).toBeCloseTo(1, 2);
    expect(bfloat?.[4]).toBe(2 ** -133);
    expect(bfloat?.[5]).toBe(Number.NEGATIVE_INFINITY);
    expect(get('steps')).toEqual({ dtype: 'int32', shape: [], data: Int32Array.of(123456789) });
    expect(get('indices')?.data).toEqual(Int32Array.of(-(2 ** 31), -1, 2 ** 31 - 1));
    expect(get('short')?.data).toEqual(Int32Array.of(-32768, 32767));
    expect(get('tiny')?.data).toEqual(Int32Array.of(-128, 127));
    expect(get('pixels')?.data).toEqual(Uint8Array.of(0, 128, 255));
    expect(get('mask')?.data).toEqual(Uint8Array.of(1, 0, 1));
    expect(get('empty')).toEqual(float32([0, 3]));
    expect(get('名前')?.data).toEqual(Float32Array.of(7));
  });

  it('keeps F64 where asked to', async () => {
    const bytes = new Uint8Array(await readFile(reference));
    const { entries } = parseSafetensors(bytes, { float64: 'float64' });
    expect(entries.get('layer.bias')).toEqual({
      dtype: 'float64',
      shape: [3],
      data: Float64Array.of(1, 2, 3),
    });
  });
});

describe('serializeSafetensors', () => {
  it('writes the bytes of the reference implementation', () => {
    const bytes = serializeSafetensors({
      b: { dtype: 'uint8', shape: [3], data: Uint8Array.of(1, 2, 3) },
      z: float32([1], 1),
      a: float32([], 2),
    });
    const header =
      '{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},' +
      '"z":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},' +
      '"b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}}';
    expect(bytes).toEqual(
      file(
        header.padEnd(Math.ceil(header.length / 8) * 8),
        Uint8Array.of(0, 0, 0, 64, 0, 0, 128, 63, 1, 2, 3),
      ),
    );
  });

  it('gives back what went in, whatever the names', () => {
    const names = fc
      .string({ unit: 'grapheme', maxLength: 12 })
      .filter((s) => s !== '__metadata__');
    const entry = fc
      .tuple(
        fc.constantFrom('float32', 'float64', 'int32', 'uint8'),
        fc.array(fc.nat(3), { maxLength: 4 }),
        fc.infiniteStream(fc.integer({ min: 0, max: 255 })),
      )
      .map(([dtype, shape, values]): SafetensorsEntry => {
        const list = [...values.take(shape.reduce((a, b) => a * b, 1))];
        if (dtype === 'float32') return { dtype, shape, data: Float32Array.from(list) };
        if (dtype === 'float64') return { dtype, shape, data: Float64Array.from(list) };
        if (dtype === 'int32') return { dtype, shape, data: Int32Array.from(list) };
        return { dtype: 'uint8', shape, data: Uint8Array.from(list) };
      });
    const named = fc.array(fc.tuple(names, entry), { maxLength: 6 }).map((list) => new Map(list));
    const metadata = fc.array(fc.tuple(fc.string(), fc.string())).map((list) => new Map(list));
    fc.assert(
      fc.property(named, metadata, (entries, notes) => {
        const back = parseSafetensors(serializeSafetensors(entries, { metadata: notes }), {
          float64: 'float64',
        });
        expect(back.entries).toEqual(entries);
        expect(back.metadata).toEqual(notes);
      }),
    );
  });

  it.each([
    ['a reserved name', { __metadata__: float32([1], 1) }, /cannot hold this name/],
    ['half a character', { 'a\ud800': float32([1], 1) }, /cannot hold this name/],
    [
      'too few elements',
      { x: float32([2, 2], 1) },
      /needs 4 elements, the data is a Float32Array of 1/,
    ],
    [
      'another dtype',
      { x: { ...float32([1], 1), dtype: 'int32' as const } },
      /int32 of shape \[1\]/,
    ],
  ])('refuses %s', (_what, entries, message) => {
    expect(() => serializeSafetensors(entries)).toThrow(CheckpointError);
    expect(() => serializeSafetensors(entries)).toThrow(message);
  });
});

describe('parseSafetensors refuses', () => {
  const f32 = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };
  it.each([
    ['an empty file', new Uint8Array(0), '0 bytes are too few'],
    ['a short file', new Uint8Array(7), '7 bytes are too few'],
    ['a gigantic header', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 255), 'at most 100000000 are allowed'],
    ['a header beyond the end', Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0, 123), 'truncated'],
    ['no JSON', file('{"x":'), 'not valid JSON'],
    ['a leading space', file(' {}'), "does not start with '{'"],
    ['a list', file('[]'), "does not start with '{'"],
    ['two values', file('{}{}'), 'expected the end'],
    ['bytes that are no UTF-8', file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22)), 'not valid JSON'],
    ['metadata that are no strings', file('{"__metadata__":{"a":1}}'), '"a" is not a string'],
    ['metadata that are a list', file('{"__metadata__":[]}'), '__metadata__ is not an object'],
    ['an entry that is no object', file('{"x":[]}'), '"x": its entry is not an object'],
    ['a missing dtype', fileOf({ ...f32, dtype: undefined }, 8), 'dtype is missing'],
    [
      'an unknown dtype',
      fileOf({ ...f32, dtype: 'F8_E4M3' }, 8),
      'dtype is "F8_E4M3", expected one',
    ],
    ['an unknown field', fileOf({ ...f32, strides: [1] }, 8), 'unknown field "strides"'],
    ['a negative size', fileOf({ ...f32, shape: [-2] }, 8), 'shape is not a list'],
    ['a fractional size', fileOf({ ...f32, shape: [0.5] }, 8), 'shape is not a list'],
    ['a size as text', fileOf({ ...f32, shape: ['2'] }, 8), 'shape is not a list'],
    [
      'a product that overflows',
      fileOf({ ...f32, shape: [65536, 65536, 65536, 65536] }, 8),
      'more than',
    ],
    ['nine axes', fileOf({ ...f32, shape: [1, 1, 1, 1, 1, 1, 1, 1, 2] }, 8), '9 axes'],
    ['one offset', fileOf({ ...f32, data_offsets: [8] }, 8), 'not a pair'],
    ['three offsets', fileOf({ ...f32, data_offsets: [0, 8, 8] }, 8), 'not a pair'],
    ['reversed offsets', fileOf({ ...f32, data_offsets: [8, 0] }, 8), 'not a pair'],
    [
      'a size mismatch',
      fileOf({ ...f32, shape: [3] }, 8),
      'takes 12 bytes, data_offsets [0, 8] give 8',
    ],
    ['data beyond the end', fileOf({ ...f32, data_offsets: [0, 8] }, 4), 'truncated'],
    ['bytes left over', fileOf({ ...f32, data_offsets: [0, 8] }, 9), 'belong to no tensor'],
    ['a hole at the start', fileOf({ ...f32, data_offsets: [4, 12] }, 12), 'leaves a hole'],
  ])('%s', (_what, bytes, message) => {
    expect(faultOf(bytes)).toContain(message);
    expect(faultOf(bytes)).toContain('w.safetensors');
  });

  it('holes and overlaps between tensors', () => {
    const two = (start: number) =>
      file(
        `{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},` +
          `"b":{"dtype":"U8","shape":[4],"data_offsets":[${start},${start + 4}]}}`,
        new Uint8Array(start + 4),
      );
    expect(parseSafetensors(two(4)).entries.size).toBe(2);
    expect(faultOf(two(3))).toContain('tensor "b" overlaps the tensor before it');
    expect(faultOf(two(5))).toContain('tensor "b" leaves a hole before it');
  });

  it('a key given twice, also when it is spelled in two ways', () => {
    const entry = '{"dtype":"U8","shape":[0],"data_offsets":[0,0]}';
    expect(faultOf(file(`{"a":${entry},"\\u0061":${entry}}`))).toContain('key "a" is given twice');
    expect(faultOf(file('{"__metadata__":{"k":"1","k":"2"}}'))).toContain('key "k" is given twice');
    expect(faultOf(file('{"a":{"dtype":"U8","dtype":"F32"}}'))).toContain('given twice');
  });

  it('nesting that would overflow the stack', () => {
    expect(faultOf(file(`{"a":${'['.repeat(1_000_000)}`))).toContain('nested deeper than 32');
    expect(faultOf(file(`{"${'a'.repeat(5_000_000)}`))).toContain('a string without end');
  });

  it('values that the dtype does not have', () => {
    const wide = new Uint8Array(new BigInt64Array([5n, 2n ** 31n]).buffer);
    const header = (dtype: string) =>
      JSON.stringify({ x: { dtype, shape: [wide.length / 8], data_offsets: [0, 16] } });
    expect(faultOf(file(header('I64'), wide))).toContain(
      '"x": element 1 is 2147483648, which int32',
    );
    const flags = file(
      '{"m":{"dtype":"BOOL","shape":[2],"data_offsets":[0,2]}}',
      Uint8Array.of(1, 2),
    );
    expect(faultOf(flags)).toContain('element 1 is 2, a BOOL is 0 or 1');
  });

  it('keys of the prototype as nothing but names', () => {
    const entry = '{"dtype":"U8","shape":[1],"data_offsets":[0,1]}';
    const bytes = file(
      `{"__metadata__":{"constructor":"c"},"__proto__":${entry}}`,
      Uint8Array.of(5),
    );
    const { entries, metadata } = parseSafetensors(bytes);
    expect([...entries.keys()]).toEqual(['__proto__']);
    expect(metadata.get('constructor')).toBe('c');
    expect(faultOf(file('{"x":{"__proto__":{"dtype":"U8"}}}'))).toContain(
      'unknown field "__proto__"',
    );
    expect(Object.prototype).not.toHaveProperty('dtype');
  });

  it('or reads any damage to a good file, and throws nothing but CheckpointError', () => {
    const good = serializeSafetensors(
      {
        a: float32([2, 2], 1, 2, 3, 4),
        'b.c': { dtype: 'uint8', shape: [3], data: new Uint8Array(3) },
      },
      { metadata: { note: 'text' } },
    );
    const damage = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(damage, fc.nat(good.length), fc.boolean(), (changes, end, cut) => {
        const bytes = good.slice(0, cut ? end : good.length);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        try {
          let total = 0;
          for (const { data } of parseSafetensors(bytes).entries.values()) total += data.byteLength;
          expect(total).toBeLessThanOrEqual(4 * bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('or reads any header made of plausible pieces, and throws nothing but CheckpointError', () => {
    const word = fc.constantFrom(
      'dtype',
      'shape',
      'data_offsets',
      '__metadata__',
      '__proto__',
      'F32',
      'a',
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        word,
        fc.integer(),
        fc.double(),
        fc.constant(null),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(word, tie('tree'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(word, tree), fc.uint8Array({ maxLength: 16 }), (header, data) => {
        try {
          parseSafetensors(file(JSON.stringify(header), data));
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('files', () => {
  let folder = '';
  eachInFolder((path) => {
    folder = path;
  });

  it('are written and read', async () => {
    const path = join(folder, 'w.safetensors');
    const entries = new Map([['fc.weight', float32([2, 2], 1, 2, 3, 4)]]);
    await writeSafetensors(path, entries, { metadata: { epoch: '3' } });
    await writeSafetensors(path, entries, { metadata: { epoch: '4' } });
    const back = await readSafetensors(path);
    expect(back.entries).toEqual(entries);
    expect(back.metadata).toEqual(new Map([['epoch', '4']]));
    expect(new Uint8Array(await readFile(path))).toEqual(
      serializeSafetensors(entries, { metadata: { epoch: '4' } }),
    );
    expect(await readdir(folder)).toEqual(['w.safetensors']);
  });

  it('that cannot be read are named', async () => {
    const missing = join(folder, 'missing.safetensors');
    await expect(readSafetensors(missing)).rejects.toThrow(CheckpointError);
    await expect(readSafetensors(missing)).rejects.toThrow(
      /missing\.safetensors: cannot be opened/,
    );
    await expect(readSafetensors(folder)).rejects.toThrow(CheckpointError);
    await symlink('/dev/zero', join(folder, 'zero'));
    await expect(readSafetensors(join(folder, 'zero'))).rejects.toThrow(/zero: not a file/);
    await writeFile(join(folder, 'cut'), (await readFile(reference)).subarray(0, 880));
    await expect(readSafetensors(join(folder, 'cut'))).rejects.toThrow(/cut: .*truncated/);
  });
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIdx, readMaybeGzip } from '../../src/data/idx.js';
import { DataError } from '../../src/errors.js';
import { unpack } from '../../src/io/gzip.js';
import { eachInFolder } from '../support/folder.js';

describe('parseIdx', () => {
  it('reads bytes of any shape', () => {
    const bytes = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255);
    expect(parseIdx(bytes)).toEqual({
      kind: 'uint8',
      shape: [2, 3],
      data: Uint8Array.of(1, 2, 3, 4, 5, 255),
    });
  });

  it('reads every kind of element, big-endian', () => {
    const one = (code: number, ...element: number[]) =>
      parseIdx(Uint8Array.of(0, 0, code, 1, 0, 0, 0, 1, ...element)).data;
    expect(one(0x09, 0xfe)).toEqual(Int8Array.of(-2));
    expect(one(0x0b, 0xff, 0xfe)).toEqual(Int16Array.of(-2));
    expect(one(0x0c, 0, 1, 0, 2)).toEqual(Int32Array.of(65538));
    expect(one(0x0d, 0xc0, 0x20, 0, 0)).toEqual(Float32Array.of(-2.5));
    expect(one(0x0e, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0)).toEqual(Float64Array.of(1.5));
  });

  it.each([
    ['nothing', [], '0 bytes are too few'],
    ['another format', [0x89, 0x50, 0x4e, 0x47], 'not an IDX file: it starts with 89 50 4e 47'],
    ['an unknown kind', [0, 0, 7, 1, 0, 0, 0, 0], '0x7 names no kind'],
    ['no axes', [0, 0, 8, 0], '0 axes'],
    ['too many axes', [0, 0, 8, 200], '200 axes'],
    ['an end within the sizes', [0, 0, 8, 2, 0, 0, 0, 1], 'within the sizes of its 2 axes'],
    ['too few elements', [0, 0, 8, 1, 0, 0, 0, 3, 1, 2], 'there are 10: truncated'],
    ['too many elements', [0, 0, 8, 1, 0, 0, 0, 1, 1, 2], 'belong to no element'],
    ['huge sizes', [0, 0, 8, 2, 255, 255, 255, 255, 255, 255, 255, 255, 1], 'truncated'],
  ])('refuses %s', (_what, bytes, message) => {
    const parse = () => parseIdx(Uint8Array.from(bytes), { file: 'digits.idx' });
    expect(parse).toThrow(DataError);
    expect(parse).toThrow(message);
    expect(parse).toThrow('digits.idx');
  });

  it('reads or refuses any bytes', () => {
    const header = fc.constantFrom(
      [],
      [0, 0],
      [0, 0, 8],
      [0, 0, 8, 1, 0, 0, 0],
      [0, 0, 0x0d, 2, 0, 0, 0, 1],
    );
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 40 }), (start, rest) => {
        try {
          const { data } = parseIdx(Uint8Array.from([...start, ...rest]));
          expect(data.byteLength).toBeLessThanOrEqual(48);
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('unpack', () => {
  const text = Buffer.from('text '.repeat(1000));

  it('unpacks gzip and leaves other bytes alone', async () => {
    expect(Buffer.compare(await unpack(gzipSync(text), 'f', 5000), text)).toBe(0);
    expect(await unpack(text, 'f', 10)).toBe(text);
  });

  it('refuses what is damaged, incomplete or too large', async () => {
    const packed = gzipSync(text);
    await expect(unpack(packed.subarray(0, 30), 'f.gz', 9000)).rejects.toThrow(
      /f\.gz: damaged or truncated/,
    );
    const damaged = Buffer.from(packed);
    damaged[20] = (damaged[20] ?? 0) ^ 0xff;
    await expect(unpack(damaged, 'f.gz', 9000)).rejects.toThrow(DataError);
    await expect(unpack(packed, 'f.gz', 4999)).rejects.toThrow(
      'f.gz: unpacks to more than 4999 bytes',
    );
  });
});

describe('readMaybeGzip', () => {
  let folder = '';
  eachInFolder((path) => {
    folder = path;
  });

  it('names files that cannot be read', async () => {
    await expect(readMaybeGzip(join(folder, 'none'))).rejects.toThrow(/none: cannot be read/);
    await expect(readMaybeGzip(folder)).rejects.toThrow(DataError);
    await writeFile(join(folder, 'large'), new Uint8Array(11));
    await expect(readMaybeGzip(join(folder, 'large'), 10)).rejects.toThrow(
      /large: 11 bytes, at most 10/,
    );
  });
});

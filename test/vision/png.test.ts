import { crc32, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/errors.js';
import { encodePng, type Raster } from '../../src/vision/png.js';

/** Reads what encodePng writes, and checks the checksums. */
function decodePng(bytes: Uint8Array): Raster {
  const file = Buffer.from(bytes);
  expect(file.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at);
    const type = file.toString('latin1', at + 4, at + 8);
    expect(file.readUInt32BE(at + 8 + length)).toBe(crc32(file.subarray(at + 4, at + 8 + length)));
    chunks.set(type, file.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  expect([...chunks.keys()]).toEqual(['IHDR', 'IDAT', 'IEND']);
  const header = chunks.get('IHDR') ?? Buffer.alloc(13);
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const channels = header[9] === 2 ? 3 : 1;
  const rows = inflateSync(chunks.get('IDAT') ?? Buffer.alloc(0));
  const stride = width * channels;
  expect(rows).toHaveLength(height * (stride + 1));
  const data = new Uint8Array(height * stride);
  for (let y = 0; y < height; y++) {
    expect(rows[y * (stride + 1)]).toBe(0);
    data.set(rows.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1)), y * stride);
  }
  return { width, height, channels, data };
}

describe('encodePng', () => {
  it('holds every pixel of grey and colour pictures', () => {
    const raster = fc
      .tuple(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(1 as const, 3 as const),
      )
      .chain(([width, height, channels]) => {
        const length = width * height * channels;
        return fc
          .uint8Array({ minLength: length, maxLength: length })
          .map((data): Raster => ({ width, height, channels, data }));
      });
    fc.assert(
      fc.property(raster, (picture) => {
        expect(decodePng(encodePng(picture))).toEqual(picture);
      }),
    );
  });

  it('refuses data that do not fit', () => {
    const data = new Uint8Array(5);
    expect(() => encodePng({ width: 2, height: 2, channels: 1, data })).toThrow(ArgumentError);
    expect(() => encodePng({ width: 0, height: 2, channels: 1, data: new Uint8Array(0) })).toThrow(
      ArgumentError,
    );
  });
});

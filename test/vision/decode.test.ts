import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ArgumentError, DataError, DependencyError } from '../../src/errors.js';
import { importOptional } from '../../src/io/optionalPackage.js';
import { decodeImage } from '../../src/vision/decode.js';
import { encodePng } from '../../src/vision/png.js';
import { eachInFolder } from '../support/folder.js';
import { encoded, plain } from '../support/images.js';

const colors = Uint8Array.from({ length: 6 * 5 * 3 }, (_, i) => (i * 37) % 256);

let folder = '';
eachInFolder((path) => {
  folder = path;
});

describe('decodeImage', () => {
  it('gives the pixels back, of bytes and of files', async () => {
    const png = encodePng({ width: 5, height: 6, channels: 3, data: colors });
    const image = await decodeImage(png);
    expect(image).toMatchObject({ width: 5, height: 6, channels: 3 });
    expect([...image.data]).toEqual([...colors]);
    const file = join(folder, 'a.png');
    await writeFile(file, png);
    expect(await decodeImage(file)).toEqual(image);
    for (const format of ['webp', 'tiff']) {
      const bytes = await encoded(colors, [6, 5, 3], format, {
        lossless: true,
        compression: 'none',
      });
      expect([...(await decodeImage(bytes)).data], format).toEqual([...colors]);
    }
    const jpeg = await encoded(new Uint8Array(16 * 16 * 3).fill(90), [16, 16, 3], 'jpeg');
    expect([...(await decodeImage(jpeg)).data]).toEqual(new Array(768).fill(90));
  });

  it('makes grey of colour and colour of grey, and leaves transparency out', async () => {
    // (255·19595 + 128·38470 + 0·7471 + 2¹⁵) / 2¹⁶, as Pillow has it
    const grey = await decodeImage(await plain(255, 128, 0), { channels: 1 });
    expect(grey.channels).toBe(1);
    expect([...new Set(grey.data)]).toEqual([151]);
    const source = encodePng({ width: 2, height: 1, channels: 1, data: Uint8Array.of(3, 200) });
    expect([...(await decodeImage(source)).data]).toEqual([3, 3, 3, 200, 200, 200]);
    expect([...(await decodeImage(source, { channels: 1 })).data]).toEqual([3, 200]);
    const clear = await encoded(Uint8Array.of(9, 8, 7, 0), [1, 1, 4], 'png');
    expect([...(await decodeImage(clear)).data]).toEqual([9, 8, 7]);
  });

  it('scales and cuts to a size', async () => {
    const wide = await encoded(
      Uint8Array.from({ length: 8 * 24 * 3 }, (_, i) => ((i / 3) % 24 < 8 ? 255 : 0)),
      [8, 24, 3],
      'png',
    );
    const image = await decodeImage(wide, { size: [4, 4] });
    expect(image).toMatchObject({ width: 4, height: 4 });
    // The middle third, which is dark.
    expect(Math.max(...image.data.filter((_, i) => Math.floor(i / 3) % 4 > 0))).toBeLessThan(40);
  });

  it('refuses what is no image, and says which file', async () => {
    const jpeg = await encoded(colors, [6, 5, 3], 'jpeg');
    const png = encodePng({ width: 5, height: 6, channels: 3, data: colors });
    const damaged = png.slice();
    damaged.set([0xff, 0xff, 0xff, 0xff], 16);
    const svg = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>');
    const cases: [string, Uint8Array, RegExp][] = [
      ['empty', new Uint8Array(0), /neither JPEG/],
      ['text', new TextEncoder().encode('hello'), /neither JPEG/],
      ['vector graphics', svg, /neither JPEG/],
      ['truncated', jpeg.subarray(0, jpeg.length - 20), /cannot be decoded/],
      ['only a start', png.subarray(0, 12), /cannot be decoded/],
      ['damaged', damaged, /cannot be decoded/],
    ];
    for (const [what, bytes, message] of cases) {
      const file = join(folder, `${what}.jpg`);
      await writeFile(file, bytes);
      const failing = decodeImage(file);
      await expect(failing, what).rejects.toThrow(DataError);
      await expect(failing, what).rejects.toThrow(message);
      await expect(failing, what).rejects.toThrow(file);
    }
    await expect(decodeImage(join(folder, 'none.jpg'))).rejects.toThrow(
      /none\.jpg: cannot be read/,
    );
  });

  it('refuses images larger than is allowed, before they take memory', async () => {
    const image = await plain(1, 2, 3, [20, 30]);
    await expect(decodeImage(image, { maxPixels: 599 })).rejects.toThrow(/pixel limit/);
    expect((await decodeImage(image, { maxPixels: 600 })).width).toBe(30);
  });

  it('checks its options', async () => {
    const image = await plain(1, 2, 3);
    await expect(decodeImage(image, { size: [0, 4] })).rejects.toThrow(ArgumentError);
    await expect(decodeImage(image, { size: [1e9, 4] })).rejects.toThrow(ArgumentError);
    await expect(decodeImage(image, { maxPixels: Number.NaN })).rejects.toThrow(ArgumentError);
  });
});

describe('a package that is not installed', () => {
  it('is an error that says how to install it', async () => {
    const missing = importOptional('axonode-no-such-package', 'decodeImage');
    await expect(missing).rejects.toThrow(DependencyError);
    await expect(missing).rejects.toThrow(
      'decodeImage: the package axonode-no-such-package is not installed. ' +
        'Install it with: npm install axonode-no-such-package',
    );
  });
});

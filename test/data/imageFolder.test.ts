import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ImageFolder } from '../../src/data/imageFolder.js';
import { DataLoader } from '../../src/data/loader.js';
import { ArgumentError, DataError } from '../../src/errors.js';
import { eachInFolder } from '../support/folder.js';
import { plain, tar, targz } from '../support/images.js';

let folder = '';
eachInFolder((path) => {
  folder = path;
});

async function write(files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  }
}

/** Three images of class "a", one of "b", and things that are none. */
async function tree(): Promise<Record<string, Uint8Array>> {
  return {
    'b/1.png': await plain(4, 40, 140),
    'a/2.PNG': await plain(2, 20, 120),
    'a/10.png': await plain(1, 10, 110),
    'a/deep/1.png': await plain(3, 30, 130),
    'a/notes.txt': new Uint8Array(3),
    'a/.hidden.png': new Uint8Array(3),
    '.git/x.png': new Uint8Array(3),
    'top.png': new Uint8Array(3),
  };
}

describe('ImageFolder', () => {
  it('sorts classes and files by name, and decodes them once or as they are asked for', async () => {
    await write(await tree());
    const images = await ImageFolder.open(folder);
    expect(images.classes).toEqual(['a', 'b']);
    expect(images.samples.map(({ path, label }) => [path.slice(folder.length + 1), label])).toEqual(
      [
        ['a/10.png', 0],
        ['a/2.PNG', 0],
        ['a/deep/1.png', 0],
        ['b/1.png', 1],
      ],
    );
    const seen: number[] = [];
    const set = await images.load({
      onProgress: (done, total) => {
        expect(total).toBe(4);
        seen.push(done);
      },
    });
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(set).toMatchObject({ count: 4, channels: 3, rows: 8, cols: 8, classes: ['a', 'b'] });
    expect([...set.labels]).toEqual([0, 0, 0, 1]);
    const planes = Array.from({ length: 12 }, (_, plane) => set.images[plane * 64 + 5]);
    expect(planes).toEqual([1, 10, 110, 2, 20, 120, 3, 30, 130, 4, 40, 140]);

    const [image, label] = await images.get(3);
    expect([image.dtype, image.shape, label.itemSync()]).toEqual(['uint8', [3, 8, 8], 1]);
    expect([...image.dataSync()]).toEqual([...set.images.subarray(3 * 192)]);
    const loader = new DataLoader(images, { batchSize: 4, shuffle: true, seed: 1 });
    for await (const [batch, labels] of loader) {
      expect([batch.dtype, batch.shape, labels.shape]).toEqual(['uint8', [4, 3, 8, 8], [4]]);
    }
  });

  it('reads the same from an archive', async () => {
    const files = await tree();
    await write(files);
    const set = await (await ImageFolder.open(folder)).load();
    const below = (top: string) =>
      Object.entries(files).map(([name, bytes]) => ({ name: `${top}${name}`, bytes }));
    await writeFile(join(folder, 'flat.tar'), tar(below('./').slice(0, 6)));
    await writeFile(join(folder, 'nested.tar.gz'), targz(below('train/').slice(0, 6)));
    for (const name of ['flat.tar', 'nested.tar.gz']) {
      const images = await ImageFolder.open(join(folder, name));
      expect(images.classes, name).toEqual(['a', 'b']);
      expect(await images.load(), name).toEqual(set);
    }
  });

  it('brings images to a size and a number of channels', async () => {
    await write({ 'a/1.png': await plain(0, 0, 0), 'a/2.png': await plain(9, 9, 9, [12, 30]) });
    const grey = await ImageFolder.open(folder, { size: [4, 6], channels: 1, concurrency: 1 });
    const set = await grey.load();
    expect(set).toMatchObject({ count: 2, channels: 1, rows: 4, cols: 6 });
    expect([...set.images]).toEqual([...new Array(24).fill(0), ...new Array(24).fill(9)]);
    const mixed = await ImageFolder.open(folder);
    await expect(mixed.load()).rejects.toThrow(/2\.png: 30 x 12 pixels, while .*1\.png has 8 x 8/);
  });

  it('names the file that is damaged, whichever it is', async () => {
    const good = await plain(1, 2, 3);
    await write({ 'a/1.png': good, 'a/2.png': good.subarray(0, 40), 'b/3.png': good });
    const images = await ImageFolder.open(folder);
    await expect(images.load()).rejects.toThrow(DataError);
    await expect(images.load()).rejects.toThrow(join(folder, 'a/2.png'));
    await expect(images.get(1)).rejects.toThrow(/2\.png: cannot be decoded/);
    expect((await images.get(2))[1].itemSync()).toBe(1);
    const small = await ImageFolder.open(folder, { maxPixels: 63 });
    await expect(small.get(0)).rejects.toThrow(/1\.png: cannot be decoded: .*pixel limit/);
  });

  it('does not follow links in circles', async () => {
    await write({ 'a/1.png': await plain(1, 2, 3) });
    await symlink(join(folder, 'a'), join(folder, 'a', 'again'));
    await symlink(join(folder, 'a'), join(folder, 'b'));
    const images = await ImageFolder.open(folder);
    expect(images.samples.map(({ label }) => label)).toEqual([0, 1]);
  });

  it('refuses what it cannot use', async () => {
    const none = join(folder, 'none');
    await expect(ImageFolder.open(none)).rejects.toThrow(/none: cannot be read/);
    await expect(ImageFolder.open(folder)).rejects.toThrow(/no folders/);
    await symlink(join(folder, 'nowhere'), join(folder, 'gone'));
    await expect(ImageFolder.open(folder)).rejects.toThrow(/gone: cannot be read/);
    await rm(join(folder, 'gone'));
    await write({ 'a/1.png': await plain(1, 2, 3), 'b/1.txt': new Uint8Array(1) });
    await expect(ImageFolder.open(folder)).rejects.toThrow(/b: a class without images/);
    await rm(join(folder, 'b'), { recursive: true });
    await expect(ImageFolder.open(folder, { concurrency: 0 })).rejects.toThrow(ArgumentError);
    const images = await ImageFolder.open(folder);
    await expect(images.get(1)).rejects.toThrow(/index 1, expected 0 to 0/);
    await expect(images.batch(new Int32Array(0))).rejects.toThrow(ArgumentError);
    await expect(images.load({ maxBytes: 191 })).rejects.toThrow(/maxBytes/);
    await writeFile(join(folder, 'x.tar'), 'not an archive');
    await expect(ImageFolder.open(join(folder, 'x.tar'))).rejects.toThrow(DataError);
  });
});

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { loadCifar10, loadCifar100 } from '../../src/data/cifar.js';
import { ImageDataset } from '../../src/data/imageDataset.js';
import { DataError } from '../../src/errors.js';
import { eachInFolder } from '../support/folder.js';
import { targz } from '../support/images.js';

const PIXELS = 3072;

/** Records of the given label bytes; pixel p of image i is (7i + p) mod 256. */
function records(...labels: number[][]): Uint8Array {
  return Uint8Array.from(
    labels.flatMap((bytes, i) => [
      ...bytes,
      ...Array.from({ length: PIXELS }, (_, p) => (7 * i + p) % 256),
    ]),
  );
}

const batches = [1, 2, 3, 4, 5].map((i) => ({
  name: `data_batch_${i}.bin`,
  bytes: records([i], [9 - i]),
}));

let folder = '';
eachInFolder((path) => {
  folder = path;
  vi.stubEnv('AXONODE_DATA', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('CIFAR-10', () => {
  const test = records([3], [0], [9]);

  it('is read from a folder, from the folder in it, and from the archive', async () => {
    await writeFile(join(folder, 'test_batch.bin'), test);
    const set = await loadCifar10('test', { folder });
    expect(set).toMatchObject({ count: 3, channels: 3, rows: 32, cols: 32 });
    expect([...set.labels]).toEqual([3, 0, 9]);
    expect([...set.images.subarray(PIXELS, PIXELS + 2)]).toEqual([7, 8]);
    expect(set.classes?.[3]).toBe('cat');

    await mkdir(join(folder, 'cifar-10-batches-bin'));
    for (const { name, bytes } of batches) {
      await writeFile(join(folder, 'cifar-10-batches-bin', name), bytes);
    }
    const training = await loadCifar10('train', { folder });
    expect([...training.labels]).toEqual([1, 8, 2, 7, 3, 6, 4, 5, 5, 4]);

    const archive = join(folder, 'packed', 'cifar-10-binary.tar.gz');
    await mkdir(join(folder, 'packed'));
    const members = [...batches, { name: 'test_batch.bin', bytes: test }].map((member) => ({
      ...member,
      name: `cifar-10-batches-bin/${member.name}`,
    }));
    await writeFile(archive, targz(members));
    for (const dir of [join(folder, 'packed'), archive]) {
      expect(await loadCifar10('train', { folder: dir })).toEqual(training);
      expect(await loadCifar10('test', { folder: dir })).toEqual(set);
    }
  });

  it('is found through AXONODE_DATA, and is a dataset', async () => {
    vi.stubEnv('AXONODE_DATA', folder);
    await mkdir(join(folder, 'cifar10'));
    await writeFile(join(folder, 'cifar10', 'test_batch.bin'), test);
    const data = new ImageDataset(await loadCifar10('test'));
    const [images, labels] = data.batch(Int32Array.of(1));
    expect(images.shape).toEqual([1, 3, 32, 32]);
    expect(labels.itemSync()).toBe(0);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['truncated', test.subarray(0, 2 * 3073 - 1), /test_batch\.bin: 6145 bytes are no whole/],
    ['empty', new Uint8Array(0), /0 bytes/],
    ['mislabelled', records([3], [10]), /label 10 of image 1, expected 0 to 9/],
  ])('is refused when it is %s', async (_, bytes, message) => {
    await writeFile(join(folder, 'test_batch.bin'), bytes);
    const loading = loadCifar10('test', { folder });
    await expect(loading).rejects.toThrow(DataError);
    await expect(loading).rejects.toThrow(message);
  });

  it('says what is missing', async () => {
    await expect(loadCifar10('test')).rejects.toThrow(/set AXONODE_DATA/);
    await expect(loadCifar10('test', { folder })).rejects.toThrow(/test_batch\.bin: missing/);
    await writeFile(join(folder, 'data_batch_1.bin'), test);
    await expect(loadCifar10('train', { folder })).rejects.toThrow(
      /data_batch_2\.bin: cannot be read/,
    );
    const archive = join(folder, 'cifar-10-binary.tar.gz');
    const packed = targz([{ name: 'test_batch.bin', bytes: test }]);
    await writeFile(archive, packed);
    await expect(loadCifar10('train', { folder: archive })).rejects.toThrow(
      /holds no data_batch_1\.bin/,
    );
    await writeFile(archive, packed.subarray(0, packed.length - 20));
    await expect(loadCifar10('test', { folder: archive })).rejects.toThrow(/gzip/);
  });
});

describe('CIFAR-100', () => {
  it('has fine and coarse labels, and names where they are', async () => {
    const bytes = records([19, 99], [0, 5]);
    await writeFile(join(folder, 'test.bin'), bytes);
    const fine = await loadCifar100('test', { folder });
    expect([...fine.labels]).toEqual([99, 5]);
    expect(fine.images[1]).toBe(1);
    expect(fine.classes).toBeUndefined();
    const names = Array.from({ length: 20 }, (_, i) => `group_${i}`);
    await writeFile(join(folder, 'coarse_label_names.txt'), `${names.join('\n')}\n`);
    const coarse = await loadCifar100('test', { folder, labels: 'coarse' });
    expect([...coarse.labels]).toEqual([19, 0]);
    expect(coarse.classes).toEqual(names);
    await writeFile(join(folder, 'coarse_label_names.txt'), 'one two');
    await expect(loadCifar100('test', { folder, labels: 'coarse' })).rejects.toThrow(
      /2 names, expected 20/,
    );
    await writeFile(join(folder, 'test.bin'), records([20, 0]));
    await expect(loadCifar100('test', { folder, labels: 'coarse' })).rejects.toThrow(/label 20/);
  });
});

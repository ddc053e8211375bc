import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadMnist } from '../../src/data/mnist.js';
import { DataError } from '../../src/errors.js';
import { eachInFolder } from '../support/folder.js';

const IMAGES = 't10k-images-idx3-ubyte';
const LABELS = 't10k-labels-idx1-ubyte';

function idx(shape: number[], data: Uint8Array): Uint8Array {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header[2] = 8;
  header[3] = shape.length;
  for (const [axis, size] of shape.entries()) header.writeUInt32BE(size, 4 + 4 * axis);
  return new Uint8Array(Buffer.concat([header, data]));
}

const images = idx(
  [3, 28, 28],
  Uint8Array.from({ length: 3 * 784 }, (_, i) => i % 251),
);
const labels = idx([3], Uint8Array.of(7, 0, 9));

let folder = '';
eachInFolder((path) => {
  folder = path;
  vi.stubEnv('AXONODE_DATA', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('MNIST from a folder', () => {
  const load = () => loadMnist('test', { folder });
  async function write(imageBytes: Uint8Array, labelBytes: Uint8Array): Promise<void> {
    await writeFile(join(folder, IMAGES), imageBytes);
    await writeFile(join(folder, LABELS), labelBytes);
  }

  it('is read plain, packed, and under its other names', async () => {
    await writeFile(join(folder, `${IMAGES}.gz`), gzipSync(images));
    await writeFile(join(folder, 't10k-labels.idx1-ubyte'), labels);
    const set = await load();
    expect(set).toMatchObject({ count: 3, channels: 1, rows: 28, cols: 28 });
    expect(set.labels).toEqual(Uint8Array.of(7, 0, 9));
    expect(set.images).toEqual(images.subarray(16));
  });

  it('is found through AXONODE_DATA', async () => {
    vi.stubEnv('AXONODE_DATA', folder);
    await mkdir(join(folder, 'mnist'));
    await writeFile(join(folder, 'mnist', IMAGES), images);
    await writeFile(join(folder, 'mnist', LABELS), labels);
    expect((await loadMnist('test', { download: false })).count).toBe(3);
  });

  it('is refused when a file is missing', async () => {
    await writeFile(join(folder, IMAGES), images);
    await expect(load()).rejects.toThrow(DataError);
    await expect(load()).rejects.toThrow(/t10k-labels-idx1-ubyte: missing/);
  });

  it.each([
    ['truncated images', images.subarray(0, 2000), labels, /t10k-images.*truncated/],
    ['damaged gzip', gzipSync(images).subarray(0, 40), labels, /t10k-images.*gzip/],
    ['a web page', Buffer.from('<html>'), labels, /t10k-images.*not an IDX file/],
    ['labels given as images', labels, labels, /t10k-images.*shape \[3\], expected images/],
    ['images given as labels', images, images, /t10k-labels.*shape \[3, 28, 28\], expected labels/],
    ['images of another size', idx([1, 32, 32], new Uint8Array(1024)), labels, /expected images/],
    [
      'another number of labels',
      images,
      idx([2], new Uint8Array(2)),
      /t10k-labels.*2 labels for the 3 images/,
    ],
    [
      'a label that is no digit',
      images,
      idx([3], Uint8Array.of(1, 10, 2)),
      /t10k-labels.*label 1 is 10/,
    ],
  ])('is refused with %s', async (_what, imageBytes, labelBytes, message) => {
    await write(imageBytes, labelBytes);
    await expect(load()).rejects.toThrow(DataError);
    await expect(load()).rejects.toThrow(message);
  });
});

describe('MNIST from the network', () => {
  let server: Server;
  let answers: (path: string) => Uint8Array | null;
  let mirror = '';
  const asked: string[] = [];

  beforeEach(async () => {
    asked.length = 0;
    server = createServer((request, response) => {
      const path = request.url ?? '';
      asked.push(path);
      const bytes = answers(path);
      response.writeHead(bytes ? 200 : 404).end(bytes ?? '');
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  const load = () =>
    loadMnist('test', { cacheFolder: folder, mirrors: [`${mirror}a/`, `${mirror}b/`] });

  it('says of each mirror why it failed, and keeps nothing', async () => {
    answers = (path) => (path.startsWith('/a/') ? null : gzipSync(images));
    await expect(load()).rejects.toThrow(DataError);
    await expect(load()).rejects.toThrow(
      /\/a\/t10k-.*answers 404.*\/b\/t10k-.*not the original: SHA-256/,
    );
    expect(await readdir(folder)).toEqual([]);
  });

  it('does not ask when it may not', async () => {
    const offline = loadMnist('test', { cacheFolder: folder, mirrors: [mirror], download: false });
    await expect(offline).rejects.toThrow(/t10k-images-idx3-ubyte\.gz: cannot be read/);
    expect(asked).toEqual([]);
  });

  it('does not trust its cache', async () => {
    await writeFile(join(folder, `${IMAGES}.gz`), gzipSync(images));
    await writeFile(join(folder, `${LABELS}.gz`), gzipSync(labels));
    const offline = loadMnist('test', { cacheFolder: folder, download: false });
    await expect(offline).rejects.toThrow(/t10k-images-idx3-ubyte\.gz: not the original/);
  });

  it('fails when nobody listens', async () => {
    server.close();
    server.closeAllConnections();
    await expect(load()).rejects.toThrow(/cannot be downloaded.*ECONNREFUSED/);
  });
});

const data = process.env.AXONODE_DATA;
if (!data) console.warn('AXONODE_DATA is not set: the tests with the real MNIST files do not run');

describe.runIf(data)('the real MNIST', () => {
  const original = join(data ?? '', 'mnist');

  it('is downloaded from the first mirror that has it, and then taken from the cache', async () => {
    const cacheFolder = join(folder, 'cache');
    const server = createServer(async (request, response) => {
      const path = join(folder, 'served', request.url ?? '');
      const { readFile } = await import('node:fs/promises');
      response.end(await readFile(path).catch(() => 'not here'));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await mkdir(join(folder, 'served', 'good'), { recursive: true });
    for (const name of [`${IMAGES}.gz`, `${LABELS}.gz`]) {
      await copyFile(join(original, name), join(folder, 'served', 'good', name));
    }
    const mirrors = [`${address}bad/`, `${address}good/`];
    const asked: string[] = [];
    const onDownload = (url: string) => asked.push(url);
    const first = await loadMnist('test', { cacheFolder, mirrors, onDownload });
    server.close();
    server.closeAllConnections();
    expect(asked).toHaveLength(4);
    expect(first.count).toBe(10_000);
    const second = await loadMnist('test', { cacheFolder, mirrors, onDownload });
    expect(asked).toHaveLength(4);
    expect(Buffer.compare(second.images, first.images)).toBe(0);
  });

  it('has 60,000 and 10,000 digits', async () => {
    const train = await loadMnist('train', { folder: original });
    const test = await loadMnist('test', { folder: original });
    expect([train.count, test.count]).toEqual([60_000, 10_000]);
    expect([...test.labels.subarray(0, 8)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9]);
    let sum = 0;
    for (const pixel of train.images) sum += pixel;
    expect(sum / train.images.length / 255).toBeCloseTo(0.1307, 4);
  });
});

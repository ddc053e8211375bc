import { execFile } from 'node:child_process';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { eachInFolder } from '../support/folder.js';
import { tar } from '../support/images.js';

const CHILD = fileURLToPath(new URL('./peak.mjs', import.meta.url));
const MB = 2 ** 20;
const SIZE = 64 * MB;
/** What a process takes anyway moves by some megabytes. */
const MOST_MB = 1.6 * (SIZE / MB);

async function peakOf(what: string, path: string): Promise<{ outcome: string; bytes: number }> {
  const { stdout } = await promisify(execFile)(process.execPath, [CHILD, what, path], {
    env: { ...process.env, AXONODE_BACKEND: 'ts' },
  });
  return JSON.parse(stdout) as { outcome: string; bytes: number };
}

function idx(shape: readonly number[], size: number): Buffer {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head.set([0, 0, 8, shape.length]);
  for (const [axis, length] of shape.entries()) head.writeUInt32BE(length, 4 + 4 * axis);
  return gzipSync(Buffer.concat([head, Buffer.alloc(size)]), { level: 1 });
}

describe('a small file that unpacks to much', () => {
  let folder = '';
  eachInFolder((path) => {
    folder = path;
  });

  it('takes the memory of what is kept, once', async () => {
    const path = join(folder, 'images.tar.gz');
    const archive = tar([
      { name: 'class/image.png', bytes: new Uint8Array(SIZE) },
      { name: 'class/no image', bytes: new Uint8Array(SIZE) },
    ]);
    await writeFile(path, gzipSync(archive, { level: 1 }));
    expect((await stat(path)).size).toBeLessThan(2 * MB);
    const whole = await peakOf('archive', path);
    expect(whole.outcome).toBe('loaded');
    expect(whole.bytes / MB).toBeLessThan(MOST_MB);
    const refused = await peakOf('small', path);
    expect(refused.outcome).toBe('ERR_DATA');
    expect(refused.bytes / MB).toBeLessThan(40);
  });

  it('takes it once for the digits, too', async () => {
    const count = Math.floor(SIZE / 784);
    const images = idx([count, 28, 28], count * 784);
    await writeFile(join(folder, 't10k-images-idx3-ubyte.gz'), images);
    await writeFile(join(folder, 't10k-labels-idx1-ubyte.gz'), idx([count], count));
    const { outcome, bytes } = await peakOf('digits', folder);
    expect(outcome).toBe('loaded');
    expect(bytes / MB).toBeLessThan(MOST_MB);
  });
});

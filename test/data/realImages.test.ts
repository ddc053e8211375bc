import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ImageFolder } from '../../src/data/imageFolder.js';

// Real photographs, where AXONODE_DATA names a folder with them: cifar10/cifar10-test-jpeg.tar.gz.
const archive = join(process.env.AXONODE_DATA ?? '', 'cifar10', 'cifar10-test-jpeg.tar.gz');
const isThere = process.env.AXONODE_DATA !== undefined && existsSync(archive);
if (!isThere) console.log(`realImages.test.ts: skipped, no ${archive} (set AXONODE_DATA)`);

describe.skipIf(!isThere)('the JPEGs of CIFAR-10', () => {
  it('decode to what Pillow makes of them, bit for bit', async () => {
    const folder = await ImageFolder.open(archive);
    expect([folder.length, folder.classes.length, folder.classes[9]]).toEqual([
      10_000,
      10,
      'truck',
    ]);
    const chosen = Int32Array.from({ length: 100 }, (_, i) => 100 * i);
    const [images, labels] = await folder.batch(chosen);
    expect([...labels.dataSync()]).toEqual(Array.from(chosen, (i) => Math.floor(i / 1000)));
    // SHA-256 over np.asarray(Image.open(f).convert('RGB')).transpose(2, 0, 1) of these files
    expect(createHash('sha256').update(images.dataSync()).digest('hex')).toBe(
      '4d1fdfba0c96d937bf8d110d981081e754d41b6e9e1f2b382af6a13edd11359c',
    );
  });
});

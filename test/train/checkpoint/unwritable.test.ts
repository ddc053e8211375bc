import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { withFolder } from '../support.js';

const CHILD = fileURLToPath(new URL('./unwritable.mjs', import.meta.url));

/** What the child has to say; run by a shell that may limit it. */
async function run(limit: string, dir: string, epochs: number, uid?: number): Promise<string> {
  const command = `${limit} exec "$0" "$@"`;
  const args = ['-c', command, process.execPath, CHILD, dir, String(epochs)];
  const child = spawn('sh', args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  const said = text(child.stdout);
  await once(child, 'exit');
  return said;
}

describe('a checkpoint that cannot be written', () => {
  it('for want of space is a typed error, and the one before is whole', async () => {
    await withFolder(async (dir) => {
      expect(await run('', dir, 1)).toBe('saved');
      const path = join(dir, 'last.safetensors');
      const before = await readFile(path);
      // Blocks of 512 or 1024 bytes: room for the beginning of a checkpoint.
      expect(before.length).toBeGreaterThan(16_000);
      const said = await run('ulimit -f 8;', dir, 2);
      expect(said).toMatch(/^ERR_CHECKPOINT EFBIG .*cannot be written.*before is untouched$/);
      expect(await readFile(path)).toEqual(before);
      expect((await readdir(dir)).sort()).toEqual(['best.safetensors', 'last.safetensors']);
      expect(await run('', dir, 2)).toBe('saved');
    });
  });

  it('for want of permission, likewise', async () => {
    await withFolder(async (dir) => {
      expect(await run('', dir, 1)).toBe('saved');
      const path = join(dir, 'last.safetensors');
      const before = await readFile(path);
      await chmod(dir, 0o555);
      // Root may write everywhere, so the child is somebody else then.
      const said = await run('', dir, 2, process.getuid?.() === 0 ? 65_534 : undefined);
      await chmod(dir, 0o755);
      expect(said).toMatch(/^ERR_CHECKPOINT EACCES .*cannot be written.*before is untouched$/);
      expect(await readFile(path)).toEqual(before);
    });
  });
});

import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeFileAtomic } from '../../src/io/atomicFile.js';
import { eachInFolder } from '../support/folder.js';

describe('writeFileAtomic', () => {
  let folder = '';
  eachInFolder((path) => {
    folder = path;
  });

  it('writes text, bytes and pieces, and replaces what was there', async () => {
    const path = join(folder, 'file');
    await writeFileAtomic(path, 'grüß');
    expect(await readFile(path, 'utf8')).toBe('grüß');
    await writeFileAtomic(path, Uint8Array.of(1, 2));
    await writeFileAtomic(path, [Uint8Array.of(3), Uint8Array.of(), Uint8Array.of(4, 5)]);
    expect([...(await readFile(path))]).toEqual([3, 4, 5]);
    expect(await readdir(folder)).toEqual(['file']);
  });

  it('leaves the old content and no other file when writing fails', async () => {
    const path = join(folder, 'file');
    await writeFileAtomic(path, 'old');
    function* failing(): Generator<Uint8Array> {
      yield Uint8Array.of(1);
      throw new Error('no more');
    }
    await expect(writeFileAtomic(path, failing())).rejects.toThrow('no more');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['file']);
  });

  it('leaves no file when the last step fails', async () => {
    await mkdir(join(folder, 'taken'));
    await expect(writeFileAtomic(join(folder, 'taken'), 'text')).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['taken']);
  });

  it('makes the folder, where it is asked to', async () => {
    const path = join(folder, 'a', 'b', 'file');
    await writeFileAtomic(path, 'text', { makeFolder: true });
    expect(await readFile(path, 'utf8')).toBe('text');
  });

  it('says when there is no such folder', async () => {
    await expect(writeFileAtomic(join(folder, 'no', 'file'), 'text')).rejects.toThrow(/ENOENT/);
  });
});

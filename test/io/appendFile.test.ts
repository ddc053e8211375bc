import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WriteError } from '../../src/errors.js';
import { AppendFile } from '../../src/io/appendFile.js';
import { eachInFolder } from '../support/folder.js';

describe('AppendFile', () => {
  let folder = '';
  eachInFolder((path) => {
    folder = path;
  });

  it('makes the folder, and goes on where the file ended', async () => {
    const path = join(folder, 'a', 'b', 'log');
    for (const text of ['one ', 'two ', 'three']) {
      const file = await AppendFile.open(path);
      await file.append(Buffer.from(text));
      await file.sync();
      await file.close();
    }
    expect(await readFile(path, 'utf8')).toBe('one two three');
  });

  it('can insist on a new file', async () => {
    const path = join(folder, 'log');
    await writeFile(path, 'mine');
    const failure = await AppendFile.open(path, { isNew: true }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(WriteError);
    expect((failure as WriteError).cause).toMatchObject({ code: 'EEXIST' });
    expect(await readFile(path, 'utf8')).toBe('mine');
  });

  it('says what cannot be written', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(AppendFile.open(join(folder, 'file', 'log'))).rejects.toThrow(WriteError);
    await expect(AppendFile.open(folder)).rejects.toThrow(/cannot be written/);
  });
});

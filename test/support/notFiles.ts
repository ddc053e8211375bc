import { execFileSync } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** Paths at which there is no file, by what there is. */
export type NotFiles = ReadonlyMap<string, string>;

/**
 * Makes one of each kind in a folder.
 * @returns the paths, and what closes the socket
 */
export async function makeNotFiles(
  folder: string,
): Promise<{ paths: NotFiles; close: () => Promise<void> }> {
  const at = (name: string): string => join(folder, name);
  execFileSync('mkfifo', [at('pipe')]);
  await mkdir(at('folder'));
  await symlink(at('nowhere'), at('dangling'));
  await symlink(at('pipe'), at('link'));
  const server = createServer();
  await new Promise<void>((done) => server.listen(at('socket'), done));
  const paths = new Map([
    ['a pipe', at('pipe')],
    ['a link to a pipe', at('link')],
    ['a socket', at('socket')],
    ['a folder', at('folder')],
    ['a dangling link', at('dangling')],
    ['an endless device', '/dev/zero'],
    ['a full device', '/dev/full'],
    ['a zero character', at('a\0b')],
    ['a long name', at('n'.repeat(300))],
    ['a long path', at('p/'.repeat(3000))],
    ['an empty path', ''],
  ]);
  return { paths, close: () => new Promise((done) => server.close(() => done())) };
}

/** What came of something, or that it has not come to an end in time. */
export async function within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end in ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

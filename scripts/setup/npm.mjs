import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runLogged } from '../lib/run.mjs';

/**
 * Whether node_modules holds what package-lock.json asks for. npm keeps a lockfile of what it
 * installed in node_modules; both are compared, package by package. Optional packages are those of
 * other platforms.
 */
export function areModulesFresh(root) {
  const installedLock = join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installedLock)) return false;
  const packagesOf = (path) => JSON.parse(readFileSync(path, 'utf8')).packages;
  const installed = packagesOf(installedLock);
  return Object.entries(packagesOf(join(root, 'package-lock.json'))).every(
    ([path, wanted]) =>
      path === '' ||
      (wanted.optional && installed[path] === undefined) ||
      installed[path]?.integrity === wanted.integrity,
  );
}

export function installModules(root, log) {
  // NODE_ENV=production must not leave out the tools.
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund'];
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  runLogged('npm ci', npm, args, { cwd: root, log });
}

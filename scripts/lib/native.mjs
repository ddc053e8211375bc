import { existsSync, realpathSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { runLogged, StepError } from './run.mjs';
import { hashOf, isStamped, writeStamp } from './stamp.mjs';
import { findOpenBlas, installCommand, missingTools } from './toolchain.mjs';

export const isSupported = process.platform !== 'win32';
export const unsupported =
  'the native backend is not built on Windows (use WSL); the TypeScript backend runs there';

/** Where a build of the addon lives: the usual one, or the one with sanitizers. */
export function addonPaths(root, sanitize = false) {
  const folder = join(root, sanitize ? 'build/asan' : 'build');
  return {
    folder,
    addon: join(folder, 'Release/axonode.node'),
    stamp: join(folder, 'Release/stamp'),
    log: join(folder, 'build.log'),
  };
}

function cmakeOptions(sanitize) {
  const blas = process.env.CMAKE_PREFIX_PATH ? undefined : findOpenBlas();
  return [
    `AXONODE_SANITIZE=${sanitize ? 'ON' : 'OFF'}`,
    `AXONODE_WERROR=${process.env.AXONODE_WERROR === '1' ? 'ON' : 'OFF'}`,
    ...(blas ? [`AXONODE_BLAS_LIBRARY=${blas.path}`] : []),
  ];
}

function sourceHash(root, sanitize) {
  const sources = [
    'CMakeLists.txt',
    'native',
    'binding',
    'node_modules/node-api-headers/include/node_api.h',
  ];
  const blas = findOpenBlas();
  const machine = [process.platform, process.arch, process.env.CXX, process.env.CMAKE_PREFIX_PATH];
  return hashOf(root, sources, [
    ...machine,
    blas ? realpathSync(blas.path) : 'no OpenBLAS',
    ...cmakeOptions(sanitize),
  ]);
}

/** Whether the addon is there and was built from the sources as they are now. */
export function isAddonFresh(root, sanitize = false) {
  const { addon, stamp } = addonPaths(root, sanitize);
  return existsSync(addon) && isStamped(stamp, sourceHash(root, sanitize));
}

/** Removes an addon, so that code older than the sources is never run by mistake. */
export function removeAddon(root, sanitize = false) {
  const { addon, stamp } = addonPaths(root, sanitize);
  rmSync(stamp, { force: true });
  rmSync(addon, { force: true });
}

function configure(root, folder, log, options) {
  rmSync(join(folder, 'CMakeCache.txt'), { force: true });
  // In a checkout cmake-js configures. An installed package has no cmake-js: there CMake finds the
  // headers that the package carries by itself.
  const cmakeJs = join(root, 'node_modules/cmake-js/bin/cmake-js');
  const [command, args] = existsSync(cmakeJs)
    ? [
        process.execPath,
        [cmakeJs, 'configure', '-d', root, '-O', folder, ...options.map((o) => `--CD${o}`)],
      ]
    : ['cmake', ['-S', root, '-B', folder, ...options.map((o) => `-D${o}`)]];
  runLogged('configuring the native addon', command, args, { cwd: root, log });
}

/** Throws a StepError that names what this machine lacks to build the addon, if anything. */
export function requireTools() {
  if (!isSupported) throw new StepError(unsupported);
  const missing = missingTools();
  const required = missing.filter((tool) => tool.required);
  if (required.length === 0) return;
  const what = required.map((tool) => tool.what).join(', ');
  throw new StepError(
    `the native addon needs ${what}, which this machine lacks. ` +
      `To get what is missing: ${installCommand(missing)}`,
  );
}

/** Builds the addon; throws a StepError that says what is missing or what failed. */
export function buildAddon(root, sanitize = false) {
  requireTools();
  const { folder, addon, stamp, log } = addonPaths(root, sanitize);
  const hash = sourceHash(root, sanitize);
  const options = cmakeOptions(sanitize);
  removeAddon(root, sanitize);
  rmSync(log, { force: true });
  try {
    configure(root, folder, log, options);
  } catch {
    // What an earlier CMake left may not fit any more: another generator, compiler or place.
    rmSync(join(folder, 'CMakeFiles'), { recursive: true, force: true });
    rmSync(log, { force: true });
    configure(root, folder, log, options);
  }
  const jobs = String(availableParallelism());
  const args = ['--build', folder, '--config', 'Release', '--parallel', jobs];
  runLogged('building the native addon', 'cmake', args, { cwd: root, log });
  if (!existsSync(addon)) throw new StepError(`the build left no ${addon}; whole log: ${log}`);
  writeStamp(stamp, hash);
  return addon;
}

import { existsSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import process from 'node:process';
import { BackendError } from '../../errors.js';
import { HOW_TO_BUNDLE, installation, ownFile, requireFrom } from '../../installed.js';
import { describeRoom, measureRoom } from '../../numeric/room.js';
import { isError } from '../../realm.js';
import type { NativeAddon } from './addon.js';

/**
 * Where the addon may be: where AXONODE_ADDON says, else where the build leaves it; or beside the bundle that this
 * code was copied into.
 */
function candidates(): string[] {
  const asked = process.env.AXONODE_ADDON;
  if (asked) return [asked];
  const { root, isBundled } = installation();
  const own = ownFile();
  return [
    ...(root === null ? [] : [join(root, 'build/Release/axonode.node')]),
    ...(isBundled && own !== null ? [join(dirname(own), 'axonode.node')] : []),
  ];
}

function advice(): string {
  if (process.platform === 'win32') return 'The native backend runs on Linux, macOS and WSL.';
  const { root, fault } = installation();
  if (root === null) {
    return `This program is a bundle, and ${fault}. Either ${HOW_TO_BUNDLE}; or set AXONODE_ADDON to the path of axonode.node`;
  }
  const installed = root.split(sep).includes('node_modules');
  const build = installed ? 'npx axonode build' : 'npm run build:native';
  const packages =
    process.platform === 'linux'
      ? ' (on Debian and Ubuntu it needs: apt-get install g++ cmake make libopenblas-openmp-dev)'
      : '';
  return `Build it with: ${build}${packages}`;
}

/**
 * OpenBLAS maps 300 MB as it is loaded; kernels, threads and tensors need as much again. Where the system refuses them,
 * OpenBLAS asks again, and never stops asking: the process would hang. So whoever loads it looks before.
 */
const NEEDED_BYTES = 512 * 2 ** 20;

function checkRoom(): void {
  const room = measureRoom();
  if (room === null || room.leftBytes >= NEEDED_BYTES) return;
  throw new BackendError(
    `the native addon was not loaded: ${describeRoom(room)}, and with OpenBLAS it needs ${NEEDED_BYTES / 2 ** 20} MB. Raise the limit`,
  );
}

let loaded: NativeAddon | null = null;

/**
 * Loads the C++ addon.
 * @throws BackendError naming every place that was tried, what was wrong there, and what to do
 */
export function loadAddon(): NativeAddon {
  loaded ??= load();
  return loaded;
}

function load(): NativeAddon {
  checkRoom();
  const tried: string[] = [];
  for (const path of candidates()) {
    if (!existsSync(path)) {
      tried.push(`${path} is not there`);
      continue;
    }
    try {
      return requireFrom(path)(path) as NativeAddon;
    } catch (error) {
      const message = isError(error) ? error.message : String(error);
      tried.push(message.includes(path) ? message : `${path}: ${message}`);
    }
  }
  const places = tried.length === 0 ? '' : `: ${tried.join('; ')}`;
  throw new BackendError(`the native addon did not load${places}. ${advice()}`);
}

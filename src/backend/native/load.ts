import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BackendError } from '../../errors.js';
import { describeRoom, measureRoom } from '../../numeric/room.js';
import type { NativeAddon } from './addon.js';

// The same depth below the package's root in src/ and in dist/.
const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Where the addon may be: where AXONODE_ADDON says, else where the build leaves it. */
function candidates(): string[] {
  const asked = process.env.AXONODE_ADDON;
  if (asked) return [asked];
  return [fileURLToPath(new URL('../../../build/Release/axonode.node', import.meta.url))];
}

function advice(): string {
  if (process.platform === 'win32') return 'The native backend runs on Linux, macOS and WSL.';
  const installed = root.split(sep).includes('node_modules');
  const build = installed ? 'npx axonode build' : 'npm run build:native';
  const packages =
    process.platform === 'linux'
      ? ' (on Debian and Ubuntu it needs: apt-get install g++ cmake make libopenblas-openmp-dev)'
      : '';
  return `Build it with: ${build}${packages}`;
}

/**
 * OpenBLAS maps 300 MB as it is loaded, and the first kernels need some beside it. Where the system refuses them,
 * OpenBLAS asks again, and never stops asking: the process would hang. So whoever loads it looks before.
 */
const NEEDED_BYTES = 400 * 2 ** 20;

function checkRoom(): void {
  const room = measureRoom();
  if (room === null || room.leftBytes >= NEEDED_BYTES) return;
  throw new BackendError(
    `the native addon was not loaded: ${describeRoom(room)}, and OpenBLAS needs ${NEEDED_BYTES / 2 ** 20} MB. Raise the limit`,
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
  const require = createRequire(import.meta.url);
  const tried: string[] = [];
  for (const path of candidates()) {
    if (!existsSync(path)) {
      tried.push(`${path} is not there`);
      continue;
    }
    try {
      return require(path) as NativeAddon;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      tried.push(message.includes(path) ? message : `${path}: ${message}`);
    }
  }
  throw new BackendError(`the native addon did not load: ${tried.join('; ')}. ${advice()}`);
}

// Builds the addon with AddressSanitizer and UndefinedBehaviorSanitizer into build/asan, and throws
// wrong arguments at it: npm run test:asan [-- arguments of test/fuzz/fuzz-addon.mjs]
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addonPaths, buildAddon, isAddonFresh } from './lib/native.mjs';
import { findProgram, runMain, StepError, say } from './lib/run.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The sanitizer's runtime: it has to be loaded before anything else that Node loads. */
function findAsanRuntime() {
  const compiler = process.env.CXX ?? findProgram('c++', 'g++');
  const path = execFileSync(compiler, ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();
  if (existsSync(path)) return path;
  throw new StepError(`${compiler} has no libasan.so: the sanitizers need GCC on Linux`);
}

runMain(() => {
  const { addon } = addonPaths(root, true);
  if (!isAddonFresh(root, true)) {
    say('building the addon with sanitizers (a minute or two) ...');
    buildAddon(root, true);
  }
  const fuzz = join(root, 'test/fuzz/fuzz-addon.mjs');
  const result = spawnSync(process.execPath, [fuzz, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: {
      ...process.env,
      LD_PRELOAD: findAsanRuntime(),
      // Node and V8 never free some of what they allocate; that is not ours to report.
      ASAN_OPTIONS: 'detect_leaks=0',
      UBSAN_OPTIONS: 'print_stacktrace=1',
      AXONODE_ADDON: addon,
      AXONODE_BACKEND: 'native',
    },
  });
  if (result.signal) say(`ended by ${result.signal}`);
  return result.status ?? 1;
});

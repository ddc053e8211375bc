// Builds the addon with AddressSanitizer and UndefinedBehaviorSanitizer into build/asan, throws wrong
// arguments at it, and ends threads and processes that compute with it:
// npm run test:asan [-- [--ends 60] and arguments of test/fuzz/fuzz-addon.mjs]
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

/** Takes the storm's option out. */
function parse(options) {
  const at = options.indexOf('--ends');
  if (at < 0) return { ends: '60', fuzzArguments: options };
  return { ends: options[at + 1] ?? '60', fuzzArguments: options.toSpliced(at, 2) };
}

runMain(() => {
  const { addon } = addonPaths(root, true);
  if (!isAddonFresh(root, true)) {
    say('building the addon with sanitizers (a minute or two) ...');
    buildAddon(root, true);
  }
  const { ends, fuzzArguments } = parse(process.argv.slice(2));
  const env = {
    ...process.env,
    LD_PRELOAD: findAsanRuntime(),
    // Node and V8 never free some of what they allocate; that is not ours to report.
    ASAN_OPTIONS: 'detect_leaks=0:exitcode=99',
    UBSAN_OPTIONS: 'print_stacktrace=1:exitcode=99',
    AXONODE_ADDON: addon,
    AXONODE_BACKEND: 'native',
  };
  const tsx = ['--import', 'tsx'];
  for (const run of [
    [join(root, 'test/fuzz/fuzz-addon.mjs'), ...fuzzArguments],
    [...tsx, join(root, 'test/crash/stormMain.ts'), '--ends', ends],
  ]) {
    const result = spawnSync(process.execPath, run, { cwd: root, stdio: 'inherit', env });
    if (result.signal) say(`ended by ${result.signal}`);
    if (result.status !== 0) return result.status ?? 1;
  }
  return 0;
});

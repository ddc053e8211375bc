// clang-format over the C++ sources: node scripts/format-cpp.mjs --check | --write
// Without clang-format this says so and passes, except in CI, where it fails.
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findProgram, runMain, say } from './lib/run.mjs';
import { filesBelow } from './lib/stamp.mjs';

// Versions differ in details, so the one that formatted the tree is asked for first.
const version = '14';
const root = fileURLToPath(new URL('..', import.meta.url));

runMain(() => {
  const program = findProgram(`clang-format-${version}`, 'clang-format');
  if (program === undefined) {
    const inCi = process.env.CI === 'true';
    say(
      `C++ FORMAT NOT CHECKED: clang-format is missing (apt-get install clang-format-${version})`,
    );
    return inCi ? 1 : 0;
  }
  const found = execFileSync(program, ['--version'], { encoding: 'utf8' }).match(/version (\d+)/);
  if (found?.[1] !== version) {
    say(
      `the C++ is formatted by clang-format ${version}, this is ${found?.[1]}; details may differ`,
    );
  }
  const mode = process.argv.includes('--write') ? ['-i'] : ['--dry-run', '--Werror'];
  const files = ['binding', 'native'].flatMap((folder) => filesBelow(root + folder));
  const sources = files.filter((file) => /\.(cc|h)$/.test(file));
  if (sources.length === 0) return 0;
  return spawnSync(program, [...mode, ...sources], { stdio: 'inherit' }).status ?? 1;
});

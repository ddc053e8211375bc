// Brings a checkout up to date: npm packages, system packages, the native addon, the compiled
// TypeScript. Does only what is needed, and nothing at all takes well under a second. `npm start`
// and `npm test` run it first. It uses nothing but Node, because it runs before npm has installed
// anything.
//
//   node scripts/setup.mjs [--no-native]
//
// AXONODE_BACKEND=ts leaves the addon out too, AXONODE_WERROR=1 makes compiler warnings errors.
import { cpSync, existsSync, renameSync, rmSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAddon, isAddonFresh, isSupported, removeAddon, unsupported } from './lib/native.mjs';
import { checkNode } from './lib/node.mjs';
import { runLogged, runMain, StepError, say } from './lib/run.mjs';
import { hashOf, isStamped, writeStamp } from './lib/stamp.mjs';
import { installCommand, missingTools } from './lib/toolchain.mjs';
import { aptInstall, canUseApt } from './setup/apt.mjs';
import { compileCommonJs } from './setup/commonjs.mjs';
import { withLock } from './setup/lock.mjs';
import { areModulesFresh, installModules } from './setup/npm.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const log = join(root, 'build/setup.log');

function timed(what, action) {
  say(`${what} ...`);
  const start = performance.now();
  action();
  say(`  done in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

/** Installs the tools that apt can install; what is still missing then is for the caller to tell. */
function installTools() {
  const packages = missingTools().map((tool) => tool.packages.apt);
  if (packages.length === 0 || !canUseApt()) return;
  try {
    timed(`installing ${packages.join(' ')} with apt-get`, () => aptInstall(packages, log));
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    say(`  could not: ${error.message}`);
  }
}

function setUpAddon() {
  if (isAddonFresh(root)) return;
  if (!isSupported) {
    say(unsupported);
    return;
  }
  installTools();
  const missing = missingTools();
  const required = missing.filter((tool) => tool.required);
  if (required.length > 0) {
    removeAddon(root);
    const what = required.map((tool) => tool.what).join(', ');
    say(
      `no native backend without ${what}; the TypeScript backend runs, many times slower. ` +
        `To change that: ${installCommand(missing)}`,
    );
    return;
  }
  try {
    timed('building the native addon (a minute or two)', () => buildAddon(root));
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    throw new StepError(`${error.message}\nAXONODE_BACKEND=ts runs everything without the addon`);
  }
  for (const tool of missing) {
    say(`${tool.what} is missing, so training is slower. Run: ${installCommand([tool])}`);
  }
}

/** What is read as text at run time, and goes beside the compiled code as it is. */
const ASSETS = ['train/report/page'];

function copyAssets(folder) {
  for (const asset of ASSETS) {
    cpSync(join(root, 'src', asset), join(folder, asset), {
      recursive: true,
      filter: (path) => extname(path) !== '.json',
    });
  }
}

function setUpTypeScript() {
  const stamp = join(root, 'build/typescript.stamp');
  const sources = [
    'src',
    'tsconfig.json',
    'tsconfig.build.json',
    'package-lock.json',
    'scripts/setup.mjs',
    'scripts/setup/commonjs.mjs',
  ];
  const hash = hashOf(root, sources);
  if (existsSync(join(root, 'dist/index.js')) && isStamped(stamp, hash)) return;
  // Into a new folder first: after a type error the last good build is still there.
  const fresh = join(root, 'dist-new');
  rmSync(fresh, { recursive: true, force: true });
  timed('compiling the TypeScript', () => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const args = [tsc, '-p', 'tsconfig.build.json', '--outDir', fresh];
    runLogged('compiling the TypeScript', process.execPath, args, { cwd: root, log });
    copyAssets(fresh);
    compileCommonJs(root, fresh);
  });
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  renameSync(fresh, join(root, 'dist'));
  writeStamp(stamp, hash);
}

runMain(() => {
  checkNode();
  const wantsAddon = !process.argv.includes('--no-native') && process.env.AXONODE_BACKEND !== 'ts';
  withLock(join(root, 'build/setup.lock'), () => {
    rmSync(log, { force: true });
    if (!areModulesFresh(root)) {
      timed('installing npm packages', () => installModules(root, log));
    }
    if (wantsAddon) setUpAddon();
    setUpTypeScript();
  });
});

// Packs the package, checks what is in it, installs it into an empty project, builds its addon there
// and computes with it. What users get is what is tested.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runMain, StepError, say } from './lib/run.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const installScripts = ['preinstall', 'install', 'postinstall', 'prepare'];
const needed = [
  'dist/index.js',
  'dist/index.d.ts',
  'dist/cjs/index.js',
  'dist/cjs/index.d.ts',
  'dist/cjs/package.json',
  'dist/include/node_api.h',
  'dist/train/report/page/client.js',
  'dist/train/report/page/style.css',
  'dist/train/tune/worker.js',
  'CMakeLists.txt',
];
const allowed =
  /^(dist|native|binding|scripts\/lib)\/|^(package\.json|README\.md|CHANGELOG\.md|SECURITY\.md|LICENSE|CMakeLists\.txt|scripts\/axonode\.mjs)$/;

const program = `
import { backendInfo, tensor } from 'axonode';
const sum = await tensor([1, 2, 3]).add(tensor([10, 20, 30])).sum().item();
if (sum !== 66) throw new Error('computed ' + sum);
console.log(JSON.stringify(backendInfo()));
`;

const required = `
const { backendInfo, tensor } = require('axonode');
if (backendInfo().name !== 'native') throw new Error('not native');
import('axonode').then((imported) => {
  if (imported.tensor !== tensor) throw new Error('two copies');
});
`;

function checkManifest(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const found = installScripts.filter((name) => manifest.scripts?.[name] !== undefined);
  if (found.length > 0) throw new StepError(`install scripts are published: ${found.join(', ')}`);
  const dependencies = Object.keys(manifest.dependencies ?? {});
  if (dependencies.length > 0) throw new StepError(`run-time dependencies: ${dependencies}`);
}

function checkFiles(paths) {
  const missing = needed.filter((path) => !paths.includes(path));
  if (missing.length > 0) throw new StepError(`missing from the package: ${missing.join(', ')}`);
  // npm runs node-gyp by itself where it finds a binding.gyp.
  const surplus = paths.filter((path) => !allowed.test(path) || path === 'binding.gyp');
  if (surplus.length > 0) throw new StepError(`should not be published: ${surplus.join(', ')}`);
}

runMain(() => {
  const folder = mkdtempSync(join(tmpdir(), 'axonode-pack-'));
  const run = (command, args, options = {}) =>
    execFileSync(command, args, {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      ...options,
    });
  try {
    const output = run('npm', ['pack', '--json', '--pack-destination', folder], { cwd: root });
    const packed = Object.values(JSON.parse(output.slice(output.search(/^[[{]/m))))[0];
    checkFiles(packed.files.map((file) => file.path));
    say(`${packed.files.length} files, ${(packed.size / 1e6).toFixed(2)} MB packed`);

    writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
    run('npm', ['install', '--no-audit', '--no-fund', join(folder, packed.filename)], {
      cwd: folder,
    });
    checkManifest(join(folder, 'node_modules/axonode'));
    run('npx', ['--no-install', 'axonode', 'build'], { cwd: folder });
    writeFileSync(join(folder, 'main.mjs'), program);
    const env = { ...process.env, AXONODE_BACKEND: 'native' };
    say(`the installed package runs: ${run(process.execPath, ['main.mjs'], { cwd: folder, env })}`);
    writeFileSync(join(folder, 'main.cjs'), required);
    run(process.execPath, ['main.cjs'], { cwd: folder, env });
    // As Jest does, which takes the CommonJS form.
    run(process.execPath, ['-e', "require('./node_modules/axonode/dist/cjs')"], {
      cwd: folder,
      env,
    });
    return 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

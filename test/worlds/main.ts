// Every way to bundle, require and test the package, on several versions of Node.js: npm run test:worlds
//   -- --node 22,24    which versions; their binaries come from npm, into build/node (default: 20.19.0,22,24,26)
//   -- --only TEXT     those whose names hold the text
//   -- --next          Next.js, too, which is installed into a temporary folder
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { VERSION } from '../../src/version.js';
import { BUNDLES } from './bundles.js';
import { nextWorlds } from './next.js';
import { ALL_WELL, PROGRAMS } from './programs.js';
import { Project, root, run } from './project.js';
import { makeRealms, passed, RUNNERS, runTests } from './realms.js';

/** One thing that must work; returns what is wrong, or null. */
type World = readonly [name: string, check: (node: string) => Promise<string | null>];

/** The binary of a version of Node.js, from its npm package. */
function nodeOf(version: string): string {
  const folder = join(root, 'build/node', version);
  const name = `node-${process.platform}-${process.arch}`;
  const binary = join(folder, 'node_modules', name, 'bin/node');
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }');
    const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', `${name}@${version}`];
    execFileSync('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  }
  return binary;
}

function faultOf(stdout: string, stderr: string, expected: object = ALL_WELL): string | null {
  try {
    const printed: unknown = JSON.parse(stdout);
    if (isDeepStrictEqual(printed, { ...expected, version: VERSION }) && stderr === '') return null;
  } catch {
    // Said below.
  }
  return `${stdout}${stderr}`.trim();
}

const { values } = parseArgs({
  options: {
    node: { type: 'string', default: '20.19.0,22,24,26' },
    next: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  },
});
const nodes = values.node.split(',').map((version) => [version, nodeOf(version)] as const);

const project = await Project.make({
  ...PROGRAMS,
  'identity.cjs': `
    const required = require('axonode');
    import('axonode').then(({ Tensor }) => console.log(Tensor === required.Tensor));
  `,
});
const realms = await makeRealms();

const ran = async (node: string, file: string): Promise<string | null> => {
  const { stdout, stderr } = await run(node, [file], project.folder);
  return faultOf(stdout, stderr);
};

const worlds: World[] = [
  ['import', (node) => ran(node, 'main.mjs')],
  ['require', (node) => ran(node, 'main.cjs')],
  [
    'one copy',
    async (node) => {
      const { stdout, stderr } = await run(node, ['identity.cjs'], project.folder);
      return stdout === 'true\n' && stderr === '' ? null : stdout + stderr;
    },
  ],
];
for (const bundle of BUNDLES.filter(({ name }) => `${name}, away`.includes(values.only))) {
  await bundle.make(project);
  worlds.push([bundle.name, (node) => ran(node, bundle.file)]);
}
for (const bundle of BUNDLES.filter(({ holdsPackage }) => holdsPackage)) {
  worlds.push([
    `${bundle.name}, away`,
    async (node) => {
      const away = await Project.make(PROGRAMS);
      try {
        const file = basename(bundle.file);
        execFileSync('cp', [project.path(bundle.file), away.path(file)]);
        const said = await away.without(() =>
          project.without(() => run(node, [file], away.folder)),
        );
        const isWell = said.stderr.includes('--external:axonode') && said.stdout.includes('"ts"');
        return isWell ? null : said.stdout + said.stderr;
      } finally {
        await away.remove();
      }
    },
  ]);
}
for (const runner of RUNNERS) {
  worlds.push([
    runner.name,
    async (node) => {
      const said = await runTests(node, runner, realms);
      return passed(said) === runner.tests ? null : said.stdout + said.stderr;
    },
  ]);
}
const next = values.next ? await nextWorlds() : null;
worlds.push(...(next?.worlds ?? []));

const width = Math.max(...worlds.map(([name]) => name.length));
console.log(['world'.padEnd(width), ...nodes.map(([version]) => version.padStart(8))].join(' '));
let [tried, failed] = [0, 0];
for (const [name, check] of worlds.filter(([name]) => name.includes(values.only))) {
  const faults: string[] = [];
  const cells: string[] = [];
  for (const [version, node] of nodes) {
    const fault = await check(node);
    cells.push((fault === null ? 'works' : 'FAILS').padStart(8));
    tried++;
    if (fault !== null) faults.push(`Node.js ${version}: ${fault}`);
  }
  console.log([name.padEnd(width), ...cells].join(' '));
  // The lines of minified files are long.
  for (const fault of faults)
    console.log(fault.replace(/(.{200}).{1800,}/g, '$1 ...').slice(0, 4000));
  failed += faults.length;
}
await Promise.all([project.remove(), realms.remove(), next?.remove()]);
console.log(`${tried - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

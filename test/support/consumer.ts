import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** How users of the package compile, the strictest. */
const OPTIONS = {
  target: 'ES2023',
  lib: ['ES2023', 'ESNext.Disposable'],
  module: 'NodeNext',
  moduleResolution: 'NodeNext',
  moduleDetection: 'force',
  types: ['node'],
  strict: true,
  noImplicitOverride: true,
  skipLibCheck: false,
  declaration: true,
  outDir: 'out',
};

/**
 * What the compiler says of files in a project of its own, in which the package is installed as it is in dist/.
 * Empty if it finds no fault.
 * @param options of the compiler, in place of the usual ones
 */
export function compileConsumer(
  files: Readonly<Record<string, string>>,
  options: Readonly<Record<string, unknown>> = {},
): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'axonode-consumer-'));
  try {
    const modules = join(folder, 'node_modules');
    mkdirSync(modules);
    symlinkSync(root, join(modules, 'axonode'), 'dir');
    symlinkSync(join(root, 'node_modules/@types'), join(modules, '@types'), 'dir');
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const config = { compilerOptions: { ...OPTIONS, ...options }, files: Object.keys(files) };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { stdout, stderr } = spawnSync(process.execPath, [tsc, '--pretty', 'false', '-p', '.'], {
      cwd: folder,
      encoding: 'utf8',
    });
    return (stdout + stderr).split('\n').filter((line) => line !== '');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

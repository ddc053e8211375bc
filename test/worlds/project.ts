import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** What a program that is run says. */
export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment without what this test run has put there. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const ours = /^(AXONODE_|VITEST|JEST|NODE_OPTIONS|NODE_ENV|TEST$|GOMP_|FORCE_COLOR|NO_COLOR)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}

/** Runs a program of Node.js in a folder. */
export function run(
  node: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
  timeout = 280_000,
): Promise<Said> {
  return new Promise((resolve) => {
    const options = { cwd, env: { ...cleanEnvironment(), ...env }, timeout };
    execFile(node, [...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, stdout, stderr });
    });
  });
}

/** A user's project in a folder of its own, where the package is installed as npm would, with its addon. */
export class Project {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(files: Readonly<Record<string, string>>): Promise<Project> {
    const project = new Project(await mkdtemp(join(tmpdir(), 'axonode-world-')));
    const installed = project.path('node_modules/axonode');
    await mkdir(installed, { recursive: true });
    // Copied, not linked: tools treat what lies in node_modules differently, and follow links.
    await cp(join(root, 'dist'), join(installed, 'dist'), {
      recursive: true,
      filter: (path) => !/\.(d\.ts|map)$/.test(path),
    });
    await cp(join(root, 'package.json'), join(installed, 'package.json'));
    const addon = 'build/Release/axonode.node';
    await mkdir(dirname(join(installed, addon)), { recursive: true });
    if (existsSync(join(root, addon))) await cp(join(root, addon), join(installed, addon));
    for (const peer of ['sharp', 'echarts']) {
      await symlink(join(root, 'node_modules', peer), project.path(`node_modules/${peer}`), 'dir');
    }
    await project.write({ 'package.json': '{ "name": "app", "version": "9.9.9" }', ...files });
    return project;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(this.path(name)), { recursive: true });
      await writeFile(this.path(name), text);
    }
  }

  /** Runs `action` while the package is not installed, as on a machine that has the bundle only. */
  async without<T>(action: () => Promise<T>): Promise<T> {
    await rename(this.path('node_modules'), this.path('elsewhere'));
    try {
      return await action();
    } finally {
      await rename(this.path('elsewhere'), this.path('node_modules'));
    }
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

/**
 * Where this package is installed: its native addon and the files that it reads at run time lie there. Asking
 * `import.meta.url` is not enough, since a bundler may have copied this code into another file. There,
 * `import.meta.url` is that file, a file of the machine that made the bundle, or undefined.
 */
import { existsSync, readFileSync } from 'node:fs';
// Not createRequire by name: webpack would take it over.
import nodeModule from 'node:module';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { DependencyError } from './errors.js';
import { VERSION } from './version.js';

const NAME = 'axonode';
/** Says how to keep a bundler from copying this package; see docs/bundlers.md. */
export const HOW_TO_BUNDLE =
  `mark ${NAME} as external, so that it stays in node_modules: esbuild --external:${NAME}, webpack externals, ` +
  `Next.js serverExternalPackages, Vite ssr.external, Rollup external (see docs/bundlers.md)`;

// A variable: a bundler that knows the form `new URL(..., import.meta.url)` would look for files of its own.
const here: string | undefined = import.meta.url;

/** The file that this code is in, if it is one of this machine. @internal */
export function ownFile(): string | null {
  if (here?.startsWith('file:')) {
    const path = fileURLToPath(here);
    if (existsSync(path)) return path;
  }
  // A bundle in CommonJS has no import.meta.url.
  return typeof __filename === 'string' && existsSync(__filename) ? __filename : null;
}

/** The version of this package in a folder; null if the folder is not this package's. */
function versionIn(folder: string): string | null {
  try {
    const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return name === NAME ? String(version) : null;
  } catch {
    return null;
  }
}

/** Places from which to look up packages, as `require` does: this code's, the program's, the working folder. */
function bases(): string[] {
  const own = ownFile();
  const [, program] = process.argv;
  const found = [...(own === null ? [] : [own]), ...(program === undefined ? [] : [program])];
  try {
    found.push(join(process.cwd(), 'index.js'));
  } catch {
    // The working folder is gone.
  }
  return found;
}

/** `require`, as it is in a file. @internal */
export function requireFrom(file: string): NodeJS.Require {
  return nodeModule.createRequire(file);
}

/**
 * The path of a file in an installed package, as `require.resolve` finds it.
 * @throws what `require.resolve` throws, if no place has it
 * @internal
 */
export function resolvePackage(path: string): string {
  let fault: unknown;
  for (const base of bases()) {
    try {
      return requireFrom(base).resolve(path);
    } catch (error) {
      fault ??= error;
    }
  }
  throw fault;
}

/** Where the package is, and how the code that runs got there. @internal */
export interface Installation {
  /** The package's folder; null if it is not found. */
  readonly root: string | null;
  /** The compiled code, or the sources; null if it is not found. */
  readonly code: string | null;
  /** Whether this code was copied into a file of its own. */
  readonly isBundled: boolean;
  /** Why {@link root} is null. */
  readonly fault: string | null;
}

function look(): Installation {
  const own = ownFile();
  if (own !== null) {
    // In dist/ and src/, and in dist/cjs/.
    for (const [up, code] of [
      ['..', '.'],
      ['../..', '..'],
    ] as const) {
      const root = join(dirname(own), up);
      if (versionIn(root) === VERSION) {
        return { root, code: join(dirname(own), code), isBundled: false, fault: null };
      }
    }
  }
  const bundle = { root: null, code: null, isBundled: true };
  let root: string;
  try {
    root = dirname(resolvePackage(`${NAME}/package.json`));
  } catch {
    return { ...bundle, fault: `the installed package ${NAME} is not found from there` };
  }
  const version = versionIn(root);
  if (version !== VERSION) {
    const fault = `it holds ${NAME} ${VERSION}, but ${root} has version ${version}`;
    return { ...bundle, fault };
  }
  return { root, code: join(root, 'dist'), isBundled: true, fault: null };
}

let known: Installation | null = null;

/** Where this package is installed; looked up once. @internal */
export function installation(): Installation {
  known ??= look();
  return known;
}

/**
 * The path of a file that lies beside the code.
 * @param path within src/ or dist/, such as `train/tune/worker.js`
 * @param user what wants it, for messages
 * @throws DependencyError if this code is part of a bundle, and the package is not installed where it runs
 * @internal
 */
export function codeFile(path: string, user: string): string {
  const { code, fault } = installation();
  const file = code === null ? null : join(code, path);
  if (file !== null && existsSync(file)) return file;
  throw new DependencyError(
    `${user}: ${path} of ${NAME} is not there` +
      `${fault === null ? ` (${file})` : `: this program is a bundle, and ${fault}`}; ${HOW_TO_BUNDLE}`,
  );
}

import { dirname } from 'node:path';
import { build as esbuild } from 'esbuild';
import { build as vite } from 'vite';
import webpack from 'webpack';
import type { Project } from './project.js';

/** A way to make one file of the project's program. */
export interface Bundle {
  readonly name: string;
  /** The file that it makes. */
  readonly file: string;
  /** Whether the package is copied into that file, rather than left in node_modules. */
  readonly holdsPackage: boolean;
  /** Too slow to build with every run of the suite. */
  readonly isSlow: boolean;
  make(project: Project): Promise<void>;
}

function esbuilt(format: 'esm' | 'cjs', holdsPackage: boolean, minify = false): Bundle {
  const kind = `${holdsPackage ? 'all in one' : 'external'}${minify ? ', minified' : ''}`;
  const file = `esbuild-${format}-${holdsPackage}-${minify}/main.${format === 'esm' ? 'mjs' : 'cjs'}`;
  return {
    name: `esbuild ${format}, ${kind}`,
    file,
    holdsPackage,
    isSlow: false,
    async make({ folder }) {
      await esbuild({
        absWorkingDir: folder,
        entryPoints: ['main.mjs'],
        outfile: file,
        bundle: true,
        platform: 'node',
        format,
        minify,
        external: holdsPackage ? [] : ['axonode'],
        logLevel: 'error',
      });
    },
  };
}

/** @param externals as Next.js has them for server bundles, or none */
function webpacked(
  name: string,
  file: string,
  externals: Record<string, string>,
  isSlow = false,
): Bundle {
  const isModule = file.endsWith('.mjs');
  return {
    name: `webpack ${name}`,
    file,
    holdsPackage: Object.keys(externals).length === 0,
    isSlow,
    make(project) {
      const compiler = webpack({
        mode: 'production',
        target: 'node20',
        context: project.folder,
        entry: './main.mjs',
        output: {
          path: dirname(project.path(file)),
          filename: file.replace(/.*\//, ''),
          ...(isModule ? { module: true, chunkFormat: 'module', library: { type: 'module' } } : {}),
        },
        ...(isModule ? { experiments: { outputModule: true } } : {}),
        externals,
        optimization: { minimize: isSlow },
      });
      return new Promise((resolve, reject) => {
        compiler?.run((error, stats) => {
          if (error) reject(error);
          else if (stats?.hasErrors() || stats?.hasWarnings()) {
            reject(new Error(stats.toString({ all: false, errors: true, warnings: true })));
          } else resolve();
        });
      });
    },
  };
}

function vited(format: 'es' | 'cjs', holdsPackage: boolean, isSlow = false): Bundle {
  const file = `vite-${format}-${holdsPackage}/main.${format === 'es' ? 'mjs' : 'cjs'}`;
  return {
    name: `vite ssr (rollup) ${format}, ${holdsPackage ? 'all in one' : 'external'}`,
    file,
    holdsPackage,
    isSlow,
    async make(project) {
      await vite({
        configFile: false,
        root: project.folder,
        logLevel: 'error',
        build: {
          ssr: 'main.mjs',
          outDir: dirname(file),
          rollupOptions: { output: { format, entryFileNames: file.replace(/.*\//, '') } },
        },
        // Vite leaves packages outside by itself.
        ssr: holdsPackage ? { noExternal: true } : {},
      });
    },
  };
}

export const BUNDLES: readonly Bundle[] = [
  esbuilt('esm', false),
  esbuilt('cjs', false),
  esbuilt('esm', true),
  esbuilt('cjs', true),
  esbuilt('cjs', true, true),
  webpacked('commonjs, external', 'webpack-external/main.cjs', { axonode: 'commonjs axonode' }),
  webpacked('module, external', 'webpack-module/main.mjs', { axonode: 'module axonode' }, true),
  webpacked('commonjs, all in one', 'webpack-all/main.cjs', {}),
  webpacked('commonjs, all in one, minified', 'webpack-min/main.cjs', {}, true),
  vited('es', false),
  vited('es', true, true),
  vited('cjs', true, true),
];

import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * Makes the CommonJS form of the compiled package, `cjs/`, for those who cannot `require` ES modules: Jest, above all.
 * Node.js itself takes the ES modules for `require` and `import`, so that a program has one copy. One file, since Jest
 * loads it anew for every test file.
 */
export function compileCommonJs(root, dist) {
  // Not imported: npm may have installed it only now.
  const { buildSync } = createRequire(join(root, 'package.json'))('esbuild');
  buildSync({
    entryPoints: [join(dist, 'index.js')],
    outfile: join(dist, 'cjs/index.js'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    keepNames: true,
    sourcemap: true,
    sourcesContent: false,
    define: { 'import.meta.url': 'importMetaUrl' },
    // A bundler that takes this file may leave no __filename.
    banner: {
      js: "const importMetaUrl = typeof __filename === 'string' ? require('node:url').pathToFileURL(__filename).href : undefined;",
    },
    logLevel: 'error',
  });
  // The same types once more: TypeScript tells CommonJS from ES modules by the package.json above a file.
  for (const path of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('.d.ts')) continue;
    mkdirSync(dirname(join(dist, 'cjs', path)), { recursive: true });
    copyFileSync(join(dist, path), join(dist, 'cjs', path));
  }
  writeFileSync(join(dist, 'cjs/package.json'), '{ "type": "commonjs" }\n');
}

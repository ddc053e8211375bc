// Runs before `npm pack`: copies the Node-API headers to dist/include, so that the published
// package can build its addon with nothing but a compiler, CMake and OpenBLAS.
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, 'dist/include');

const source = join(root, 'node_modules/node-api-headers/include');

mkdirSync(target, { recursive: true });
for (const name of readdirSync(source).filter((name) => name.endsWith('.h'))) {
  cpSync(join(source, name), join(target, name));
}
cpSync(join(source, '../LICENSE'), join(target, 'LICENSE.node-api-headers'));

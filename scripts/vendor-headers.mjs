// Runs before `npm pack`: copies the Node-API headers to dist/include, so that the published
// package can build its addon with nothing but a compiler, CMake and OpenBLAS.
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = join(root, 'dist/include');

mkdirSync(target, { recursive: true });
for (const [folder, licence] of [
  ['node_modules/node-api-headers/include', '../LICENSE'],
  ['node_modules/node-addon-api', 'LICENSE.md'],
]) {
  const source = join(root, folder);
  const headers = readdirSync(source).filter((name) => name.endsWith('.h'));
  for (const name of headers) cpSync(join(source, name), join(target, name));
  const project = folder.split('/')[1];
  cpSync(join(source, licence), join(target, `LICENSE.${project}`));
}

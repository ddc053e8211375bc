// npm run example -- NAME [flags]: runs examples/NAME.ts; without a name it lists them.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'examples');
const [name, ...flags] = process.argv.slice(2);

/** The first comment line of an example says what it shows. */
function summaryOf(file) {
  const comment = readFileSync(join(folder, file), 'utf8').match(
    /^(?:\/\/|\/\*\*?|\s\*) *(\S.*)$/m,
  );
  return comment?.[1].replace(/ *\*\/$/, '') ?? '';
}

if (name !== undefined && existsSync(join(folder, `${name}.ts`))) {
  const tsx = join(root, 'node_modules/tsx/dist/cli.mjs');
  const args = [tsx, join(folder, `${name}.ts`), ...flags];
  process.exitCode = spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
} else {
  if (name !== undefined) console.error(`There is no example "${name}".`);
  console.error('usage: npm run example -- NAME [flags]\n');
  for (const file of readdirSync(folder).filter((entry) => entry.endsWith('.ts'))) {
    console.error(`  ${file.slice(0, -'.ts'.length).padEnd(16)} ${summaryOf(file)}`);
  }
  process.exitCode = name === undefined ? 0 : 2;
}

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

// The short form of `npm run test:asan`, without the sanitizers.
it('the addon survives wrong arguments', () => {
  const fuzzer = fileURLToPath(new URL('fuzz-addon.mjs', import.meta.url));
  const output = execFileSync(process.execPath, [fuzzer, '--calls', '6000'], { encoding: 'utf8' });
  expect(output).toContain('base, seed 1: ');
});

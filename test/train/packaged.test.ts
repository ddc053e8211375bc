import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { withFolder } from './support.js';

const dist = (path: string) => new URL(`../../dist/${path}`, import.meta.url);
const source = (path: string) => new URL(`../../src/${path}`, import.meta.url);

/** What a program of its own prints, which imports the compiled package. */
async function outputOf(program: string): Promise<string> {
  return withFolder(async (folder) => {
    const path = join(folder, 'program.mjs');
    await writeFile(path, program);
    return (await promisify(execFile)(process.execPath, [path])).stdout;
  });
}

describe('the compiled package', () => {
  it.each(['client.js', 'style.css'])('has the report page’s %s as it is', async (file) => {
    const path = `train/report/page/${file}`;
    expect(await readFile(dist(path), 'utf8')).toBe(await readFile(source(path), 'utf8'));
  });

  it('finds them where it is', async () => {
    const said = await outputOf(`
      import { loadPage } from ${JSON.stringify(dist('train/report/pageParts.js').href)};
      console.log(JSON.stringify(await loadPage()));
    `);
    const client = await readFile(source('train/report/page/client.js'), 'utf8');
    expect(JSON.parse(said).client).toBe(client);
  });

  it('has the worker of searches, and runs trials in it', async () => {
    expect(await readFile(dist('train/tune/worker.js'), 'utf8')).toContain('parentPort');
    const said = await outputOf(`
      import { tune } from ${JSON.stringify(dist('index.js').href)};
      const trial = ${JSON.stringify(new URL('./tune/trials.mjs', import.meta.url).href)};
      const space = { lr: tune.uniform(0, 1), width: tune.choice([32]) };
      const { best } = await tune.search({ space, trial, trials: 2 });
      console.log(typeof best.score);
    `);
    expect(said).toBe('number\n');
  });
});

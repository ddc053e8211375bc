import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { addonPath, runModule } from './child.js';

const printInfo = `
  import { backendInfo } from './dist/backend/select.js';
  try {
    console.log(JSON.stringify(backendInfo()));
  } catch (error) {
    console.log(JSON.stringify({ error: error.name, message: error.message }));
  }
`;

async function infoWith(env: Record<string, string | undefined>) {
  const clean = { AXONODE_BACKEND: undefined, AXONODE_ADDON: addonPath };
  const ended = await runModule(printInfo, { ...clean, ...env });
  return { info: JSON.parse(ended.stdout) as Record<string, unknown>, stderr: ended.stderr };
}

const nowhere = '/nowhere/axonode.node';

describe('choosing the backend', () => {
  it('falls back with one line that says why and what to do', async () => {
    const { info, stderr } = await infoWith({ AXONODE_ADDON: nowhere });
    expect(info).toMatchObject({ name: 'ts', instructionSet: 'js', threads: 1 });
    expect(info.whyNotNative).toContain(`${nowhere} is not there`);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain(nowhere);
    expect(stderr).toContain('npm run build:native');
  });

  it('does not fall back when AXONODE_BACKEND asks for native', async () => {
    const { info, stderr } = await infoWith({ AXONODE_BACKEND: 'native', AXONODE_ADDON: nowhere });
    expect(info).toMatchObject({ error: 'BackendError' });
    expect(info.message).toContain('npm run build:native');
    expect(stderr).toBe('');
  });

  it('takes the TypeScript backend when asked, without a word', async () => {
    const { info, stderr } = await infoWith({ AXONODE_BACKEND: 'ts' });
    expect(info).toMatchObject({ name: 'ts', whyNotNative: null });
    expect(stderr).toBe('');
  });

  it('refuses any other name', async () => {
    const { info } = await infoWith({ AXONODE_BACKEND: 'cuda' });
    expect(info.message).toBe(
      "AXONODE_BACKEND: there is no backend 'cuda', expected 'native' or 'ts'",
    );
  });
});

describe.runIf(existsSync(addonPath))('the native backend by environment variables', () => {
  it('is the default', async () => {
    const { info, stderr } = await infoWith({});
    expect(info).toMatchObject({ name: 'native', whyNotNative: null, synchronous: false });
    expect(info.threads).toBeLessThanOrEqual(availableParallelism());
    expect(stderr).toBe('');
  });

  it('takes threads from AXONODE_NUM_THREADS', async () => {
    const { info } = await infoWith({ AXONODE_NUM_THREADS: '3' });
    expect(info.threads).toBe(3);
    for (const wrong of ['0', '1.5', 'many', '1000']) {
      const { info } = await infoWith({ AXONODE_NUM_THREADS: wrong });
      expect(info.message).toBe(`AXONODE_NUM_THREADS=${wrong}: expected an integer from 1 to 256`);
    }
  });

  it('takes an instruction set from AXONODE_ISA', async () => {
    expect((await infoWith({ AXONODE_ISA: 'base' })).info.instructionSet).toBe('base');
    const { info } = await infoWith({ AXONODE_ISA: 'mmx', AXONODE_BACKEND: 'native' });
    expect(info.message).toContain('AXONODE_ISA=mmx does not fit this processor, which has ');
  });

  it('leaves Winograd out with AXONODE_EXACT_CONV=1', async () => {
    expect((await infoWith({ AXONODE_EXACT_CONV: '1' })).info.convolutionPrecision).toBe('exact');
    for (const fast of ['0', '', undefined]) {
      const { info } = await infoWith({ AXONODE_EXACT_CONV: fast });
      expect(info.convolutionPrecision).toBe('fast');
    }
    expect((await infoWith({ AXONODE_EXACT_CONV: 'yes' })).info).toEqual({
      error: 'BackendError',
      message: 'AXONODE_EXACT_CONV=yes: expected 1 or 0',
    });
  });

  it('runs inline with AXONODE_SYNC=1', async () => {
    const ended = await runModule(
      `
      import { backend } from './dist/backend/select.js';
      const x = new Float32Array(backend().allocate(4));
      backend().kernels.fill(x, 1, 5);
      console.log(x[0], backend().completed(), backend().info().synchronous);
      await backend().wait();
      `,
      { AXONODE_BACKEND: 'native', AXONODE_ADDON: addonPath, AXONODE_SYNC: '1' },
    );
    expect([ended.stdout, ended.stderr]).toEqual(['5 1 true\n', '']);
  });

  it('computes the same in workers with different counts of threads', async () => {
    const ended = await runModule(
      `
      import { Worker } from 'node:worker_threads';
      const source = (threads) => \`
        const { parentPort } = require('node:worker_threads');
        const addon = require(${JSON.stringify(addonPath)});
        addon.setNumThreads(\${threads});
        const n = 300;
        const [c, first, a, b] = [0, 1, 2, 3].map(() => new Float32Array(addon.allocate(4 * n * n)));
        for (let i = 0; i < n * n; i++) [a[i], b[i]] = [i % 13 - 6, i % 11 - 5];
        const product = (out) => {
          addon.kernels.gemm(out, a, b, null, n, n, n, 0, 0, 0, 1, 0, 0, 0);
          addon.synchronize();
        };
        product(first);
        let wrong = 0;
        for (let i = 0; i < 200; i++) {
          product(c);
          if (!c.every((value, at) => value === first[at])) wrong++;
        }
        parentPort.postMessage(wrong);
      \`;
      const workers = [2, 3, 4, 1].map((threads) =>
        new Worker(source(threads), { eval: true, execArgv: [] }));
      const results = workers.map((worker) => new Promise((resolve) => worker.on('message', resolve)));
      console.log((await Promise.all(results)).join());
      `,
      { AXONODE_ISA: 'base' },
    );
    expect([ended.stdout, ended.stderr]).toEqual(['0,0,0,0\n', '']);
  });
});

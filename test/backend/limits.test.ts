import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { root } from './child.js';

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a module on the built package in a process that may have so much address space. */
async function runWithin(megabytes: number, backend: string, code: string): Promise<Ended> {
  const source = `import * as ax from './dist/index.js'; ${code}`;
  const child = spawn(
    'bash',
    [
      '-c',
      `ulimit -v ${megabytes * 1024} && exec "$0" --input-type=module -e "$1"`,
      process.execPath,
      source,
    ],
    {
      cwd: root,
      env: { ...process.env, AXONODE_BACKEND: backend, AXONODE_NUM_THREADS: '2', NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 30_000,
      killSignal: 'SIGKILL',
    },
  );
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const [ended] = (await once(child, 'close')) as [number | null];
  return { code: ended, stdout, stderr };
}

const product = `
  const x = ax.ones([300, 300]);
  console.log(ax.backendInfo().name, await ax.matmul(x, x).mean().item());
`;

// Fills the memory that there is, asks for more in every way, and goes on when some is free again.
const exhaust = `
  ${product}
  const kept = [];
  const errors = [];
  const attempt = async (run) => {
    try {
      await run();
    } catch (error) {
      errors.push([error instanceof ax.AxonodeError, error.code, error.message.slice(0, 30)].join());
    }
    return errors.length === 0;
  };
  for (const bytes of [2 ** 26, 2 ** 22]) {
    while (await attempt(async () => {
      kept.push(ax.zeros([bytes / 4]).keep());
      await ax.synchronize();
    }));
    errors.splice(0, errors.length - 1);
    console.log(errors.pop());
  }
  await attempt(() => kept[0].data());
  await attempt(() => kept[0].dataSync());
  await attempt(() => kept[0].add(1).data());
  await attempt(() => ax.matmul(kept[0].reshape([4096, 4096]), kept[0].reshape([4096, 4096])).data());
  console.log(errors.join('\\n'));
  console.log(await kept[0].mean().item());
  for (const t of kept) t.dispose();
  const y = ax.ones([300, 300]);
  console.log(await ax.matmul(y, y).mean().item());
`;
const refused = 'true,ERR_BACKEND,out of memory: cannot allocate';

describe.runIf(process.platform === 'linux')('under a limit of memory (ulimit -v)', () => {
  const backend = process.env.AXONODE_BACKEND ?? '';

  it.runIf(backend === 'native')(
    'where OpenBLAS has no room: says so, and does not load it',
    async () => {
      const fallen = await runWithin(1300, '', product);
      expect(fallen).toMatchObject({ code: 0, stdout: 'ts 300\n' });
      expect(fallen.stderr).toMatch(
        /the native addon was not loaded: the system allows 1300 MB of address space \(ulimit -v\), \d+ MB are left, and with OpenBLAS it needs 512 MB/,
      );
      const asked = await runWithin(1300, 'native', product);
      expect(asked.code).toBe(1);
      expect(asked.stderr).toContain("code: 'ERR_BACKEND'");
    },
  );

  it.runIf(backend === 'native').each([2000, 2500])('computes within %i MB', async (megabytes) => {
    const ended = await runWithin(megabytes, 'native', product);
    expect(ended).toEqual({ code: 0, stdout: 'native 300\n', stderr: '' });
  });

  it('memory that is exhausted is an error with a code, and the process goes on', async () => {
    const ended = await runWithin(2200, backend, exhaust);
    expect(ended.stderr).toBe('');
    const lines = ended.stdout.trim().split('\n').slice(1);
    expect(lines.length).toBeGreaterThanOrEqual(2 + 3 + 2);
    for (const line of lines.slice(0, -2)) expect(line).toBe(refused);
    expect(lines.slice(-2)).toEqual(['0', '300']);
    expect(ended.code).toBe(0);
  });
});

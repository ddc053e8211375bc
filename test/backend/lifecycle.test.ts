import { describe, expect, it } from 'vitest';
import { addonPath, type Ended, runModule } from './child.js';

/** Loads the addon and defines queueWork: about a millisecond of matrix product for each count. */
const load = `
  const floats = (n) => new Float32Array(addon.allocate(4 * n));
  const size = 384;
  const [a, b, c] = [0, 1, 2].map(() => floats(size * size).fill(1));
  function queueWork(count) {
    for (let i = 0; i < count; i++) {
      addon.kernels.gemm(c, a, b, null, size, size, size, 0, 0, 0, 1, 0, 0, 0);
    }
  }
`;
const inModule = `
  import { createRequire } from 'node:module';
  import { Worker } from 'node:worker_threads';
  const addon = createRequire(import.meta.url)(${JSON.stringify(addonPath)});
  ${load}
`;
/** The source of a function that starts a worker, given what it does after loading. */
const worker = (code: string): string => {
  const source = `
    const { parentPort } = require('node:worker_threads');
    const addon = require(${JSON.stringify(addonPath)});
    ${load}
    ${code}
  `;
  return `new Worker(${JSON.stringify(source)}, { eval: true, execArgv: [] })`;
};

function expectEnd(ended: Ended, code = 0): void {
  expect({ code: ended.code, signal: ended.signal, stderr: ended.stderr }).toEqual({
    code,
    signal: null,
    stderr: '',
  });
}

describe.runIf(process.env.AXONODE_BACKEND === 'native')('with work queued, ends cleanly', () => {
  it('process.exit', async () => {
    const ended = await runModule(`${inModule} queueWork(900); process.exit(3);`);
    expectEnd(ended, 3);
  });

  it('the end of the program, which does not wait for work that nobody awaits', async () => {
    const ended = await runModule(`${inModule} queueWork(900); console.log(addon.completed());`);
    expectEnd(ended);
    expect(Number(ended.stdout)).toBeLessThan(900);
  });

  it('an uncaught error', async () => {
    const ended = await runModule(`${inModule} queueWork(900); throw new Error('on purpose');`);
    expect([ended.code, ended.signal]).toEqual([1, null]);
    expect(ended.stderr).toContain('on purpose');
  });

  it('process.exit inside of an exit handler that still computes', async () => {
    const ended = await runModule(`
      ${inModule}
      process.on('exit', () => { queueWork(20); addon.synchronize(); console.log(c[0]); queueWork(900); });
      queueWork(5);
    `);
    expectEnd(ended);
    expect(ended.stdout).toBe('384\n');
  });

  it('worker.terminate(), again and again', async () => {
    const ended = await runModule(`
      ${inModule}
      for (let i = 0; i < 8; i++) {
        const worker = ${worker(`queueWork(900); parentPort.postMessage('queued'); queueWork(1e6);`)};
        await new Promise((resolve) => worker.once('message', resolve));
        await worker.terminate();
      }
      queueWork(1);
      addon.synchronize();
      console.log(c[0]);
    `);
    expectEnd(ended);
    expect(ended.stdout).toBe('384\n');
  });

  it('worker.terminate() without waiting for the whole queue, whatever blocks the worker', async () => {
    const ended = await runModule(`
      ${inModule}
      queueWork(10);
      addon.synchronize();
      const begin = performance.now();
      queueWork(100);
      addon.synchronize();
      const wholeQueue = 10 * (performance.now() - begin);
      const blocked = [
        () => ${worker(`queueWork(900); parentPort.postMessage(1); addon.synchronize();`)},
        () => ${worker(`queueWork(900); parentPort.postMessage(1); queueWork(1e6);`)},
      ];
      const shares = [];
      for (const start of blocked) {
        const worker = start();
        await new Promise((resolve) => worker.once('message', resolve));
        const begin = performance.now();
        await worker.terminate();
        shares.push((performance.now() - begin) / wholeQueue);
      }
      console.log(Math.max(...shares));
    `);
    expectEnd(ended);
    expect(Number(ended.stdout)).toBeLessThan(0.5);
  });

  it('a worker that comes to its end, exits or fails', async () => {
    const ended = await runModule(`
      ${inModule}
      const workers = [
        ${worker('queueWork(500);')},
        ${worker('queueWork(500); process.exit(5);')},
        ${worker(`queueWork(500); throw new Error('on purpose');`)},
      ];
      const ends = workers.map((worker) => new Promise((resolve) => {
        worker.on('error', () => {});
        worker.once('exit', resolve);
      }));
      console.log((await Promise.all(ends)).join());
    `);
    expectEnd(ended);
    expect(ended.stdout).toBe('0,5,1\n');
  });

  it('process.exit while workers compute', async () => {
    const ended = await runModule(`
      ${inModule}
      const workers = [1, 2].map(() => ${worker(`parentPort.postMessage(1); for (;;) queueWork(1);`)});
      await Promise.all(workers.map((w) => new Promise((resolve) => w.once('message', resolve))));
      queueWork(100);
      process.exit(4);
    `);
    expectEnd(ended, 4);
  });
});

describe.runIf(process.env.AXONODE_BACKEND === 'native')('the event loop', () => {
  it('stays alive for a promise of completed work, and not for an idle addon', async () => {
    const ended = await runModule(`
      ${inModule}
      queueWork(100);
      await addon.wait();
      console.log(addon.completed());
    `);
    expectEnd(ended);
    expect(ended.stdout).toBe('100\n');
  });

  it('settles many promises, each when its own work is done', async () => {
    const ended = await runModule(`
      ${inModule}
      const early = [];
      const waits = [];
      for (let i = 0; i < 50; i++) {
        queueWork(2);
        const ticket = addon.submitted();
        waits.push(addon.wait().then(() => { if (addon.completed() < ticket) early.push(ticket); }));
        if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await Promise.all(waits);
      console.log(early.length, addon.completed());
    `);
    expectEnd(ended);
    expect(ended.stdout).toBe('0 100\n');
  });

  it('keeps ticking while work runs', async () => {
    const ended = await runModule(`
      ${inModule}
      import { monitorEventLoopDelay } from 'node:perf_hooks';
      const delay = monitorEventLoopDelay({ resolution: 5 });
      delay.enable();
      for (let i = 0; i < 10; i++) { queueWork(40); await addon.wait(); }
      console.log(delay.percentile(50) / 1e6);
    `);
    expectEnd(ended);
    expect(Number(ended.stdout)).toBeLessThan(50);
  });
});

describe.runIf(process.env.AXONODE_BACKEND === 'native')('memory of queued work', () => {
  it('outlives its ArrayBuffers, collected or detached', async () => {
    const ended = await runModule(
      `
      ${inModule}
      const n = 1 << 20;
      const sum = floats(1).fill(0);
      queueWork(100);
      for (let i = 0; i < 50; i++) {
        const x = floats(n);
        addon.kernels.fill(x, n, 1);
        const stream = new ReadableStream({ type: 'bytes' });
        // A byte stream takes the memory from its reader's array, whatever the array is marked as.
        if (i % 2) stream.getReader({ mode: 'byob' }).read(new Uint8Array(x.buffer)).catch(() => {});
        const view = x.length ? x : floats(n).fill(1);
        addon.kernels.addScaled(sum, view, 1, 1);
      }
      gc();
      await new Promise((resolve) => setImmediate(resolve));
      gc();
      await addon.wait();
      console.log(sum[0]);
    `,
      {},
      ['--expose-gc'],
    );
    expectEnd(ended);
    expect(ended.stdout).toBe('50\n');
  });

  it('goes back to the system, however far the caller runs ahead', async () => {
    const ended = await runModule(`
      ${inModule}
      const bytes = 1 << 24;
      let most = 0;
      for (let i = 0; i < 400; i++) {
        addon.kernels.fill(new Float32Array(addon.allocate(bytes)), bytes / 4, 1);
        if (i % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
        most = Math.max(most, process.memoryUsage.rss());
      }
      console.log(most / 2 ** 20);
    `);
    expectEnd(ended);
    expect(Number(ended.stdout)).toBeLessThan(2000);
  });
});

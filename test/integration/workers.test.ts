import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';

interface Trained {
  readonly backend: string;
  readonly losses: number[];
}

/** Trains a small network in a thread of its own, on the built package. */
function trainInWorker(seed: number): Promise<Trained> {
  const worker = new Worker(new URL('./trainWorker.mjs', import.meta.url), {
    workerData: { seed },
  });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

describe('worker_threads', () => {
  it('train at the same time, each as if it were alone', async () => {
    const alone = [await trainInWorker(1), await trainInWorker(2)];
    const together = await Promise.all([trainInWorker(1), trainInWorker(2)]);
    expect(together).toEqual(alone);
    expect(alone[0]?.losses).not.toEqual(alone[1]?.losses);
    expect(alone[0]?.backend).toBe(process.env.AXONODE_BACKEND);
    for (const { losses } of alone) expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
  });
});

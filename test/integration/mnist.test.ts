import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  type BackendName,
  backendInfo,
  crossEntropy,
  data,
  manualSeed,
  models,
  optim,
  setBackend,
} from '../../src/index.js';

// The main job's first steps on real digits: AXONODE_DATA names a folder with MNIST's files in `mnist`.

const STEPS = 50;

const folder = join(process.env.AXONODE_DATA ?? '/nowhere', 'mnist');
const hasDigits = existsSync(folder);
if (!hasDigits) {
  console.warn('SKIPPED test/integration/mnist.test.ts: AXONODE_DATA names no folder with mnist/');
}

/** Losses with the settings of `npm start`: batches of 64, SGD 0.02 with Nesterov momentum 0.9. */
async function losses(backend: BackendName): Promise<number[]> {
  setBackend(backend);
  manualSeed(7);
  const digits = await data.loadMnist('train', { folder });
  const dataset = new data.ImageDataset(digits, { mean: data.MNIST_MEAN, std: data.MNIST_STD });
  const model = models.lenet5();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.02, momentum: 0.9, nesterov: true });
  const values: number[] = [];
  for await (const [images, labels] of new data.DataLoader(dataset, {
    batchSize: 64,
    shuffle: true,
  })) {
    optimizer.zeroGrad();
    const loss = crossEntropy(model.forward(images), labels);
    loss.backward();
    optimizer.step();
    values.push(await loss.item());
    if (values.length === STEPS) break;
  }
  return values;
}

describe.skipIf(!hasDigits)('the main job on real digits', () => {
  const own = backendInfo().name;
  afterAll(() => setBackend(own));

  it('has the losses of the TypeScript backend for 50 steps, and learns', async () => {
    const here = await losses(own);
    const there = await losses('ts');
    const apart = here.map((value, step) => Math.abs(value / (there[step] ?? Number.NaN) - 1));
    expect(Math.max(...apart)).toBeLessThan(1e-3);
    const mean = (list: number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
    // It starts on a plateau at ln 10; 2.30 falls to 1.28 on average.
    expect(mean(here.slice(-10))).toBeLessThan(0.7 * mean(here.slice(0, 10)));
  }, 180_000);
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type BackendName,
  backendInfo,
  crossEntropy,
  data,
  manualSeed,
  models,
  optim,
  setBackend,
  tensor,
} from '../../src/index.js';

const BATCH = 32;
const STEPS = 50;

/** Losses of the first steps of LeNet-5 on drawn digits, from one seed. */
async function losses(backend: BackendName): Promise<number[]> {
  await setBackend(backend);
  manualSeed(7);
  const digits = data.syntheticDigits(BATCH * STEPS, { seed: 3 });
  const pixels = digits.rows * digits.cols;
  const model = models.lenet5();
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.05, momentum: 0.9, nesterov: true });
  const values: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const from = step * BATCH;
    const images = tensor(digits.images.subarray(from * pixels, (from + BATCH) * pixels), {
      shape: [BATCH, 1, digits.rows, digits.cols],
    });
    const labels = tensor(digits.labels.subarray(from, from + BATCH), { dtype: 'int32' });
    optimizer.zeroGrad();
    const loss = crossEntropy(model.forward(images.cast('float32').sub(33).div(79)), labels);
    loss.backward();
    optimizer.step();
    values.push(await loss.item());
  }
  return values;
}

describe('training LeNet-5', () => {
  const own = backendInfo().name;
  let found: number[] = [];
  beforeAll(async () => {
    found = await losses(own);
  });
  afterAll(() => setBackend(own));

  it('learns', () => {
    const mean = (list: number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
    expect(mean(found.slice(-10))).toBeLessThan(0.8 * mean(found.slice(0, 10)));
  });

  it.runIf(own === 'native')(
    'gives the losses of the TypeScript backend, step by step',
    async () => {
      const there = await losses('ts');
      expect(there).toHaveLength(found.length);
      for (const [step, value] of found.entries()) {
        const expected = there[step] ?? Number.NaN;
        expect(Math.abs(value - expected) / expected, `step ${step}`).toBeLessThan(1e-3);
      }
    },
  );

  it('gives the same losses again', async () => {
    expect(await losses(own)).toEqual(found);
  });
});

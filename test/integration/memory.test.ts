import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  backendInfo,
  crossEntropy,
  memoryInfo,
  nn,
  noGrad,
  optim,
  randint,
  randn,
  synchronize,
} from '../../src/index.js';

function network(): nn.Sequential {
  return new nn.Sequential(
    new nn.Conv2d(1, 4, 3),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(4 * 5 * 5, 10),
  );
}

describe('memory in the loops that users write', () => {
  it('stays the same from step to step of the plain training loop', async () => {
    const model = network();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });
    const images = randn([8, 1, 12, 12]);
    const labels = randint(0, 10, [8]);
    const live: number[] = [];
    for (let step = 0; step < 200; step++) {
      optimizer.zeroGrad();
      const logits = model.forward(images);
      const loss = crossEntropy(logits, labels);
      loss.backward();
      optimizer.step();
      live.push(memoryInfo().live);
    }
    await synchronize();
    expect(new Set(live.slice(2))).toEqual(new Set([live[2]]));
  });

  it('stays the same in a loop of inference under noGrad', () => {
    const model = network();
    const images = randn([8, 1, 12, 12]);
    const predict = (): number => noGrad(() => model.forward(images).argmax(1).dataSync()[0] ?? -1);
    predict();
    const before = memoryInfo().live;
    for (let i = 0; i < 100; i++) predict();
    expect(memoryInfo().live).toBe(before);
  });

  // The TypeScript backend's memory is V8's own.
  it.runIf(backendInfo().name === 'native')(
    'stays bounded in a loop of inference that records graphs for nothing',
    async () => {
      const model = network();
      const images = randn([64, 1, 12, 12]);
      const predict = async (): Promise<number> =>
        (await model.forward(images).argmax(1).data())[0] ?? -1;
      await predict();
      const { live, pooled } = memoryInfo();
      // Each step loses what it computed, so that two thousand steps lose 600 MB.
      for (let i = 0; i < 2000; i++) {
        await predict();
        if (i % 100 === 99) await setImmediate();
      }
      const after = memoryInfo();
      expect(after.live + after.pooled - live - pooled).toBeLessThan(200 * 2 ** 20);
    },
  );

  it('lets activations go when a graph is let go', () => {
    const model = network();
    const images = randn([8, 1, 12, 12]);
    const labels = randint(0, 10, [8]);
    model.forward(images).sum().backward();
    for (const parameter of model.parameters()) parameter.grad?.dispose();
    for (const parameter of model.parameters()) parameter.grad = null;
    // The first op of the next step releases the step before.
    const loss = crossEntropy(model.forward(images), labels);
    loss.backward();
    const afterSecond = memoryInfo().live;
    crossEntropy(model.forward(images), labels).backward();
    expect(memoryInfo().live).toBe(afterSecond);
  });
});

import { describe, expect, it } from 'vitest';
import {
  backendInfo,
  crossEntropy,
  full,
  nn,
  noGrad,
  optim,
  randint,
  randn,
  synchronize,
  synchronizeSync,
  trimPool,
} from '../../src/index.js';
import { memoryInfo } from '../support/memory.js';

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
  describe.runIf(backendInfo().name === 'native')('stays bounded without an await', () => {
    /** What may be garbage, and what the pool may keep. */
    const LIMIT = 400 * 2 ** 20;

    /** The most memory that `steps` calls take, each of which loses about a megabyte. */
    function mostOf(steps: number, step: () => void): number {
      let most = 0;
      for (let i = 0; i < steps; i++) {
        step();
        const { live, pooled } = memoryInfo();
        most = Math.max(most, live + pooled);
      }
      return most;
    }

    it('in inference that records graphs for nothing', () => {
      const model = network();
      const images = randn([64, 1, 12, 12]);
      const predict = (): number => model.forward(images).argmax(1).dataSync()[0] ?? -1;
      expect(mostOf(1500, predict)).toBeLessThan(LIMIT);
    });

    it('in arithmetic on tensors of any size', () => {
      for (const size of [1 << 20, 1 << 16, 100]) {
        let x = randn([size]);
        const most = mostOf(800, () => {
          x = x.add(1).mul(0.5);
        });
        expect(most).toBeLessThan(LIMIT);
        // Nothing was given to two tensors at a time.
        const expected = x.dataSync();
        expect(expected.every((value) => Math.abs(value - 1) < 1e-4)).toBe(true);
      }
    });

    it('in training without modules, gradients replaced by hand', () => {
      const x = randn([256, 256]);
      let weights = randn([256, 256]).mul(0.01);
      const most = mostOf(400, () => {
        weights.requiresGrad = true;
        const loss = x.matmul(weights).square().mean();
        loss.backward();
        const gradient = weights.grad;
        weights = noGrad(() => weights.sub((gradient ?? weights).mul(0.1)));
        loss.itemSync();
      });
      expect(most).toBeLessThan(LIMIT);
    });

    it('in work on sizes that never come twice', () => {
      let n = 0;
      const most = mostOf(1000, () => {
        n = (n * 7919 + 104729) % 300_000;
        randn([1000 + n])
          .add(1)
          .sum()
          .itemSync();
      });
      expect(most).toBeLessThan(LIMIT);
    });

    it('with views alive of storages that are lost', () => {
      const raws: { readonly view: Float32Array; readonly first: number }[] = [];
      for (let i = 0; i < 600; i++) {
        const x = full([1 << 16], i);
        const { raw } = x;
        synchronizeSync();
        if (i % 50 === 0 && raw instanceof Float32Array) raws.push({ view: raw, first: i });
      }
      synchronizeSync();
      expect(raws.length).toBe(12);
      for (const { view, first } of raws) expect(view.every((value) => value === first)).toBe(true);
    });
  });

  it.runIf(backendInfo().name === 'native')(
    'goes back to the system when it was lost and trimPool() is called',
    () => {
      const before = memoryInfo();
      for (let i = 0; i < 20; i++) randn([1 << 20]);
      const after = memoryInfo();
      expect(after.live + after.pooled).toBeGreaterThan(before.live + before.pooled + 20 * 2 ** 20);
      synchronizeSync();
      trimPool();
      expect(memoryInfo().live).toBeLessThan(before.live + 10 * 2 ** 20);
      expect(memoryInfo().pooled).toBe(0);
    },
  );

  it('lets activations go when a graph is let go', () => {
    const model = network();
    const images = randn([8, 1, 12, 12]);
    const labels = randint(0, 10, [8]);
    model.forward(images).sum().backward();
    for (const parameter of model.parameters()) parameter.grad?.dispose();
    for (const parameter of model.parameters()) parameter.grad = null;
    crossEntropy(model.forward(images), labels).backward();
    // The first op of the next step releases the step before.
    const loss = crossEntropy(model.forward(images), labels);
    loss.backward();
    const afterSecond = memoryInfo().live;
    crossEntropy(model.forward(images), labels).backward();
    expect(memoryInfo().live).toBe(afterSecond);
  });
});

import { expect, test } from 'vitest';
import { DataLoader, type Dataset, SequenceDataset, subset } from '../../src/data/index.js';
import * as nn from '../../src/nn/index.js';
import { ones } from '../../src/ops/creation.js';
import { mseLoss } from '../../src/ops/loss.js';
import { SGD } from '../../src/optim/index.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import * as train from '../../src/train/index.js';

// A dataset that grows or shrinks is seen as it is when an epoch begins.

class Growing implements Dataset<[Tensor, Tensor]> {
  length = 4;
  readonly read = new Set<number>();
  get(index: number): [Tensor, Tensor] {
    this.read.add(index);
    return [ones([1]), ones([1])];
  }
}

for (const shuffle of [false, true]) {
  test(`a DataLoader sees it${shuffle ? ', shuffled' : ''}`, async () => {
    const data = new Growing();
    const loader = new DataLoader(data, { batchSize: 2, shuffle, seed: 1 });
    const batches: number[] = [];
    for (const length of [4, 7, 1]) {
      data.length = length;
      data.read.clear();
      let count = 0;
      for await (const _ of loader) {
        count++;
        // What comes in the middle of an epoch is for the next one.
        if (count === 1) data.length += 4;
        expect(loader.length).toBe(Math.ceil(length / 2));
      }
      batches.push(count);
      expect([...data.read].sort()).toEqual(Array.from({ length }, (_, i) => i));
      data.length -= 4;
    }
    expect(batches).toEqual([2, 4, 1]);
    expect(loader.length).toBe(1);
    expect(new DataLoader(data, { batchSize: 2, dropLast: true })).toHaveLength(0);
  });
}

test('fit sees it', async () => {
  const data = new Growing();
  const model = new nn.Linear(1, 1);
  const steps: number[] = [];
  let before = 0;
  await train.fit({
    model,
    data: new DataLoader(data, { batchSize: 2 }),
    loss: mseLoss,
    optimizer: new SGD(model.parameters(), { lr: 0.01 }),
    epochs: 3,
    callbacks: [
      {
        onEpochEnd(run) {
          steps.push(run.step - before);
          before = run.step;
          data.length += 4;
        },
      },
    ],
    progress: false,
  });
  expect(steps).toEqual([2, 4, 6]);
});

test('a list of sequences may grow', () => {
  const list = [Int32Array.of(1, 2)];
  const data = new SequenceDataset(list);
  list.push(Int32Array.of(3, 4, 5), Int32Array.of(1));
  expect(data).toHaveLength(3);
  expect(data.batch(Int32Array.of(1, 0)).lengths).toEqual([2, 1]);
  expect(() => data.get(2)).toThrow(/sequence 2 has 1 steps/);
  expect(subset(data, [1])).toHaveLength(1);
});

import { describe, expect, test } from 'vitest';
import { DataLoader, TensorDataset } from '../../../src/data/index.js';
import { BatchNorm1d, Dropout, Linear, ReLU, Sequential } from '../../../src/nn/index.js';
import { mseLoss, randn, tensor } from '../../../src/ops/index.js';
import '../../../src/ops/methods.js';
import { ArgumentError } from '../../../src/errors.js';
import { Adam, SGD } from '../../../src/optim/index.js';
import { getRandomState, manualSeed } from '../../../src/tensor/random.js';
import type { Tensor } from '../../../src/tensor/tensor.js';
import * as train from '../../../src/train/index.js';
import { findLearningRate } from '../../../src/train/index.js';
import { memoryInfo } from '../../support/memory.js';

function setting() {
  manualSeed(4);
  const inputs = randn([96, 4]).keep();
  const targets = inputs.sum([1], { keepDims: true }).keep();
  const set = new TensorDataset(inputs, targets);
  const data = new DataLoader(set, { batchSize: 16, shuffle: true, seed: 2 });
  const model = new Sequential(
    new Linear(4, 16),
    new BatchNorm1d(16),
    new ReLU(),
    new Dropout(0.1),
    new Linear(16, 1),
  );
  return { data, model, optimizer: new Adam(model.parameters(), { lr: 1e-3 }), loss: mseLoss };
}

type Setting = ReturnType<typeof setting>;

async function stateOf({ model, optimizer, data }: Setting): Promise<unknown> {
  const tensors = async (state: ReadonlyMap<string, Tensor>) =>
    Promise.all(Array.from(state, async ([name, t]) => [name, Array.from(await t.data())]));
  const { tensors: moments, ...rest } = optimizer.stateDict();
  const modes = model.modules().map(({ training }) => training);
  return {
    model: await tensors(model.stateDict()),
    moments: await tensors(moments),
    rest,
    modes,
    random: getRandomState(),
    position: data.stateDict(),
    gradients: await Promise.all(
      model.parameters().map(async ({ grad }) => (grad === null ? null : [...(await grad.data())])),
    ),
  };
}

describe('findLearningRate', () => {
  test('puts everything back as it was, in the middle of training', async () => {
    const own = setting();
    await train.fit({ ...own, epochs: 2, progress: false });
    own.model.eval();
    const before = await stateOf(own);
    const { live } = memoryInfo();
    const sweep = await findLearningRate({ ...own, steps: 30 });
    expect(sweep.lrs).toHaveLength(30);
    expect(await stateOf(own)).toEqual(before);
    expect(memoryInfo().live).toBeLessThanOrEqual(live);
  });

  test('leaves the steps after it as they would have been', async () => {
    const [swept, plain] = [setting(), setting()];
    await findLearningRate({ ...plain, steps: 12 });
    manualSeed(9);
    await train.fit({ ...plain, epochs: 2, progress: false });
    manualSeed(9);
    await train.fit({ ...swept, epochs: 2, progress: false });
    expect(await stateOf(swept)).toEqual(await stateOf(plain));
  });

  test('puts everything back after an error', async () => {
    const own = setting();
    const before = await stateOf(own);
    let calls = 0;
    const step = (): Tensor => {
      if (++calls === 5) throw new Error('no loss');
      return own.model
        .forward(
          tensor([
            [1, 2, 3, 4],
            [0, 1, 0, 1],
          ]),
        )
        .mean();
    };
    const { model, data, optimizer } = own;
    await expect(findLearningRate({ model, data, optimizer, step })).rejects.toThrow('no loss');
    expect(await stateOf(own)).toEqual(before);
  });

  test('sweeps exponentially, suggests a rate that trains, and stops where the loss diverges', async () => {
    const own = setting();
    const optimizer = new SGD(own.model.parameters());
    const sweep = await findLearningRate({ ...own, optimizer, minLr: 1e-5, maxLr: 1e4, steps: 90 });
    expect(sweep.stopReason).toBe('diverged');
    expect(sweep.lrs.length).toBeLessThan(90);
    const ratios = sweep.lrs.slice(1).map((lr, i) => lr / (sweep.lrs[i] ?? 1));
    for (const ratio of ratios) expect(ratio).toBeCloseTo(1e9 ** (1 / 89), 9);
    expect(sweep.suggestion).toBeGreaterThan(1e-4);
    expect(sweep.suggestion).toBeLessThan(10);
    optimizer.lr = sweep.suggestion ?? 0;
    const history = await train.fit({ ...own, optimizer, epochs: 5, progress: false });
    const [first, last] = [history.epochs[0], history.epochs.at(-1)];
    expect(last?.values.loss).toBeLessThan((first?.values.loss ?? 0) / 2);
  });

  test('keeps the proportions of the groups and obeys a signal', async () => {
    const own = setting();
    const [first, ...others] = own.model.parameters();
    if (first === undefined) throw new Error('parameters');
    const groups = [
      { params: [first], lr: 0.1 },
      { params: others, lr: 0.01 },
    ];
    const optimizer = new SGD(groups);
    const aborter = new AbortController();
    const seen: number[][] = [];
    const step = (): Tensor => {
      seen.push(optimizer.paramGroups.map(({ lr }) => lr));
      if (seen.length === 3) aborter.abort();
      return own.model
        .forward(
          tensor([
            [1, 2, 3, 4],
            [0, 1, 0, 1],
          ]),
        )
        .mean();
    };
    const { model, data } = own;
    const options = { model, data, optimizer, step, minLr: 1, maxLr: 100, steps: 5 };
    const sweep = await findLearningRate({ ...options, signal: aborter.signal });
    expect(sweep.stopReason).toBe('aborted');
    expect(seen.map(([a = 0, b = 0]) => b / a)).toEqual(seen.map(() => expect.closeTo(0.1, 9)));
    expect(optimizer.paramGroups.map(({ lr }) => lr)).toEqual([0.1, 0.01]);
  });

  test.each<[string, object, RegExp]>([
    ['rates upside down', { minLr: 1, maxLr: 0.1 }, /minLr 1 and maxLr 0.1/],
    ['one step', { steps: 1 }, /steps is 1/],
    ['smoothing of 1', { smoothing: 1 }, /smoothing is 1/],
    ['a divergence of 1', { divergence: 1 }, /divergence is 1/],
    ['no loss', { loss: undefined }, /either a loss or a step/],
    ['no batches', { data: [] }, /there are no batches/],
  ])('refuses %s', async (_, change, message) => {
    const own = setting();
    const sweep = findLearningRate({ ...own, ...change });
    await expect(sweep).rejects.toThrow(ArgumentError);
    await expect(findLearningRate({ ...own, ...change })).rejects.toThrow(message);
  });
});

import { describe, expect, test } from 'vitest';
import { ArgumentError, CheckpointError } from '../../src/errors.js';
import { BatchNorm1d, Linear, Sequential } from '../../src/nn/index.js';
import { copyFrom, full, randn, tensor, zeros } from '../../src/ops/index.js';
import { Ema, type EmaState, maxNorm } from '../../src/optim/index.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { expectClose, expectSame } from '../support/close.js';
import { memoryInfo } from '../support/memory.js';

function scalarModel(value: number): { weight: Tensor; stateDict(): Map<string, Tensor> } {
  const weight = full([2], value, { requiresGrad: true });
  return { weight, stateDict: () => new Map([['weight', weight]]) };
}

function averageOf(ema: Ema, name = 'weight'): Tensor {
  const found = ema.stateDict().tensors.get(name);
  if (found === undefined) throw new Error(`no average of ${name}`);
  return found;
}

describe('Ema', () => {
  test('keeps decay of the average and adds the rest of the value', () => {
    const model = scalarModel(1);
    const ema = new Ema(model, { decay: 0.75 });
    copyFrom(model.weight, tensor([3, 5]));
    ema.update();
    expectClose(averageOf(ema), [0.75 + 0.25 * 3, 0.75 + 0.25 * 5]);
    ema.update();
    expectClose(averageOf(ema), [0.75 * 1.5 + 0.75, 0.75 * 2 + 1.25]);
    expect(ema.updates).toBe(2);
  });

  test('warms up: update t keeps (1 + t)/(10 + t), up to decay', () => {
    const model = scalarModel(0);
    const ema = new Ema(model, { decay: 0.2, warmUp: true });
    copyFrom(model.weight, tensor([1, 1]));
    ema.update();
    expectClose(averageOf(ema), [1 - 2 / 11, 1 - 2 / 11]);
    ema.update();
    expectClose(averageOf(ema), [1 - (2 / 11) * 0.2, 1 - (2 / 11) * 0.2]);
  });

  test('averages the buffers of a model, and copies its counters', () => {
    const model = new Sequential(new Linear(3, 4), new BatchNorm1d(4));
    const ema = new Ema(model, { decay: 0.5 });
    model.forward(randn([8, 3]));
    ema.update();
    const live = model.stateDict().get('1.running_mean')?.dataSync() ?? [];
    expectClose(
      averageOf(ema, '1.running_mean'),
      Array.from(live, (value) => value / 2),
    );
    expectSame(averageOf(ema, '1.num_batches_tracked'), [1]);
  });

  test('gives the model its averages for a while, whatever happens then', async () => {
    const model = scalarModel(1);
    const ema = new Ema(model, { decay: 0.5 });
    copyFrom(model.weight, tensor([3, 3]));
    ema.update();
    const seen = await ema.averaged(async () => [...(await model.weight.data())]);
    expect(seen).toEqual([2, 2]);
    expectSame(model.weight, [3, 3]);
    await expect(
      ema.averaged(() => {
        throw new Error('evaluation failed');
      }),
    ).rejects.toThrow('evaluation failed');
    expectSame(model.weight, [3, 3]);
  });

  test('does not mix up the weights', () => {
    const ema = new Ema(scalarModel(1));
    expect(() => ema.restore()).toThrow(ArgumentError);
    ema.apply();
    expect(() => ema.apply()).toThrow(/restore\(\) first/);
    expect(() => ema.update()).toThrow(/update\(\) while the model has the averages/);
    ema.restore();
    ema.update();
  });

  test('counts a shared tensor once', () => {
    const weight = zeros([2]);
    const ema = new Ema(
      {
        stateDict: () =>
          new Map([
            ['a', weight],
            ['b', weight],
          ]),
      },
      { decay: 0.5 },
    );
    copyFrom(weight, tensor([1, 1]));
    ema.update();
    expectSame(averageOf(ema, 'a'), [0.5, 0.5]);
    expect(averageOf(ema, 'a')).toBe(averageOf(ema, 'b'));
  });

  test('goes on from a saved state', () => {
    const [a, b] = [scalarModel(1), scalarModel(7)];
    const [first, second] = [new Ema(a, { warmUp: true }), new Ema(b, { warmUp: true })];
    for (const value of [2, 3]) {
      copyFrom(a.weight, full([2], value));
      first.update();
    }
    second.loadStateDict(first.stateDict());
    copyFrom(b.weight, a.weight);
    first.update();
    second.update();
    expectSame(averageOf(second), averageOf(first));
    first.loadStateDict(first.stateDict());
  });

  test.each<[string, (state: EmaState) => object, RegExp]>([
    ['another class', () => ({ type: 'Adam' }), /it is one of Adam/],
    ['no count', () => ({ updates: -1 }), /updates is -1/],
    ['no average', () => ({ tensors: new Map() }), /weight is missing/],
    ['another shape', () => ({ tensors: new Map([['weight', zeros([3])]]) }), /weight is \[3\]/],
    [
      'other names',
      ({ tensors }) => ({ tensors: new Map([...tensors, ['bias', zeros([1])]]) }),
      /bias is unexpected/,
    ],
  ])('refuses a state of %s', (_, change, message) => {
    const ema = new Ema(scalarModel(1));
    const good = ema.stateDict();
    const load = () => ema.loadStateDict({ ...good, ...change(good) });
    expect(load).toThrow(CheckpointError);
    expect(load).toThrow(message);
    expectSame(averageOf(ema), [1, 1]);
  });

  test('refuses options out of range', () => {
    expect(() => new Ema(scalarModel(1), { decay: 1.5 })).toThrow(/decay is 1.5/);
    expect(() => new Ema(scalarModel(1), { power: 1 } as object)).toThrow(
      /Ema: power: unknown option, expected decay, warmUp/,
    );
  });

  test('gives its memory back', () => {
    const model = scalarModel(1);
    const { live } = memoryInfo();
    const ema = new Ema(model);
    ema.update();
    ema.apply();
    ema.dispose();
    expect(memoryInfo().live).toBe(live);
    expectSame(model.weight, [1, 1]);
  });
});

describe('maxNorm', () => {
  test('scales units that are too long down to the limit, and leaves the others and the biases', () => {
    const weight = tensor(
      [
        [3, 4],
        [0.3, 0.4],
        [0, 0],
      ],
      { requiresGrad: true },
    );
    const filters = tensor([[[[6]], [[8]]]], { requiresGrad: true });
    const bias = tensor([10], { requiresGrad: true });
    maxNorm([weight, filters, bias], 2);
    expectClose(weight, [1.2, 1.6, 0.3, 0.4, 0, 0]);
    expectClose(filters, [1.2, 1.6]);
    expectSame(bias, [10]);
    expect(weight.requiresGrad).toBe(true);
  });

  test('refuses a limit that is none', () => {
    expect(() => maxNorm([], 0)).toThrow(/limit is 0, expected a number > 0/);
  });
});

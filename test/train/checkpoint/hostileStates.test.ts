import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  CheckpointError,
  data,
  manualSeed,
  nn,
  optim,
  tensor,
  train,
  zeros,
} from '../../../src/index.js';
import { getRandomState, setRandomState } from '../../../src/tensor/random.js';

/** What a state is made of, with each part of it replaced in turn. */
function wrongOnes(good: object): unknown[] {
  const fault = (): never => {
    throw new TypeError('a getter that throws');
  };
  const values = [
    null,
    undefined,
    Number.NaN,
    -1,
    0.5,
    2 ** 53 - 1,
    'text',
    Symbol('s'),
    [],
    { toString: 1 },
    new Proxy({}, { get: fault, ownKeys: fault, getPrototypeOf: fault }),
  ];
  const changed = Object.keys(good).flatMap((name) => [
    ...values.map((value) => ({ ...good, [name]: value })),
    Object.defineProperty({ ...good }, name, { get: fault, enumerable: true }),
  ]);
  return [null, undefined, 3, 'text', [], new Map(), ...values, ...changed];
}

/** Plain, with the bits of tensors. */
function plain(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (item instanceof Map) return [...item];
    if (typeof item === 'object' && item !== null && 'dataSync' in item) {
      return Array.from((item as ReturnType<typeof zeros>).dataSync());
    }
    return typeof item === 'number' && !Number.isFinite(item) ? String(item) : item;
  });
}

interface Stateful {
  stateDict(): unknown;
  loadStateDict(state: never): unknown;
}

function model(): nn.Sequential {
  return new nn.Sequential(new nn.Linear(2, 2), new nn.BatchNorm1d(2));
}

const MAKERS: Record<string, () => Stateful> = {
  'an optimiser': () => {
    const net = model();
    const optimizer = new optim.NAdam(net.parameters());
    for (const parameter of net.parameters()) parameter.grad = zeros(parameter.shape).keep();
    optimizer.step();
    return optimizer;
  },
  'a schedule': () => new optim.StepLR(new optim.SGD(model().parameters()), 2),
  'a plateau': () => new optim.ReduceLROnPlateau(new optim.SGD(model().parameters())),
  'a sequence': () => {
    const optimizer = new optim.SGD(model().parameters());
    const parts = [new optim.StepLR(optimizer, 2), new optim.ExponentialLR(optimizer, 0.9)];
    return new optim.SequentialLR(optimizer, parts, [2]);
  },
  'an average': () => new optim.Ema(model()),
  'a loader': () => {
    const set = new data.TensorDataset(zeros([6, 2]).keep());
    return new data.DataLoader(set, { batchSize: 2, shuffle: true, seed: 3 });
  },
  'a metric': () => new train.ConfusionMatrix(2),
  EarlyStopping: () => new train.EarlyStopping(),
  ModelCheckpoint: () => new train.ModelCheckpoint('nowhere'),
  WeightAveraging: () => new train.WeightAveraging(model()),
  LearningRateLogger: () => new train.LearningRateLogger(),
  HtmlReport: () => new train.HtmlReport('nowhere.html'),
  random: () => ({ stateDict: getRandomState, loadStateDict: setRandomState }),
};

describe('a state that is none', () => {
  it.each(Object.keys(MAKERS))('is refused by %s, or is one', (name) => {
    manualSeed(1);
    const part = MAKERS[name]?.();
    const other = MAKERS[name]?.();
    if (part === undefined || other === undefined) throw new Error('no such part');
    const good = Object(part.stateDict());
    let refused = 0;
    for (const state of wrongOnes(good)) {
      const before = plain(part.stateDict());
      try {
        part.loadStateDict(state as never);
      } catch (error) {
        refused++;
        const isOurs = error instanceof CheckpointError || error instanceof ArgumentError;
        expect(isOurs, String(error)).toBe(true);
        expect(plain(part.stateDict())).toBe(before);
      }
    }
    expect(refused).toBeGreaterThan(9);
    part.loadStateDict(good as never);
  });

  it('of another shape, dtype or number is no state of EarlyStopping', async () => {
    const net = model();
    const run = { model: net, optimizers: new Map(), step: 4, epochs: 2 };
    const state = (change: (weights: Map<string, unknown>) => void, values = {}) => {
      const weights = new Map<string, unknown>(net.stateDict());
      change(weights);
      return {
        values: { epoch: 1, value: 0.5, wait: 1, ...values },
        tensors: weights,
      } as unknown as train.CallbackState;
    };
    const refuse = (given: train.CallbackState, message: RegExp) => {
      const callback = new train.EarlyStopping();
      expect(() => callback.prepareStateDict(given, run)).toThrow(CheckpointError);
      expect(() => callback.prepareStateDict(given, run)).toThrow(message);
      expect(callback.best).toBe(null);
    };
    refuse(
      state((w) => w.set('0.bias', zeros([3]))),
      /0\.bias is \[3\], expected \[2\]/,
    );
    refuse(
      state((w) => w.set('0.bias', zeros([2], { dtype: 'int32' }))),
      /is int32, expected/,
    );
    refuse(
      state((w) => w.delete('0.bias')),
      /0\.bias is missing/,
    );
    refuse(
      state((w) => w.set('2.bias', zeros([2]))),
      /2\.bias is unexpected/,
    );
    refuse(
      state((w) => w.clear()),
      /is missing/,
    );
    refuse(
      state(() => {}, { epoch: 3 }),
      /the best epoch is 3/,
    );
    refuse(
      state(() => {}, { wait: 2 }),
      /wait is 2, expected a count up to 1/,
    );
    const fine = new train.EarlyStopping();
    fine.prepareStateDict(
      state(() => {}),
      run,
    )();
    expect(fine.best).toEqual({ epoch: 1, value: 0.5 });
    fine.onTrainError();
  });

  it('says what of a OneCycleLR, a loader and a metric cannot go on', () => {
    const optimizer = new optim.SGD(model().parameters(), { momentum: 0.9 });
    const cycle = new optim.OneCycleLR(optimizer, 0.1, { totalSteps: 5 });
    const late = { ...cycle.stateDict(), lastEpoch: 6 };
    expect(() => cycle.loadStateDict(late)).toThrow(/lastEpoch is 6, and the schedule ends at 5/);
    const set = new data.TensorDataset(tensor([1, 2, 3, 4]).keep());
    const loader = new data.DataLoader(set, { shuffle: true, seed: 1 });
    const far = { ...loader.stateDict(), epoch: 2 ** 40 };
    expect(() => loader.loadStateDict(far)).toThrow(/epoch is \d+, expected at most/);
    const metric = new train.ConfusionMatrix(3);
    expect(() => metric.loadStateDict({ sums: [1, 2], count: 0 })).toThrow(/2 sums, expected 9/);
    const count = { sums: [1], count: 2 ** 53 };
    expect(() => new train.MAE().loadStateDict(count)).toThrow(/count is 9007199254740992/);
  });
});

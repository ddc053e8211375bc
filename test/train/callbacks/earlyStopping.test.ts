import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  crossEntropy,
  manualSeed,
  nn,
  optim,
  type Tensor,
  train,
} from '../../../src/index.js';
import { clouds } from '../support.js';

function setUp() {
  manualSeed(2);
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 2));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  return { model, data: clouds(), loss: crossEntropy, optimizer, progress: false } as const;
}

describe('EarlyStopping', () => {
  /** A model whose validation loss is its one weight, which a callback sets. */
  async function run(values: readonly number[], stopping: train.EarlyStopping) {
    manualSeed(2);
    const { data } = setUp();
    const model = new nn.Linear(1, 1);
    const optimizer = new optim.SGD(model.parameters(), { lr: 1e-30 });
    const play: train.Callback = {
      onEpochBegin({ epoch }) {
        model.weight.copyFrom(Float32Array.of(values[epoch - 1] ?? 0));
      },
    };
    const history = await train.fit({
      model,
      data,
      validation: data,
      optimizer,
      step: () => model.weight.sum(),
      callbacks: [play, stopping],
      epochs: values.length,
      progress: false,
    });
    return { history, weight: await model.weight.item() };
  }

  it('stops after some epochs without improvement, and restores the best weights', async () => {
    const stopping = new train.EarlyStopping({ patience: 2 });
    const { history, weight } = await run([5, 3, 4, 3, 1, 1], stopping);
    expect(history.epochs).toHaveLength(4);
    expect(history.stopReason).toBe('valLoss has not improved for 2 epochs, best 3 at epoch 2');
    expect(weight).toBe(3);
    expect(stopping.best).toEqual({ epoch: 2, value: 3 });
  });

  it('restores them also when training ends by itself, unless told not to', async () => {
    expect((await run([5, 3, 4], new train.EarlyStopping())).weight).toBe(3);
    const last = new train.EarlyStopping({ restoreBest: false });
    expect((await run([5, 3, 4], last)).weight).toBe(4);
  });

  it('knows a direction, and what is too little to count', async () => {
    const up = new train.EarlyStopping({ goal: 'max', monitor: 'loss', patience: 1 });
    expect((await run([1, 2, 1.5, 9], up)).weight).toBe(2);
    const small = new train.EarlyStopping({ minDelta: 0.5, patience: 2 });
    const { history, weight } = await run([3, 2.75, 2.5, 1], small);
    expect(history.epochs).toHaveLength(3);
    expect(weight).toBe(3);
    const nan = await run([Number.NaN, 2, Number.NaN], new train.EarlyStopping());
    expect(nan.weight).toBe(2);
  });

  it('refuses options that make no sense, and a value that there is not', async () => {
    expect(() => new train.EarlyStopping({ patience: 0 })).toThrow(ArgumentError);
    expect(() => new train.EarlyStopping({ minDelta: -1 })).toThrow(ArgumentError);
    const wrong = run([1], new train.EarlyStopping({ monitor: 'valF1' }));
    await expect(wrong).rejects.toThrow(/no value valF1 to monitor; there are: loss, valLoss/);
  });

  it('watches metrics the right way round', async () => {
    const { model, ...rest } = setUp();
    const goals: string[] = [];
    await train.fit({
      ...rest,
      model,
      metrics: { accuracy: new train.Accuracy(), error: (x: Tensor) => x.mean() },
      callbacks: [
        {
          onTrainBegin(run) {
            for (const name of ['valAccuracy', 'accuracy', 'valError', 'valLoss', 'other']) {
              goals.push(run.goalOf(name));
            }
          },
        },
      ],
    });
    expect(goals).toEqual(['max', 'max', 'min', 'min', 'min']);
  });
});

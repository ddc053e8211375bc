import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  crossEntropy,
  manualSeed,
  NonFiniteError,
  nn,
  optim,
  type Tensor,
  train,
} from '../../../src/index.js';
import { bitsOf, clouds, withFolder } from '../support.js';

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
    const up = new train.EarlyStopping({ mode: 'max', monitor: 'loss', patience: 1 });
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
    const modes: string[] = [];
    await train.fit({
      ...rest,
      model,
      metrics: { accuracy: new train.Accuracy(), error: (x: Tensor) => x.mean() },
      callbacks: [
        {
          onTrainBegin(run) {
            for (const name of ['valAccuracy', 'accuracy', 'valError', 'valLoss', 'other']) {
              modes.push(run.modeOf(name));
            }
          },
        },
      ],
    });
    expect(modes).toEqual(['max', 'max', 'min', 'min', 'min']);
  });
});

describe('TerminateOnNaN', () => {
  it('names the layer whose output went bad first, and keeps the weights', async () => {
    class Root extends nn.Module {
      override forward(x: Tensor): Tensor {
        return x.sub(100).sqrt();
      }
    }
    const run = setUp();
    const model = new nn.Sequential({
      first: new nn.Linear(4, 8),
      root: new Root(),
      last: new nn.Linear(8, 2),
    });
    const before = await bitsOf(model);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const callbacks = [new train.TerminateOnNaN()];
    const failure: unknown = await train
      .fit({ ...run, model, optimizer, callbacks })
      .catch((error) => error);
    expect(failure).toBeInstanceOf(NonFiniteError);
    expect(failure).toMatchObject({ where: 'root', step: 1 });
    expect(String(failure)).toMatch(/loss of step 1 is NaN: the output of root \(Root\) went bad/);
    expect(await bitsOf(model)).toEqual(before);
  });

  it('names the parameter whose gradient went bad', async () => {
    const run = setUp();
    const spoil: train.Callback = {
      onBeforeUpdate({ model }, { step }) {
        const [first, , third] = model.parameters();
        if (step !== 3) return;
        first?.grad?.copyFrom(new Float32Array(32).fill(Number.NaN));
        third?.grad?.copyFrom(new Float32Array(16).fill(Number.POSITIVE_INFINITY));
      },
    };
    const training = train.fit({ ...run, callbacks: [spoil, new train.TerminateOnNaN()] });
    await expect(training).rejects.toMatchObject({ where: '2.weight', step: 4 });
  });

  it('tells bad data and a bad loss from a bad layer', async () => {
    const run = setUp();
    const callbacks = [new train.TerminateOnNaN()];
    const data = clouds({ noise: Number.NaN });
    const badData = train.fit({ ...run, data, callbacks });
    await expect(badData).rejects.toThrow(/input 0 of 0 \(Linear\) was bad already/);
    const loss = (x: Tensor, y: Tensor) => crossEntropy(x, y).mul(Number.POSITIVE_INFINITY);
    const badLoss = train.fit({ ...run, loss, callbacks });
    await expect(badLoss).rejects.toThrow(/no layer of the model is to blame/);
  });

  it('leaves a healthy run as it is', async () => {
    const [plain, watched] = [setUp(), setUp()];
    await train.fit(plain);
    await train.fit({ ...watched, callbacks: [new train.TerminateOnNaN()] });
    expect(await bitsOf(watched.model)).toEqual(await bitsOf(plain.model));
  });
});

describe('MaxNorm', () => {
  it('keeps the weights of each unit within a norm, and leaves short ones alone', async () => {
    const run = setUp();
    const before = await run.model.parameters()[0]?.data();
    await train.fit({ ...run, epochs: 3, callbacks: [new train.MaxNorm(0.5)] });
    for (const weight of run.model.parameters().filter(({ rank }) => rank === 2)) {
      const norms = await weight.norm(1).data();
      expect(Math.max(...norms)).toBeLessThan(0.5 + 1e-5);
      expect(Math.max(...norms)).toBeGreaterThan(0.49);
    }
    const wide = setUp();
    expect(await wide.model.parameters()[0]?.data()).toEqual(before);
    const free = setUp();
    await train.fit(free);
    await train.fit({ ...wide, callbacks: [new train.MaxNorm(100)] });
    expect(await bitsOf(wide.model)).toEqual(await bitsOf(free.model));
    expect(() => new train.MaxNorm(0)).toThrow(ArgumentError);
  });
});

describe('Ema', () => {
  it('lets validation judge the averages, and leaves them in the model', async () => {
    const run = setUp();
    const ema = new train.Ema(run.model, { decay: 0.5 });
    const own = new Set<string>();
    const judged = new Set<string>();
    const watch: train.Callback = {
      async onBatchEnd() {
        own.add([...(await bitsOf(run.model)).values()].join());
      },
      async onValidationBegin() {
        judged.add([...(await bitsOf(run.model)).values()].join());
      },
    };
    const callbacks = [ema, watch];
    await train.fit({ ...run, validation: clouds(), callbacks, epochs: 2 });
    expect(ema.ema.updates).toBe(8);
    expect(own.size).toBe(8);
    expect(judged.size).toBe(2);
    const last = [...(await bitsOf(run.model)).values()].join();
    expect([...judged].at(-1)).toBe(last);
    expect(own.has(last)).toBe(false);
  });

  it('goes on from a checkpoint', async () => {
    const whole = setUp();
    const mean = new train.Ema(whole.model, { decay: 0.5 });
    await train.fit({ ...whole, callbacks: [mean], epochs: 4 });
    await withFolder(async (checkpoint) => {
      const controller = new AbortController();
      const { signal } = controller;
      const part = setUp();
      const stop: train.Callback = {
        onBatchEnd: (_, { step }) => void (step === 7 && controller.abort()),
      };
      const callbacks = [new train.Ema(part.model, { decay: 0.5, keepAverages: false }), stop];
      await train.fit({ ...part, callbacks, epochs: 4, checkpoint, signal });
      const rest = setUp();
      const again = [new train.Ema(rest.model, { decay: 0.5 })];
      await train.fit({ ...rest, callbacks: again, epochs: 4, resume: checkpoint });
      expect(await bitsOf(rest.model)).toEqual(await bitsOf(whole.model));
    });
  });
});

describe('History', () => {
  const record = (epoch: number, loss: number, valLoss: number): train.EpochRecord => ({
    epoch,
    step: epoch,
    values: { loss, valLoss },
    lr: 0.1,
    seconds: 1,
    samplesPerSecond: 10,
  });
  const of = (...losses: [number, number][]) =>
    new train.History(losses.map(([loss, valLoss], i) => record(i + 1, loss, valLoss)));

  it('says from which epoch on a network overfits', () => {
    const turning = of([1, 1], [0.8, 0.9], [0.6, 0.7], [0.5, 0.75], [0.4, 0.8], [0.3, 0.9]);
    expect(turning.overfittingSince).toBe(4);
    expect(turning.summary()).toMatch(/overfitting from epoch 4 on: validation loss turned/);
    expect(turning.summary()).toMatch(/lowest validation loss 0.7 at epoch 3/);
  });

  it('says so of nothing else', () => {
    expect(of([1, 1], [0.8, 0.9], [0.6, 0.7]).overfittingSince).toBeNull();
    // Noise around a plateau.
    expect(of([1, 1], [0.5, 0.5], [0.4, 0.502], [0.3, 0.501]).overfittingSince).toBeNull();
    // Training loss rises, too: that is divergence.
    expect(of([1, 1], [0.5, 0.5], [0.8, 0.9], [0.9, 1.2]).overfittingSince).toBeNull();
    // One bad epoch.
    expect(of([1, 1], [0.5, 0.5], [0.4, 0.9]).overfittingSince).toBeNull();
    expect(new train.History().overfittingSince).toBeNull();
  });

  it('finds the best epoch either way', () => {
    const history = of([1, 3], [2, 1], [3, 2]);
    expect(history.best('valLoss')).toEqual({ epoch: 2, value: 1 });
    expect(history.best('loss', 'max')).toEqual({ epoch: 3, value: 3 });
    expect(history.last?.epoch).toBe(3);
  });
});

describe('progress', () => {
  const lines: string[] = [];
  const stream = { write: (text: string) => void lines.push(text) };

  it('writes plain lines where there is no terminal, and calls overfitting out', async () => {
    lines.length = 0;
    const run = setUp();
    let epoch = 0;
    const model = new nn.Linear(1, 1);
    await train.fit({
      model,
      data: run.data,
      validation: run.data,
      optimizer: new optim.SGD(model.parameters(), { lr: 1e-30 }),
      // Falls while training, and turns at the second epoch of validation.
      step: (_, { training, epoch: now }) => {
        epoch = now;
        const loss = training ? 1 / epoch : epoch === 2 ? 0.1 : epoch;
        return model.weight.mul(0).sum().add(loss);
      },
      epochs: 5,
      progress: stream,
    });
    expect(lines.filter((line) => line.startsWith('epoch '))).toHaveLength(5);
    expect(lines[0]).toMatch(/^epoch 1\/5 {2}loss 1 {2}valLoss 1 {2}lr .* samples\/s .*\n$/);
    expect(lines.join('')).toMatch(/overfitting from epoch 3 on/);
  });

  it('overwrites one live line on a terminal', async () => {
    lines.length = 0;
    const terminal = new train.Progress({
      epochs: 2,
      steps: 4,
      stream: { ...stream, isTTY: true, columns: 60 },
      interval: 0,
    });
    terminal.startEpoch(1);
    terminal.count(8);
    expect(terminal.isDue).toBe(true);
    terminal.update(2, { loss: 0.5 });
    terminal.endEpoch({ loss: 0.25 });
    expect(lines[0]).toMatch(/^\repoch 1\/2 █{10}░{10} 2\/4 {2}loss 0\.5000/);
    expect(lines.at(-1)).toMatch(/^epoch 1\/2 {2}loss 0\.2500 .*\n$/);
  });

  it('goes to a logger, values first, as pino takes them', async () => {
    const logged: [object, string][] = [];
    const logger: train.Logger = {
      info: (values, message) => void logged.push([values, message]),
      warn: (values, message) => void logged.push([values, message]),
    };
    const { progress: _, ...run } = setUp();
    await train.fit({ ...run, logger, epochs: 2 });
    expect(logged.map(([, message]) => message)).toEqual(['epoch 1/2', 'epoch 2/2']);
    expect(logged[1]?.[0]).toMatchObject({ epoch: 2, step: 8, lr: 0.1 });
  });
});

import { describe, expect, it } from 'vitest';
import { DataLoader, TensorDataset } from '../../src/data/index.js';
import { Dropout, Linear, ReLU, Sequential } from '../../src/nn/index.js';
import { crossEntropy, div, mseLoss, randn, tensor } from '../../src/ops/index.js';
import '../../src/autograd/methods.js';
import '../../src/ops/methods.js';
import { ArgumentError, IndexFaultError } from '../../src/errors.js';
import { Adam, clipGradNorm, SGD } from '../../src/optim/index.js';
import { manualSeed } from '../../src/tensor/random.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import * as train from '../../src/train/index.js';
import { Accuracy, type Callback, evaluate, type StepValues } from '../../src/train/index.js';
import { memoryInfo } from '../support/memory.js';

/** Two clouds of points, and how to go through them: 50 samples in batches of 16, the last of 2. */
function clouds(seed = 1): {
  data: DataLoader<readonly [Tensor, Tensor], readonly [Tensor, Tensor]>;
} {
  manualSeed(seed);
  const labels = Int32Array.from({ length: 50 }, (_, i) => i % 2);
  const shift = tensor(Float32Array.from(labels, (label) => 2 * label - 1)).reshape([50, 1]);
  const points = randn([50, 4]).add(shift).keep();
  const set = new TensorDataset(points, tensor(labels).keep());
  return { data: new DataLoader(set, { batchSize: 16, shuffle: true, seed: 5 }) };
}

function network(): Sequential {
  return new Sequential(new Linear(4, 8), new ReLU(), new Dropout(0.2), new Linear(8, 2));
}

async function weightsOf(model: Sequential): Promise<number[][]> {
  const all = await Promise.all(model.parameters().map((parameter) => parameter.data()));
  return all.map((values) => Array.from(values));
}

const quiet = { progress: false } as const;

describe('fit', () => {
  it('takes the very steps of the loop written by hand', async () => {
    const { data } = clouds();
    manualSeed(3);
    const byHand = network();
    const hand = new Adam(byHand.parameters(), { lr: 0.01 });
    const losses: number[] = [];
    for (let epoch = 0; epoch < 3; epoch++) {
      for await (const [points, labels] of data) {
        hand.zeroGrad();
        const loss = crossEntropy(byHand.forward(points), labels);
        loss.backward();
        clipGradNorm(byHand.parameters(), 0.5);
        hand.step();
        losses.push(await loss.item());
      }
    }

    const again = clouds().data;
    manualSeed(3);
    const model = network();
    const seen: StepValues[] = [];
    const history = await train.fit({
      ...quiet,
      model,
      data: again,
      loss: crossEntropy,
      optimizer: new Adam(model.parameters(), { lr: 0.01 }),
      clipGradNorm: 0.5,
      epochs: 3,
      callbacks: [{ onStepValues: (_, values) => void seen.push(values) }],
    });
    expect(await weightsOf(model)).toEqual(await weightsOf(byHand));
    expect(seen.map(({ loss }) => loss)).toEqual(losses);
    expect(seen.map(({ step }) => step)).toEqual(losses.map((_, i) => i + 1));
    expect(seen.map(({ samples }) => samples).slice(0, 4)).toEqual([16, 16, 16, 2]);
    expect(seen.every(({ gradNorm }) => Number(gradNorm) > 0)).toBe(true);
    const mean = (losses.slice(0, 4) as [number, number, number, number]).map(
      (loss, i) => loss * (i < 3 ? 16 : 2),
    );
    expect(history.values('loss')[0]).toBeCloseTo(mean.reduce((a, b) => a + b) / 50, 12);
    expect(history.stopReason).toBe('finished');
  });

  it('validates, measures and infers names', async () => {
    const { data } = clouds();
    const model = network();
    const validation = clouds(2).data;
    const metric = new Accuracy();
    const history = await train.fit({
      ...quiet,
      model,
      data,
      validation,
      loss: crossEntropy,
      optimizer: new Adam(model.parameters(), { lr: 0.05 }),
      metrics: { accuracy: metric },
      epochs: 8,
    });
    const last = history.values('valAccuracy').at(-1);
    expect(last).toBeGreaterThan(0.9);
    // More of an accuracy is better, less of a loss.
    expect(history.best('valAccuracy').value).toBe(Math.max(...history.values('valAccuracy')));
    expect(history.best('valLoss').value).toBe(Math.min(...history.values('valLoss')));
    // The metric itself holds what it measured last.
    expect(metric.value).toBe(last);
    const { loss, accuracy } = await evaluate({
      model,
      data: validation,
      loss: crossEntropy,
      metrics: { accuracy: new Accuracy() },
    });
    expect(accuracy).toBe(last);
    expect(loss).toBeCloseTo(history.values('valLoss').at(-1) ?? 0, 6);
    expect(model.training).toBe(true);
    expect(() => history.values('f1')).toThrow(/there are: loss, accuracy, valLoss, valAccuracy/);
  });

  it('gathers gradients over batches', async () => {
    const { data } = clouds();
    const build = (): Linear => {
      manualSeed(4);
      return new Linear(4, 2);
    };
    const byHand = build();
    const hand = new SGD(byHand.parameters(), { lr: 0.1 });
    const batches: (readonly [Tensor, Tensor])[] = [];
    for await (const [points, labels] of data) batches.push([points.keep(), labels.keep()]);
    for (const window of [batches.slice(0, 3), batches.slice(3)]) {
      hand.zeroGrad();
      for (const [points, labels] of window) {
        div(crossEntropy(byHand.forward(points), labels), window.length).backward();
      }
      hand.step();
    }
    const model = build();
    const steps: number[] = [];
    await train.fit({
      ...quiet,
      model,
      data: batches,
      loss: crossEntropy,
      optimizer: new SGD(model.parameters(), { lr: 0.1 }),
      accumulate: 3,
      callbacks: [{ onBatchEnd: (_, { samples }) => void steps.push(samples) }],
    });
    expect(Array.from(await model.weight.data())).toEqual(Array.from(await byHand.weight.data()));
    expect(steps).toEqual([48, 2]);
  });

  it('runs a step of your own, with several optimisers in its hands', async () => {
    const { data } = clouds();
    const model = new Sequential({ there: new Linear(4, 3), back: new Linear(3, 4) });
    const [there, back] = [model.at(0), model.at(1)];
    const optimizer = {
      there: new SGD(there.parameters(), { lr: 0.05 }),
      back: new SGD(back.parameters(), { lr: 0.05 }),
    };
    const history = await train.fit({
      ...quiet,
      model,
      data,
      validation: data,
      optimizer,
      metrics: { error: (output: Tensor, target: Tensor) => output.sub(target).abs().mean() },
      epochs: 3,
      step([points], { training }) {
        const output = model.forward(points);
        const loss = mseLoss(output, points);
        if (training) {
          for (const each of Object.values(optimizer)) each.zeroGrad();
          loss.backward();
          for (const each of Object.values(optimizer)) each.step();
        }
        return { loss, output, target: points, report: { twice: loss.mul(2) } };
      },
    });
    const [first = 0, , last = 0] = history.values('loss');
    expect(last).toBeLessThan(first);
    expect(history.values('twice')).toEqual(history.values('loss').map((loss) => 2 * loss));
    expect(history.values('valError')[2]).toBeLessThan(history.values('valError')[0] ?? 0);
  });

  it('learns from single tensors and tuples of one, as autoencoders do', async () => {
    const model = new Linear(4, 4);
    const points = randn([10, 4]).keep();
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const common = { ...quiet, model, loss: mseLoss, optimizer };
    await train.fit({ ...common, data: [points, points] });
    const history = await train.fit({
      ...common,
      data: [[points], [points]] as [Tensor][],
      epochs: 2,
    });
    expect(history.epochs).toHaveLength(2);
  });

  it('calls hooks in order, and waits for async ones', async () => {
    const { data } = clouds();
    const model = new Linear(4, 2);
    const log: string[] = [];
    const note = (text: string) => async () => {
      await Promise.resolve();
      log.push(text);
    };
    const callback: Callback = {
      onTrainBegin: note('begin'),
      onEpochBegin: note('epoch'),
      onBeforeUpdate: note('update'),
      onBatchEnd: note('batch'),
      onValidationBegin: note('validation'),
      onValidationEnd: note('validated'),
      onEpochEnd: note('epoch end'),
      onTrainEnd: note('end'),
    };
    await train.fit({
      ...quiet,
      model,
      data,
      validation: data,
      loss: crossEntropy,
      optimizer: new SGD(model.parameters(), { lr: 0.1 }),
      callbacks: [callback],
    });
    const steps = new Array<string[]>(4).fill(['update', 'batch']).flat();
    expect(log).toEqual([
      'begin',
      'epoch',
      ...steps,
      'validation',
      'validated',
      'epoch end',
      'end',
    ]);
  });

  it('stops after the step in flight', async () => {
    const { data } = clouds();
    const model = new Linear(4, 2);
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const controller = new AbortController();
    let steps = 0;
    const count: Callback = {
      onBatchEnd(run, { step }) {
        steps = step;
        if (step === 6) controller.abort();
        if (step === 2 && run.epochs === 1) run.stop('enough');
      },
    };
    const common = { ...quiet, model, data, loss: crossEntropy, optimizer, callbacks: [count] };
    const history = await train.fit({ ...common, epochs: 5, signal: controller.signal });
    expect(steps).toBe(6);
    expect(history.stopReason).toBe('aborted');
    expect(history.epochs).toHaveLength(1);
    expect((await train.fit({ ...common, epochs: 1 })).stopReason).toBe('enough');
    expect(steps).toBe(2);
  });

  it('tells of a fault in the data soon, and tells callbacks', async () => {
    const model = new Linear(4, 2);
    const bad: [Tensor, Tensor] = [randn([3, 4]).keep(), tensor(Int32Array.of(0, 7, 1)).keep()];
    const errors: unknown[] = [];
    const training = train.fit({
      ...quiet,
      model,
      data: new Array<[Tensor, Tensor]>(20).fill(bad),
      loss: crossEntropy,
      optimizer: new SGD(model.parameters(), { lr: 0.1 }),
      callbacks: [{ onTrainError: (_, error) => void errors.push(error) }],
    });
    await expect(training).rejects.toBeInstanceOf(IndexFaultError);
    expect(errors).toHaveLength(1);
  });

  it('refuses options that make no sense', async () => {
    const { data } = clouds();
    const model = new Linear(4, 2);
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const common = { ...quiet, model, data, loss: crossEntropy, optimizer };
    const wrong = [
      { epochs: 0 },
      { epochs: 1.5 },
      { accumulate: 0 },
      { clipGradNorm: -1 },
      { metrics: { loss: new Accuracy() } },
    ];
    for (const options of wrong) {
      await expect(train.fit({ ...common, ...options })).rejects.toBeInstanceOf(ArgumentError);
    }
    await expect(train.fit({ ...common, data: [] })).rejects.toThrow(/no batches in epoch 1/);
    const none = { ...common, data: { length: 3 } };
    await expect(train.fit(none)).rejects.toThrow(/cannot be gone through/);
    const once = (function* (): Generator<[Tensor, Tensor]> {
      yield [randn([2, 4]), tensor(Int32Array.of(0, 1))];
    })();
    await expect(train.fit({ ...common, data: once, epochs: 2 })).rejects.toThrow(/in epoch 2/);
    const vector = { ...common, loss: (x: Tensor) => x };
    await expect(train.fit(vector)).rejects.toThrow('the loss is [16, 2], expected one number');
  });

  it('gives all memory back', async () => {
    const { data } = clouds();
    const model = network();
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const run = () =>
      train.fit({
        ...quiet,
        model,
        data,
        validation: data,
        loss: crossEntropy,
        optimizer,
        metrics: { accuracy: new Accuracy() },
        clipGradNorm: 1,
        epochs: 2,
      });
    await run();
    const before = memoryInfo().live;
    await run();
    expect(memoryInfo().live).toBeLessThanOrEqual(before);
  });
});

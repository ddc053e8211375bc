import { describe, expect, it } from 'vitest';
import {
  crossEntropy,
  memoryInfo,
  mseLoss,
  nn,
  optim,
  synchronize,
  type Tensor,
  tensor,
  train,
} from '../../../src/index.js';

const ints = (values: number[]) => tensor(Int32Array.from(values)).keep();
const quiet = { progress: false } as const;

function linear(): nn.Linear {
  const model = new nn.Linear(2, 3);
  model.weight.copyFrom(Float32Array.of(0.5, -0.2, 0.1, 0.4, -0.3, 0.2));
  model.bias?.copyFrom(Float32Array.of(0.1, 0, -0.1));
  return model;
}

const points = () =>
  tensor([
    [1, 2],
    [0.5, -1],
    [-2, 0.3],
  ]).keep();
const CLASSES = [0, 2, 1];

async function weightsOf(model: nn.Module): Promise<number[]> {
  const all = await Promise.all(model.parameters().map((p) => p.data()));
  return all.flatMap((values) => Array.from(values));
}

type Data = train.TrainingData<[Tensor, Tensor]>;

/** Batches that do not say how many they are. */
function unsized(batches: [Tensor, Tensor][]): Data {
  return { [Symbol.iterator]: () => batches[Symbol.iterator]() };
}

it('an update whose last batches never came is that of those that did', async () => {
  const [x, y] = [points(), ints(CLASSES)];
  const parts: [Tensor, Tensor][] = [0, 1].map((i) => [
    x.narrow(0, i, 1 + i).keep(),
    y.narrow(0, i, 1 + i).keep(),
  ]);
  const norms: number[] = [];
  const run = async (data: Data, accumulate: number) => {
    const model = linear();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const seen: train.Callback = {
      async onBeforeUpdate(_, update) {
        norms.push(await optim.gradNorm(model.parameters()).item(), await update.loss.item());
        expect(await (await update.replay()).item()).toBeGreaterThan(0);
      },
    };
    const callbacks = [seen];
    const common = { ...quiet, model, loss: crossEntropy, optimizer, clipGradNorm: 0.1, callbacks };
    await train.fit({ ...common, data, accumulate });
    return weightsOf(model);
  };
  const batch: [Tensor, Tensor] = [x, y];
  const whole = await run([batch], 1);
  const open = await run(unsized(parts), 5);
  for (const [i, value] of whole.entries()) expect(open[i]).toBeCloseTo(value, 6);
  expect(norms[2]).toBeCloseTo(norms[0] ?? 0, 5);
  expect(norms[3]).toBeCloseTo(norms[1] ?? 0, 5);
});

describe('a batch of which nothing counts', () => {
  const nothing = (): [Tensor, Tensor] => [points(), ints([-100, -100, -100])];
  const something = (): [Tensor, Tensor] => [points(), ints(CLASSES)];

  it.each([1, 2])('leaves figures and weights as they are, accumulating %i', async (accumulate) => {
    const run = async (data: [Tensor, Tensor][]) => {
      const model = linear();
      const history = await train.fit({
        ...quiet,
        model,
        data,
        validation: data,
        loss: crossEntropy,
        optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
        metrics: { accuracy: new train.Accuracy(), perplexity: new train.Perplexity() },
        accumulate,
        callbacks: [new train.TerminateOnNaN()],
      });
      return { values: history.last?.values, weights: await weightsOf(model) };
    };
    const alone = await run([something()]);
    const both = await run([nothing(), something()]);
    expect(both).toEqual(alone);
    expect(await run([something(), nothing()])).toEqual(alone);
    expect(Object.values(alone.values ?? {}).every(Number.isFinite)).toBe(true);
    // Of nothing at all there is no mean, as in one batch.
    expect((await run([nothing(), nothing()])).values?.loss).toBeNaN();
  });

  it.each([
    ['a number', (n: number) => n],
    ['a tensor', (n: number) => tensor(n)],
    ['integers', (n: number) => tensor(Int32Array.of(n))],
  ])('of a loss of your own that says so with %s', async (_, weightOf) => {
    const model = linear();
    const before = await weightsOf(model);
    const loss = (output: Tensor, target: Tensor) => {
      const counted = Array.from(target.dataSync()).filter((t) => t >= 0).length;
      const total = crossEntropy(output, target, { reduction: 'sum' });
      return { loss: total.div(counted), weight: weightOf(counted) };
    };
    const common = { model, loss, optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }) };
    await train.fit({ ...quiet, ...common, data: [nothing()] });
    expect(await weightsOf(model)).toEqual(before);
    const { loss: mean } = await train.evaluate({ model, loss, data: [nothing(), something()] });
    expect(mean).toBeCloseTo(await crossEntropy(model.forward(points()), ints(CLASSES)).item(), 6);
    const history = await train.fit({
      ...quiet,
      ...common,
      data: [nothing(), something()],
      accumulate: 2,
    });
    expect(history.values('loss')[0]).toBeCloseTo(mean, 6);
    expect((await weightsOf(model)).some(Number.isNaN)).toBe(false);
  });

  it('of classes that weigh nothing', async () => {
    const weight = tensor([1, 0, 1]).keep();
    const loss = new nn.CrossEntropyLoss({ weight });
    for (const accumulate of [1, 2]) {
      const model = linear();
      const data = [[points(), ints([1, 1, 1])], something()];
      const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
      const history = await train.fit({
        ...quiet,
        model,
        data,
        loss,
        optimizer,
        accumulate,
      } as never);
      expect(Number.isFinite((history as train.History).last?.values.loss)).toBe(true);
      expect((await weightsOf(model)).some(Number.isNaN)).toBe(false);
    }
  });

  it('does not hide a NaN that counts, in any batch of an update', async () => {
    const bad = points();
    bad.copyFrom(Float32Array.of(Number.NaN, 0, 0, 0, 0, 0));
    const spoilt: [Tensor, Tensor] = [bad, ints(CLASSES)];
    const data: Data[] = [[spoilt, something()], [spoilt], unsized([spoilt, something()])];
    for (const batches of data) {
      const model = linear();
      const run = train.fit({
        ...quiet,
        model,
        data: batches,
        loss: crossEntropy,
        optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
        accumulate: 3,
        callbacks: [new train.TerminateOnNaN()],
      });
      await expect(run).rejects.toThrow(/the loss of step 1 is NaN/);
      expect((await weightsOf(model)).some(Number.isNaN)).toBe(false);
    }
  });

  it('does not end a sweep of learning rates', async () => {
    const model = linear();
    const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
    const common = { model, optimizer, loss: crossEntropy, steps: 4, maxLr: 0.1 };
    const sweep = await train.findLearningRate({ ...common, data: [nothing(), something()] });
    expect(sweep.stopReason).toBe('done');
    expect(sweep.losses.every(Number.isFinite)).toBe(true);
    await expect(train.findLearningRate({ ...common, data: [nothing()] })).rejects.toThrow(
      /no targets that count/,
    );
  });
});

describe('a weight', () => {
  const model = linear();
  const evaluated = (loss: train.LossOf<Tensor, Tensor>, sizes = [2, 1]) => {
    let at = 0;
    const data = sizes.map((size): [Tensor, Tensor] => {
      const [x, y] = [points().narrow(0, at, size).keep(), ints(CLASSES.slice(at, at + size))];
      at += size;
      return [x, y];
    });
    return train.evaluate({ model, loss, data });
  };

  it('is known of a loss that another function returns as it is', async () => {
    const whole = await evaluated(crossEntropy, [3]);
    const wrapped = await evaluated((x, y) => crossEntropy(x.reshape([-1, 3]), y.reshape([-1])));
    expect(wrapped.loss).toBeCloseTo(whole.loss, 6);
    class Own extends nn.Module {
      override forward(x: Tensor, y: Tensor): Tensor {
        return crossEntropy(x.add(0), y.add(0));
      }
    }
    expect((await evaluated(new Own())).loss).toBeCloseTo(whole.loss, 6);
  });

  it('is that of the samples, of others', async () => {
    const whole = await evaluated((x, y) => crossEntropy(x, y).mul(2), [3]);
    const parts = await evaluated((x, y) => crossEntropy(x, y).mul(2));
    expect(parts.loss).toBeCloseTo(whole.loss, 6);
  });

  it('may be told, of what a step function reports, too', async () => {
    const targets = [
      [1, -100, -100],
      [0, 2, 1],
    ];
    const data = targets.map((y): [Tensor, Tensor] => [points(), ints(y)]);
    const optimizer = new optim.SGD(model.parameters(), { lr: 0 });
    const history = await train.fit({
      ...quiet,
      model,
      data,
      optimizer,
      step([x, y]) {
        const loss = crossEntropy(model.forward(x), y);
        const weight = Array.from(y.dataSync()).filter((t) => t >= 0).length;
        const summed = crossEntropy(model.forward(x), y, { reduction: 'sum' });
        return { loss: loss.mul(3), weight, report: { plain: loss, third: loss.mul(1), summed } };
      },
    });
    // The one that counts in the first batch, and all of the second.
    const all = await crossEntropy(
      model.forward(
        tensor([
          [1, 2],
          [1, 2],
          [0.5, -1],
          [-2, 0.3],
        ]),
      ),
      ints([1, 0, 2, 1]),
    ).item();
    const { loss, plain, third, summed } = history.last?.values ?? {};
    expect(plain).toBeCloseTo(all, 6);
    expect(third).toBeCloseTo(all, 6);
    expect(loss).toBeCloseTo(3 * all, 5);
    expect(summed).toBeCloseTo(4 * all, 5);
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, null, 'mean', {}, tensor([1, 2]).keep()])(
    'is refused where it is none: %s',
    async (weight) => {
      const wrong = (x: Tensor, y: Tensor) => ({ loss: mseLoss(x, x), weight, y }) as never;
      await expect(evaluated(wrong)).rejects.toThrow(/fit: the loss: the weight is/);
    },
  );

  it('does not change between a sum and a mean', async () => {
    let isFirst = true;
    const loss = (x: Tensor, y: Tensor): Tensor => {
      const reduction = isFirst ? 'sum' : 'mean';
      isFirst = false;
      return crossEntropy(x, y, { reduction });
    };
    await expect(evaluated(loss)).rejects.toThrow(/a sum in one batch, and a mean in another/);
  });

  it('costs no memory', async () => {
    const x = points();
    const y = ints(CLASSES);
    const step = async () => {
      for (let i = 0; i < 20; i++) {
        await train.evaluate({ model, loss: crossEntropy, data: [[x, y]] as [Tensor, Tensor][] });
        const loss = crossEntropy(model.forward(x), y);
        loss.backward();
        loss.dispose();
      }
      await synchronize();
    };
    await step();
    const { live } = memoryInfo();
    await step();
    expect(memoryInfo().live).toBe(live);
  });
});

describe('classes of outputs and targets of one shape', () => {
  const output = () =>
    tensor([
      [2, 1, 0],
      [0, 1, 2],
      [0.3, 0.2, 0.1],
      [0, 5, 1],
    ]).keep();
  const measured = async (metric: train.Metric, x: Tensor, y: Tensor): Promise<number> => {
    metric.update(x, y);
    return metric.compute();
  };
  const indices = ints([0, 2, 1, 2]);
  const oneHot = tensor([
    [1, 0, 0],
    [0, 0, 1],
    [0, 1, 0],
    [0, 0, 1],
  ]).keep();
  const spread = tensor([
    [0.6, 0.3, 0.1],
    [0.2, 0.2, 0.6],
    [0.1, 0.5, 0.4],
    [0.1, 0.4, 0.5],
  ]).keep();

  it.each<[string, () => train.Metric]>([
    ['Accuracy', () => new train.Accuracy()],
    ['TopKAccuracy', () => new train.TopKAccuracy(2)],
    ['Precision', () => new train.Precision(3)],
    ['Recall', () => new train.Recall(3)],
    ['F1', () => new train.F1(3, { average: 'weighted' })],
    ['ConfusionMatrix', () => new train.ConfusionMatrix(3)],
  ])('%s takes one-hot and probability targets as crossEntropy does', async (_, make) => {
    const expected = await measured(make(), output(), indices);
    expect(await measured(make(), output(), oneHot)).toBe(expected);
    expect(await measured(make(), output(), spread)).toBe(expected);
    const [x, y] = [output().transpose().reshape([1, 3, 4]), spread.transpose().reshape([1, 3, 4])];
    expect(await measured(make(), x, y)).toBe(expected);
  });

  it('Perplexity is exp of the loss, whatever the targets are', async () => {
    for (const target of [indices, oneHot, spread]) {
      const loss = await crossEntropy(output(), target).item();
      const value = await measured(new train.Perplexity(), output(), target);
      expect(value).toBeCloseTo(Math.exp(loss), 5);
    }
    const ignored = ints([0, -100, -100, 2]);
    const loss = await crossEntropy(output(), ignored).item();
    const value = await measured(new train.Perplexity(), output(), ignored);
    expect(value).toBeCloseTo(Math.exp(loss), 5);
  });

  it('are ignored where the loss ignores them', async () => {
    const ignored = ints([0, -100, -100, 2]);
    expect(await measured(new train.Accuracy(), output(), ignored)).toBe(0.5);
    expect(await measured(new train.TopKAccuracy(2), output(), ignored)).toBe(1);
    const matrix = new train.ConfusionMatrix(3);
    await measured(matrix, output(), ignored);
    expect(matrix.total).toBe(2);
  });

  it('are decisions of their own with a threshold, or where losses of decisions take them', async () => {
    const labels = tensor([
      [1, 1, 0],
      [0, 1, 1],
      [1, 1, 1],
      [0, 1, 1],
    ]);
    expect(await measured(new train.Accuracy({ threshold: 0 }), output(), labels)).toBe(1);
    const whole = labels.cast('int32');
    expect(await measured(new train.Accuracy(), output(), whole)).toBe(1);
    expect(await measured(new train.F1(2), output(), labels)).toBe(1);
    const masks = [output().reshape([4, 1, 3]), labels] as const;
    expect(await measured(new train.Accuracy(), ...masks)).toBe(1);
  });
});

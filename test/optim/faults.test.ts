import { describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/backward.js';
import { synchronize } from '../../src/backend/select.js';
import { IndexFaultError } from '../../src/errors.js';
import * as nn from '../../src/nn/index.js';
import { add, copyFrom, crossEntropy, randn, sum, tensor, zeros } from '../../src/ops/index.js';
import * as optim from '../../src/optim/index.js';
import { manualSeed } from '../../src/tensor/random.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { expectClose, expectSame } from '../support/close.js';

// A bad index is known only when its kernel has run, after the step has been queued on the native backend.

class Words extends nn.Module {
  readonly table: nn.Embedding;
  readonly norm = new nn.BatchNorm1d(4);
  readonly mean = new nn.BatchNorm1d(4, { momentum: null });
  readonly head = new nn.Linear(4, 3);

  constructor(options: nn.EmbeddingLayerOptions) {
    super();
    this.table = new nn.Embedding(6, 4, options);
  }

  override forward(index: Tensor): Tensor {
    const x = this.table.forward(index);
    return this.head.forward(add(this.norm.forward(x), this.mean.forward(x)));
  }
}

type Make = (model: Words) => optim.Optimizer;
const dense: readonly [string, Make][] = [
  ['SGD', (m) => new optim.SGD(m.parameters(), { lr: 0.1 })],
  ['momentum', (m) => new optim.SGD(m.parameters(), { lr: 0.1, momentum: 0.9, dampening: 0.3 })],
  ['Adam', (m) => new optim.Adam(m.parameters())],
  ['NAdam', (m) => new optim.NAdam(m.parameters())],
];
const sparse: readonly [string, Make][] = [
  ['momentum', (m) => new optim.SGD(m.parameters(), { lr: 0.1, momentum: 0.9, dampening: 0.3 })],
  ['Adagrad', (m) => new optim.Adagrad(m.parameters())],
];

const GOOD = [
  [0, 1, 2, 1],
  [3, 0, 5, 2],
  [4, 4, 1, 0],
  [5, 1, 0, 2],
];
const BAD = [1, 6, 0, 2];

interface Training {
  readonly model: Words;
  readonly optimizer: optim.Optimizer;
  readonly ema: optim.Ema;
  /** One step, up to the queued update; nothing is awaited. */
  step(index: readonly number[], target?: readonly number[]): Tensor;
  /** Every number that training changes. */
  state(): unknown;
}

function begin(make: Make, options: nn.EmbeddingLayerOptions): Training {
  manualSeed(5);
  const model = new Words(options);
  const optimizer = make(model);
  const hasMomentum = optimizer.paramGroups.some((group) => Reflect.get(group, 'momentum') > 0);
  const ema = new optim.Ema(model, { decay: 0.9 });
  const schedulers = [
    new optim.LinearLR(optimizer, { interval: 'batch' }),
    new optim.OneCycleLR(optimizer, 0.05, { totalSteps: 50, cycleMomentum: hasMomentum }),
  ];
  const schedule = new optim.SequentialLR(optimizer, schedulers, [3]);
  return {
    model,
    optimizer,
    ema,
    step(index, target = [0, 1, 2, 1]) {
      optimizer.zeroGrad();
      const ids = tensor([...index], { dtype: 'int32' });
      const loss = crossEntropy(model.forward(ids), tensor([...target], { dtype: 'int32' }));
      backward(loss);
      optim.clipGradNorm(model.parameters(), 1);
      optimizer.step();
      optim.maxNorm(model.parameters(), 2);
      ema.update();
      schedule.step();
      return loss;
    },
    state() {
      const { tensors, ...rest } = optimizer.stateDict();
      const averages = ema.stateDict();
      return {
        weights: Array.from(model.stateDict(), ([name, t]) => [name, t.dataSync()]),
        states: Array.from(tensors, ([name, t]) => [name, t.dataSync()]),
        optimizer: rest,
        averages: Array.from(averages.tensors, ([name, t]) => [name, t.dataSync()]),
        updates: averages.updates,
        schedule: schedule.stateDict(),
      };
    },
  };
}

const cases: (readonly [string, string, Make, nn.EmbeddingLayerOptions])[] = [
  ...dense.map(([name, make]) => [name, 'dense', make, {}] as const),
  ...sparse.map(([name, make]) => [name, 'sparse', make, { sparse: true, maxNorm: 1 }] as const),
];

describe.each(cases)('%s, %s gradients: an index out of range', (_name, _kind, make, options) => {
  async function spoil(training: Training, good: number): Promise<void> {
    for (const index of GOOD.slice(0, good)) training.step(index);
    const before = training.state();
    await expect(async () => {
      training.step(BAD);
      // Steps that are queued after it are left out with it.
      training.step(GOOD[0] ?? []);
      await synchronize();
    }).rejects.toThrow(IndexFaultError);
    expect(training.state()).toEqual(before);
  }

  test.each([0, 2])('in step %i changes nothing, and training goes on', async (good) => {
    const [training, reference] = [begin(make, options), begin(make, options)];
    await spoil(training, good);
    await spoil(training, 0);
    for (const index of GOOD.slice(0, good)) reference.step(index);
    for (const index of GOOD) {
      const [loss, expected] = [training.step(index), reference.step(index)];
      expectSame(loss, expected, 'loss');
    }
    expect(training.state()).toEqual(reference.state());
  });

  test('in the targets, found by dataSync()', () => {
    const training = begin(make, { sparse: options.sparse ?? false });
    training.step(GOOD[0] ?? []);
    const weights = Array.from(training.model.parameters(), (p) => p.dataSync());
    const { steps } = training.optimizer.stateDict();
    const spoilt = (): unknown => training.step(GOOD[1] ?? [], [0, 1, 3, 1]).dataSync();
    expect(spoilt).toThrow(IndexFaultError);
    expect(Array.from(training.model.parameters(), (p) => p.dataSync())).toEqual(weights);
    expect(training.optimizer.stateDict().steps).toEqual(steps);
  });
});

test('what does not depend on the fault is computed, and weights can be set meanwhile', async () => {
  const layer = new nn.Embedding(3, 2);
  const other = zeros([2]).keep();
  let total: Tensor | null = null;
  await expect(async () => {
    try {
      layer.forward(tensor([-1], { dtype: 'int32' }));
    } finally {
      copyFrom(other, tensor([1, 2]));
      total = sum(add(other, 1)).keep();
    }
    await synchronize();
  }).rejects.toThrow('index -1 is out of range for an axis of size 3');
  expectSame(other, [1, 2]);
  expectSame(total ?? [], [5]);
});

test('steps before and long after the fault are made', async () => {
  const weight = randn([4, 2], { requiresGrad: true });
  const start = Float32Array.from(weight.dataSync());
  const optimizer = new optim.SGD([weight], { lr: 1 });
  weight.grad = tensor(new Float32Array(8).fill(1), { shape: [4, 2] }).keep();
  for (let i = 0; i < 3000; i++) optimizer.step();
  const layer = new nn.Embedding(3, 2);
  await expect(async () => {
    layer.forward(tensor([5], { dtype: 'int32' }));
    for (let i = 0; i < 3000; i++) optimizer.step();
    await synchronize();
  }).rejects.toThrow(IndexFaultError);
  expect(optimizer.stateDict().steps).toEqual([3000]);
  for (let i = 0; i < 3000; i++) optimizer.step();
  expect(optimizer.stateDict().steps).toEqual([6000]);
  expectClose(
    weight,
    start.map((x) => x - 6000),
    { rtol: 1e-4 },
  );
});

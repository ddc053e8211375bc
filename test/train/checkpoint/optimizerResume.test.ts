import { expect, it } from 'vitest';
import { crossEntropy, data, manualSeed, nn, optim, tensor, train } from '../../../src/index.js';
import { bitsOf, clouds, type Points, withFolder } from '../support.js';

type Params = Iterable<nn.Parameter>;
type Make = (params: Params) => optim.Optimizer;
type OptimizerClass = new (params: Params) => optim.Optimizer;

const DENSE = Object.entries(optim).flatMap(([name, value]): [string, Make][] => {
  if (!(value.prototype instanceof optim.Optimizer) || value === optim.SparseAdam) return [];
  const Optimizer = value as OptimizerClass;
  return [[name, (params) => new Optimizer(params)]];
});

const SPARSE: [string, Make][] = [
  ['SparseAdam', (params) => new optim.SparseAdam(params)],
  ['Adagrad', (params) => new optim.Adagrad(params)],
  ['SGD', (params) => new optim.SGD(params, { lr: 0.1 })],
  ['SGD with momentum', (params) => new optim.SGD(params, { lr: 0.1, momentum: 0.9 })],
];

/** Things by their number, and their classes. */
function things(): data.DataLoader<Points, Points> {
  const numbers = Int32Array.from({ length: 60 }, (_, i) => (i * i) % 23);
  const set = new data.TensorDataset(
    tensor(numbers).keep(),
    tensor(numbers.map((n) => n % 2)).keep(),
  );
  return new data.DataLoader<Points, Points>(set, { batchSize: 16, shuffle: true });
}

function layers(kind: 'dense' | 'sparse'): nn.Sequential {
  if (kind === 'sparse') return new nn.Sequential(new nn.Embedding(30, 2, { sparse: true }));
  return new nn.Sequential(new nn.Linear(4, 6), new nn.ReLU(), new nn.Linear(6, 2));
}

/** A short run; `seed` must not matter for one that is resumed. */
function setUp(make: Make, kind: 'dense' | 'sparse', seed: number) {
  manualSeed(seed);
  const model = layers(kind);
  const optimizer = make(model.parameters());
  const data = kind === 'dense' ? clouds() : things();
  return { model, optimizer, data, loss: crossEntropy, progress: false } as const;
}

it.each([
  ...DENSE.map(([name, make]) => [name, 'dense', make] as const),
  ...SPARSE.map(([name, make]) => [name, 'sparse', make] as const),
])(
  'a checkpoint holds all of %s, %s gradients: a resumed run ends bit for bit',
  async (_, kind, make) => {
    const whole = setUp(make, kind, 1);
    await train.fit({ ...whole, epochs: 3 });
    await withFolder(async (checkpoint) => {
      await train.fit({ ...setUp(make, kind, 1), epochs: 1, checkpoint });
      const rest = setUp(make, kind, 2);
      await train.fit({ ...rest, epochs: 3, checkpoint, resume: true });
      expect(await bitsOf(rest.model)).toEqual(await bitsOf(whole.model));
    });
  },
);

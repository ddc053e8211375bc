import { expect, it } from 'vitest';
import { crossEntropy, manualSeed, nn, optim, train } from '../../src/index.js';
import { bitsOf, clouds, withFolder } from './support.js';

type Make = new (params: Iterable<unknown>) => optim.Optimizer;

const OPTIMIZERS = Object.entries(optim).flatMap(([name, value]): [string, Make][] =>
  value.prototype instanceof optim.Optimizer ? [[name, value as Make]] : [],
);

/** A short run; `seed` must not matter for one that is resumed. */
function setUp(Optimizer: Make, seed: number) {
  manualSeed(seed);
  const model = new nn.Sequential(new nn.Linear(4, 6), new nn.ReLU(), new nn.Linear(6, 2));
  const optimizer = new Optimizer(model.parameters());
  return { model, optimizer, data: clouds(), loss: crossEntropy, progress: false } as const;
}

it.each(OPTIMIZERS)(
  'a checkpoint holds all of %s: a resumed run ends bit for bit',
  async (_, Optimizer) => {
    const whole = setUp(Optimizer, 1);
    await train.fit({ ...whole, epochs: 3 });
    await withFolder(async (checkpoint) => {
      await train.fit({ ...setUp(Optimizer, 1), epochs: 1, checkpoint });
      const rest = setUp(Optimizer, 2);
      await train.fit({ ...rest, epochs: 3, checkpoint, resume: true });
      expect(await bitsOf(rest.model)).toEqual(await bitsOf(whole.model));
    });
  },
);

import { describe, expect, it } from 'vitest';
import { ArgumentError, crossEntropy, manualSeed, nn, optim, train } from '../../../src/index.js';
import { bitsOf, clouds } from '../support.js';

function setUp() {
  manualSeed(2);
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 2));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  return { model, data: clouds(), loss: crossEntropy, optimizer, progress: false } as const;
}

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

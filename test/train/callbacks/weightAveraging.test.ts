import { describe, expect, it } from 'vitest';
import { crossEntropy, manualSeed, nn, optim, train } from '../../../src/index.js';
import { bitsOf, clouds, withFolder } from '../support.js';

function setUp() {
  manualSeed(2);
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 2));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  return { model, data: clouds(), loss: crossEntropy, optimizer, progress: false } as const;
}

describe('WeightAveraging', () => {
  it('lets validation judge the averages, and leaves them in the model', async () => {
    const run = setUp();
    const ema = new train.WeightAveraging(run.model, { decay: 0.5 });
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
    const mean = new train.WeightAveraging(whole.model, { decay: 0.5 });
    await train.fit({ ...whole, callbacks: [mean], epochs: 4 });
    await withFolder(async (checkpoint) => {
      const controller = new AbortController();
      const { signal } = controller;
      const part = setUp();
      const stop: train.Callback = {
        onBatchEnd: (_, { step }) => void (step === 7 && controller.abort()),
      };
      const callbacks = [
        new train.WeightAveraging(part.model, { decay: 0.5, keepAverages: false }),
        stop,
      ];
      await train.fit({ ...part, callbacks, epochs: 4, checkpoint, signal });
      const rest = setUp();
      const again = [new train.WeightAveraging(rest.model, { decay: 0.5 })];
      await train.fit({ ...rest, callbacks: again, epochs: 4, resume: checkpoint });
      expect(await bitsOf(rest.model)).toEqual(await bitsOf(whole.model));
    });
  });
});

import { describe, expect, it } from 'vitest';
import { crossEntropy, manualSeed, nn, optim, train } from '../../../src/index.js';
import { clouds } from '../support.js';

function setUp() {
  manualSeed(2);
  const model = new nn.Sequential(new nn.Linear(4, 8), new nn.ReLU(), new nn.Linear(8, 2));
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  return { model, data: clouds(), loss: crossEntropy, optimizer, progress: false } as const;
}

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
    const terminal = new train.Progress(2, {
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

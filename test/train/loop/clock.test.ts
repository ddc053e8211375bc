import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { crossEntropy, nn, optim, train } from '../../../src/index.js';
import { clouds, withFolder } from '../support.js';
import { readEvents } from '../tensorboard/reader.js';

afterEach(() => {
  vi.restoreAllMocks();
});

it('a clock that is put back gives no negative times and rates', async () => {
  await withFolder(async (folder) => {
    let time = Date.now();
    // An hour back each time that somebody looks.
    vi.spyOn(Date, 'now').mockImplementation(() => (time -= 3.6e6));
    const model = new nn.Linear(4, 2);
    const lines: string[] = [];
    const history = await train.fit({
      model,
      data: clouds(),
      loss: crossEntropy,
      optimizer: new optim.SGD(model.parameters(), { lr: 0.1 }),
      epochs: 3,
      progress: { write: (line) => lines.push(line) > 0 },
      callbacks: [new train.TensorBoard(folder)],
    });
    for (const { seconds, samplesPerSecond } of history.epochs) {
      expect(seconds).toBeGreaterThan(0);
      expect(samplesPerSecond).toBeGreaterThan(0);
    }
    expect(lines.join('')).toMatch(/\d samples\/s/);
    expect(lines.join('')).not.toMatch(/-\d+ samples/);
    const events = await readEvents(join(folder, 'train'));
    // Field 1 of an event is its wall time.
    const times = events.map((event) => Number(event.get(1)?.[0]));
    expect(times.length).toBeGreaterThan(5);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });
});

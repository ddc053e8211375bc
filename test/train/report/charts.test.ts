import { describe, expect, it } from 'vitest';
import { History } from '../../../src/train/index.js';
import { chartsOf, readableName } from '../../../src/train/report/charts.js';
import { epochOf } from '../callbacks/runs.js';

const epochs = [1, 2, 3, 4].map((epoch) =>
  epochOf(epoch, { loss: 1 / epoch, valLoss: [0.5, 0.4, 0.6, 0.7][epoch - 1] ?? 0, accuracy: 0.9 }),
);

describe('charts', () => {
  it('take curves by the step where there are any', () => {
    const curve = { steps: [1, 2], values: [0.001, 10] };
    const charts = chartsOf(new History(epochs), { loss: curve, lr: curve, gradNorm: curve });
    expect(charts.map(({ title, x }) => `${title}: ${x}`)).toEqual([
      'Loss: epoch',
      'Accuracy: epoch',
      'Loss by the step: step',
      'Learning rate: step',
      'Gradient norm: step',
    ]);
    expect(charts.map(({ log }) => log)).toEqual([false, false, false, false, true]);
  });

  it('have names in words', () => {
    expect(readableName('topFiveAccuracy')).toBe('Top five accuracy');
    expect(readableName('f1')).toBe('F1');
  });
});

import { describe, expect, it } from 'vitest';
import { train } from '../../../src/index.js';

describe('History', () => {
  const record = (epoch: number, loss: number, valLoss: number): train.EpochRecord => ({
    epoch,
    step: epoch,
    values: { loss, valLoss },
    lr: 0.1,
    seconds: 1,
    samplesPerSecond: 10,
  });
  const of = (...losses: [number, number][]) =>
    new train.History(losses.map(([loss, valLoss], i) => record(i + 1, loss, valLoss)));

  it('says from which epoch on a network overfits', () => {
    const turning = of([1, 1], [0.8, 0.9], [0.6, 0.7], [0.5, 0.75], [0.4, 0.8], [0.3, 0.9]);
    expect(turning.overfittingSince).toBe(4);
    expect(turning.summary()).toMatch(/overfitting from epoch 4 on: validation loss turned/);
    expect(turning.summary()).toMatch(/lowest validation loss 0.7 at epoch 3/);
  });

  it('says so of nothing else', () => {
    expect(of([1, 1], [0.8, 0.9], [0.6, 0.7]).overfittingSince).toBeNull();
    // Noise around a plateau.
    expect(of([1, 1], [0.5, 0.5], [0.4, 0.502], [0.3, 0.501]).overfittingSince).toBeNull();
    // Training loss rises, too: that is divergence.
    expect(of([1, 1], [0.5, 0.5], [0.8, 0.9], [0.9, 1.2]).overfittingSince).toBeNull();
    // One bad epoch.
    expect(of([1, 1], [0.5, 0.5], [0.4, 0.9]).overfittingSince).toBeNull();
    expect(new train.History().overfittingSince).toBeNull();
  });

  it('finds the best epoch either way', () => {
    const history = of([1, 3], [2, 1], [3, 2]);
    expect(history.best('valLoss')).toEqual({ epoch: 2, value: 1 });
    expect(history.best('loss', { goal: 'max' })).toEqual({ epoch: 3, value: 3 });
    expect(history.last?.epoch).toBe(3);
  });
});

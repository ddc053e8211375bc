import { describe, expect, it } from 'vitest';
import { StepSeries } from '../../../src/train/callbacks/stepSeries.js';

describe('StepSeries', () => {
  it('keeps short curves as they are', () => {
    const series = new StepSeries(10);
    for (let step = 1; step < 10; step++) series.add(step, step * step);
    expect(series.points.steps).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(series.points.values.at(-1)).toBe(81);
  });

  it('takes means over blocks that grow with the curve, the unfinished one too', () => {
    const series = new StepSeries(10);
    for (let step = 1; step <= 1000; step++) series.add(step, step);
    const { steps, values } = series.points;
    expect(steps.length).toBeLessThanOrEqual(10);
    expect(steps.at(-1)).toBe(1000);
    for (const [i, step] of steps.entries()) {
      // The mean of the steps of a block is its middle.
      expect(values[i]).toBe(((steps[i - 1] ?? 0) + 1 + step) / 2);
    }
  });
});

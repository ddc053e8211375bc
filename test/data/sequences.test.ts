import { describe, expect, it } from 'vitest';
import { DataLoader } from '../../src/data/loader.js';
import { padSequence, SequenceDataset } from '../../src/data/sequences.js';
import { ArgumentError, ShapeError } from '../../src/errors.js';

const ids = (...values: number[]): Int32Array => Int32Array.of(...values);

describe('padSequence', () => {
  it('lays sequences out as PyTorch does, time first or batch first', () => {
    const { values, lengths } = padSequence([ids(1, 2, 3), ids(4)]);
    expect(values.shape).toEqual([3, 2]);
    expect([...values.dataSync()]).toEqual([1, 4, 2, 0, 3, 0]);
    expect(values.dtype).toBe('int32');
    expect(lengths).toEqual([3, 1]);
    const first = padSequence([Float32Array.of(0.5), Float32Array.of(1, 2)], {
      value: -1,
      batchFirst: true,
    });
    expect(first.values.shape).toEqual([2, 2]);
    expect([...first.values.dataSync()]).toEqual([0.5, -1, 1, 2]);
  });

  it('refuses nothing, empty sequences and mixed kinds', () => {
    expect(() => padSequence([])).toThrow(ArgumentError);
    expect(() => padSequence([ids(1), ids()])).toThrow(ShapeError);
    expect(() => padSequence([ids(1), ids()])).toThrow(/sequence 1 is empty/);
    expect(() => padSequence([ids(1), Float32Array.of(1)])).toThrow(/sequence 1 is no Int32Array/);
  });
});

describe('SequenceDataset', () => {
  const data = new SequenceDataset([ids(1, 2, 3, 1), ids(1, 4, 1), ids(1, 1)], { padding: 9 });

  it('pairs every step with the next, padded so that a loss ignores it', () => {
    const { input, target, lengths } = data.batch(Int32Array.of(0, 2));
    expect(input.shape).toEqual([2, 3]);
    expect([...input.dataSync()]).toEqual([1, 2, 3, 1, 9, 9]);
    expect([...target.dataSync()]).toEqual([2, 3, 1, 1, -100, -100]);
    expect(lengths).toEqual([3, 1]);
    expect([...data.get(1)]).toEqual([1, 4, 1]);
  });

  it('goes through a loader, each batch as long as its longest', async () => {
    const seen: number[][] = [];
    for await (const { input, lengths } of new DataLoader(data, { batchSize: 2 })) {
      seen.push([...input.shape], lengths);
    }
    expect(seen).toEqual([[2, 3], [3, 2], [1, 1], [1]]);
  });

  it('refuses sequences without a next step, and numbers of none', () => {
    expect(() => new SequenceDataset([ids(1, 2), ids(1)])).toThrow(ShapeError);
    expect(() => new SequenceDataset([ids(1, 2), ids(1)])).toThrow(/sequence 1 has 1 steps/);
    expect(() => data.get(3)).toThrow(/there is no sequence 3, expected 0 to 2/);
  });
});

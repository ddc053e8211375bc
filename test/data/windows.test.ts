import { describe, expect, it } from 'vitest';
import { DataLoader } from '../../src/data/loader.js';
import { StreamBatches, WindowDataset } from '../../src/data/windows.js';
import { ArgumentError, ShapeError } from '../../src/errors.js';
import { tensor } from '../../src/ops/creation.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { memoryInfo } from '../support/memory.js';

const count = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i);
const rows = (x: Tensor): number[][] => {
  const [n = 0, width = 0] = x.shape;
  const values = Array.from(x.dataSync());
  return Array.from({ length: n }, (_, i) => values.slice(i * width, (i + 1) * width));
};

describe('WindowDataset', () => {
  it('has every window, and the same one step later', () => {
    const windows = new WindowDataset(count(6), 3);
    expect(windows.length).toBe(3);
    const [x, y] = windows.batch(Int32Array.of(0, 2));
    expect(x.dtype).toBe('int32');
    expect(rows(x)).toEqual([
      [0, 1, 2],
      [2, 3, 4],
    ]);
    expect(rows(y)).toEqual([
      [1, 2, 3],
      [3, 4, 5],
    ]);
    const [one, next] = windows.get(1);
    expect([one.shape, [...one.dataSync()], [...next.dataSync()]]).toEqual([
      [3],
      [1, 2, 3],
      [2, 3, 4],
    ]);
  });

  it('takes strides, signals, and features of each step', () => {
    const windows = new WindowDataset(count(10), 3, { stride: 3 });
    expect(windows.length).toBe(3);
    expect(rows(windows.batch(Int32Array.of(2))[1])).toEqual([[7, 8, 9]]);
    const signal = tensor([
      [0, 10],
      [1, 11],
      [2, 12],
    ]);
    const [x, y] = new WindowDataset(signal, 2).batch(Int32Array.of(0));
    expect(x.shape).toEqual([1, 2, 2]);
    expect([...x.dataSync(), ...y.dataSync()]).toEqual([0, 10, 1, 11, 1, 11, 2, 12]);
    const floats = new WindowDataset(Float32Array.of(0.5, 1.5), 1);
    expect(floats.batch(Int32Array.of(0))[1].itemSync()).toBe(1.5);
  });

  it('are random windows through a shuffling loader, the same for a seed', async () => {
    const starts = async (): Promise<number[]> => {
      const found: number[] = [];
      const windows = new WindowDataset(count(40), 4);
      const loader = new DataLoader(windows, { batchSize: 8, shuffle: true, seed: 3 });
      for await (const [x, y] of loader) {
        for (const [i, row] of rows(y).entries()) expect(row[0]).toBe((rows(x)[i]?.[0] ?? 0) + 1);
        found.push(...rows(x).map(([start = -1]) => start));
      }
      return found;
    };
    const first = await starts();
    expect(first).toEqual(await starts());
    expect(first).not.toEqual([...count(36)]);
    expect(first.sort((a, b) => a - b)).toEqual([...count(36)]);
  });

  it('refuses what has no window', () => {
    expect(() => new WindowDataset(count(3), 3)).toThrow(ShapeError);
    expect(() => new WindowDataset(count(3), 3)).toThrow(/has 3 steps, expected at least 4/);
    expect(() => new WindowDataset(count(3), 0)).toThrow(ArgumentError);
    expect(() => new WindowDataset(count(3), 1, { stride: 0.5 })).toThrow(/stride is 0.5/);
    expect(() => new WindowDataset(tensor(1), 1)).toThrow(/is a scalar/);
  });
});

describe('StreamBatches', () => {
  it('reads contiguous streams side by side, each row going on where it stopped', () => {
    const stream = new StreamBatches(count(16), 3, { batchSize: 2 });
    expect(stream.length).toBe(3);
    const seen = Array.from(stream, ({ input, target, reset }) => ({
      input: rows(input),
      target: rows(target),
      reset,
    }));
    expect(seen).toEqual([
      {
        input: [
          [0, 1, 2],
          [7, 8, 9],
        ],
        target: [
          [1, 2, 3],
          [8, 9, 10],
        ],
        reset: true,
      },
      {
        input: [
          [3, 4, 5],
          [10, 11, 12],
        ],
        target: [
          [4, 5, 6],
          [11, 12, 13],
        ],
        reset: false,
      },
      { input: [[6], [13]], target: [[7], [14]], reset: false },
    ]);
  });

  it('starts over for each epoch, for ever if asked for, and keeps no memory', () => {
    const signal = tensor(
      Float32Array.from({ length: 2001 }, (_, i) => i),
      { shape: [667, 3] },
    );
    const stream = new StreamBatches(signal, 37, {
      batchSize: 6,
      epochs: Number.POSITIVE_INFINITY,
    });
    expect(stream.length).toBe(3);
    let resets = 0;
    let seen = 0;
    let live = 0;
    for (const { input, reset } of stream) {
      if (reset) resets++;
      if (seen === 0) expect(input.shape).toEqual([6, 37, 3]);
      if (seen === 3) live = memoryInfo().live;
      if (seen === 3 * 20) {
        expect(memoryInfo().live).toBe(live);
        break;
      }
      seen++;
    }
    expect(resets).toBe(21);
  });

  it('refuses what cannot be cut', () => {
    expect(() => new StreamBatches(count(4), 1, { batchSize: 4 })).toThrow(
      /\[4\] cannot be cut into 4 rows, expected at least 5 steps/,
    );
    expect(() => new StreamBatches(count(9), 1, { batchSize: 0 })).toThrow(ArgumentError);
    expect(() => new StreamBatches(count(9), 0)).toThrow(/chunk is 0/);
    expect(() => new StreamBatches(count(9), 1, { epochs: 0 })).toThrow(/epochs/);
  });
});

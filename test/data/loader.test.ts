import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type Dataset, TensorDataset } from '../../src/data/dataset.js';
import { DataLoader } from '../../src/data/loader.js';
import { ArgumentError, CheckpointError } from '../../src/errors.js';
import { arange, tensor } from '../../src/ops/creation.js';
import { add } from '../../src/ops/elementwise.js';
import { rand } from '../../src/ops/random.js';
import { manualSeed } from '../../src/tensor/random.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { memoryInfo } from '../support/memory.js';

const numbers = (length: number): Dataset<number> => ({ length, get: (i) => i });
const asList = { collate: (samples: number[]) => samples };

async function epoch<B>(loader: DataLoader<number, B>): Promise<B[]> {
  const batches: B[] = [];
  for await (const batch of loader) batches.push(batch);
  return batches;
}

describe('DataLoader', () => {
  it('goes through all samples in order', async () => {
    const loader = new DataLoader(numbers(7), { batchSize: 3, ...asList });
    expect(loader.length).toBe(3);
    expect(await epoch(loader)).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
    const full = new DataLoader(numbers(7), { batchSize: 3, dropLast: true, ...asList });
    expect(full.length).toBe(2);
    expect(await epoch(full)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(await epoch(new DataLoader(numbers(0), asList))).toEqual([]);
  });

  it('shuffles each epoch anew, the same for the same seed', async () => {
    const make = (seed: number) =>
      new DataLoader(numbers(20), { batchSize: 20, shuffle: true, seed, ...asList });
    const loader = make(1);
    const first = (await epoch(loader)).flat();
    const second = (await epoch(loader)).flat();
    expect(first).not.toEqual(second);
    expect([...first].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    const again = make(1);
    expect((await epoch(again)).flat()).toEqual(first);
    expect((await epoch(again)).flat()).toEqual(second);
    expect((await epoch(make(2))).flat()).not.toEqual(first);
  });

  it('goes on where a checkpoint says', async () => {
    const make = () =>
      new DataLoader(numbers(10), { batchSize: 2, shuffle: true, seed: 3, ...asList });
    const whole = make();
    await epoch(whole);
    const batches = await epoch(whole);
    expect([whole.epoch, whole.position]).toEqual([2, 0]);

    const stopped = make();
    await epoch(stopped);
    for await (const _batch of stopped) if (stopped.position === 2) break;
    expect([stopped.epoch, stopped.position]).toEqual([1, 2]);

    const resumed = make();
    resumed.epoch = stopped.epoch;
    resumed.position = stopped.position;
    expect(await epoch(resumed)).toEqual(batches.slice(2));
    expect([resumed.epoch, resumed.position]).toEqual([2, 0]);
    // Without a checkpoint, an epoch that was broken off is over.
    expect(await epoch(stopped)).toEqual(await epoch(resumed));
  });

  it('transforms batches, and makes them of samples that come later', async () => {
    const later: Dataset<number> = { length: 4, get: (i) => turn(i) };
    const loader = new DataLoader(later, {
      batchSize: 2,
      transform: async (batch: Tensor) => add(await turn(batch), 1),
    });
    const values: number[][] = [];
    for await (const batch of loader) values.push([...batch.dataSync()]);
    expect(values).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('makes the next batch while the current one is worked on, and no more', async () => {
    const made: number[] = [];
    const source: Dataset<number> = {
      length: 5,
      get: (i) => {
        made.push(i);
        return i;
      },
    };
    for await (const [i = -1] of new DataLoader(source, asList)) {
      expect(made).toEqual(Array.from({ length: i + 1 }, (_, k) => k));
      await turn();
      await turn();
      expect(made).toEqual(Array.from({ length: Math.min(i + 2, 5) }, (_, k) => k));
    }
    made.length = 0;
    for await (const [i = -1] of new DataLoader(source, { prefetch: false, ...asList })) {
      await turn();
      await turn();
      expect(made).toHaveLength(i + 1);
    }
  });

  it('throws where the loop is, when a sample fails', async () => {
    const broken: Dataset<number> = {
      length: 4,
      get: async (i) => {
        await turn();
        if (i === 2) throw new Error('sample 2 is damaged');
        return i;
      },
    };
    const loader = new DataLoader(broken, asList);
    const seen: number[][] = [];
    const loop = async () => {
      for await (const batch of loader) {
        seen.push(batch);
        for (let i = 0; i < 5; i++) await turn();
      }
    };
    await expect(loop()).rejects.toThrow('sample 2 is damaged');
    expect(seen).toEqual([[0], [1]]);
    // Left before the fault is due, the loop ends in peace; an unhandled rejection would fail this run.
    for await (const [i] of new DataLoader(broken, asList)) if (i === 1) break;
    for (let i = 0; i < 5; i++) await turn();
  });

  it('lends batches: they go when the next one is asked for, or the loop ends', async () => {
    const data = new TensorDataset(arange(1000), tensor(new Float32Array(1000)));
    const before = memoryInfo().live;
    const lent: Tensor[] = [];
    let kept: Tensor | undefined;
    for await (const [x, y] of new DataLoader(data, { batchSize: 10, shuffle: true })) {
      expect(lent.at(-1)?.isDisposed ?? true).toBe(true);
      expect(x.isDisposed).toBe(false);
      if (lent.length === 1) kept = y.keep();
      lent.push(x);
      await turn();
    }
    for await (const [x] of new DataLoader(data, { batchSize: 10 })) {
      lent.push(x);
      if (lent.length > 105) break;
      await turn();
    }
    await turn();
    expect(lent.every((x) => x.isDisposed)).toBe(true);
    expect(kept?.isDisposed).toBe(false);
    kept?.dispose();
    expect(memoryInfo().live).toBeLessThanOrEqual(before);
  });

  it('leaves tensors of others alone', async () => {
    const mine = [tensor([1]), tensor([2])];
    const data: Dataset<Tensor> = { length: 2, get: (i) => mine[i] ?? tensor(0) };
    const first = ([one]: Tensor[]) => one ?? tensor(0);
    for await (const x of new DataLoader(data, { collate: first })) expect(x.size).toBe(1);
    await turn();
    expect(mine.map((x) => x.itemSync())).toEqual([1, 2]);
  });

  it('gives its state, and takes that of a loader with another seed', async () => {
    const make = (seed: number) =>
      new DataLoader(numbers(10), { batchSize: 3, shuffle: true, seed, ...asList });
    const whole = make(3);
    await epoch(whole);
    const batches = await epoch(whole);
    const stopped = make(3);
    await epoch(stopped);
    for await (const _batch of stopped) if (stopped.position === 2) break;
    const state = stopped.stateDict();
    expect(state).toEqual({ seed: 3, epoch: 1, position: 2, batchSize: 3, samples: 10 });
    const other = make(8);
    other.loadStateDict(state);
    expect(other.seed).toBe(3);
    expect(await epoch(other)).toEqual(batches.slice(2));
  });

  it('refuses a state that is none or of other data, and stays as it is', () => {
    const loader = new DataLoader(numbers(10), { batchSize: 3, shuffle: true, seed: 1 });
    const before = loader.stateDict();
    const good = { ...before, position: 2 };
    const wrong: [unknown, RegExp][] = [
      [null, /seed is undefined/],
      [{ ...good, epoch: -1 }, /epoch is -1/],
      [{ ...good, seed: 1.5 }, /seed is 1\.5/],
      [{ ...good, batchSize: 4 }, /batchSize was 4, and is 3/],
      [{ ...good, samples: 11 }, /samples was 11, and is 10/],
      [{ ...good, position: 5 }, /batch 5 of 4/],
    ];
    for (const [state, message] of wrong) {
      expect(() => loader.loadStateDict(state)).toThrow(CheckpointError);
      expect(() => loader.loadStateDict(state)).toThrow(message);
      expect(loader.stateDict()).toEqual(before);
    }
    // Between two epochs nothing depends on them.
    loader.loadStateDict({ ...good, position: 0, batchSize: 4 });
    expect(loader.batchSize).toBe(3);
  });

  it('draws the same for a batch whenever it is made, and whatever else is drawn', async () => {
    const draw = async ([i = 0]: number[]): Promise<number> => {
      const [value = 0] = await rand([1]).data();
      return i + value;
    };
    const make = () =>
      new DataLoader(numbers(6), { seed: 4, collate: draw, shuffle: true, prefetch: true });
    manualSeed(1);
    const loader = make();
    const first = await epoch(loader);
    const second = await epoch(loader);
    expect(new Set([...first, ...second].map((value) => value % 1)).size).toBe(12);
    const free = await rand([4]).data();

    manualSeed(1);
    const busy = make();
    const drawn: number[] = [];
    for await (const value of busy) {
      drawn.push(value);
      await turn();
      await rand([3]).data();
    }
    expect(drawn).toEqual(first);
    // Nor does the loader take anything from the others.
    manualSeed(1);
    expect(await rand([4]).data()).toEqual(free);
  });

  it('refuses options that make no sense', () => {
    const data = numbers(3);
    expect(() => new DataLoader(data, { batchSize: 0 })).toThrow(ArgumentError);
    expect(() => new DataLoader(data, { batchSize: 1.5 })).toThrow(/batchSize is 1\.5/);
    expect(() => new DataLoader(data, { seed: -1 })).toThrow(/seed is -1/);
    expect(() => {
      new DataLoader(data).position = -1;
    }).toThrow(/position is -1/);
  });
});

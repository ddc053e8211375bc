import { describe, expect, it } from 'vitest';
import { collate } from '../../src/data/collate.js';
import { type Dataset, randomSplit, subset, TensorDataset } from '../../src/data/dataset.js';
import { ImageDataset } from '../../src/data/imageDataset.js';
import { ArgumentError, ShapeError } from '../../src/errors.js';
import { tensor } from '../../src/ops/creation.js';

const numbers = (length: number): Dataset<number> => ({ length, get: (i) => 10 * i });
const all = <T>(dataset: Dataset<T>) =>
  Array.from({ length: dataset.length }, (_, i) => dataset.get(i));

describe('TensorDataset', () => {
  const x = tensor([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  const y = tensor(Int32Array.of(7, 8, 9));
  const data = new TensorDataset(x, y);

  it('gives samples and batches of all its tensors', () => {
    expect(data.length).toBe(3);
    const [row, label] = data.get(1);
    expect(row.dataSync()).toEqual(Float32Array.of(3, 4));
    expect(label.shape).toEqual([]);
    expect(label.itemSync()).toBe(8);
    const [rows, labels] = data.batch(Int32Array.of(2, 0, 2));
    expect(rows.shape).toEqual([3, 2]);
    expect(rows.dataSync()).toEqual(Float32Array.of(5, 6, 1, 2, 5, 6));
    expect(labels.dataSync()).toEqual(Int32Array.of(9, 7, 9));
  });

  it('refuses tensors of different lengths', () => {
    expect(() => new TensorDataset(x, tensor([1, 2]))).toThrow(ShapeError);
    expect(() => new TensorDataset(x, tensor([1, 2]))).toThrow(/got \[3, 2\], \[2\], expected/);
    expect(() => new TensorDataset(tensor(1))).toThrow(ShapeError);
    expect(() => new TensorDataset()).toThrow(/no tensors/);
  });
});

describe('subset and randomSplit', () => {
  it('choose samples, also in batches', () => {
    expect(all(subset(numbers(5), [4, 0, 4]))).toEqual([40, 0, 40]);
    const part = subset(new TensorDataset(tensor([0, 10, 20])), [2, 1]);
    expect(part.length).toBe(2);
    const batch = part.batch(Int32Array.of(1, 0));
    if (batch instanceof Promise) throw new Error('a TensorDataset is not async');
    expect(batch[0].dataSync()).toEqual(Float32Array.of(10, 20));
    expect(() => subset(numbers(5), [5])).toThrow(/index 5, expected integers from 0 to 4/);
    expect(() => subset(numbers(5), [1.5])).toThrow(ArgumentError);
  });

  it('deal out every sample once, by sizes or by shares', () => {
    for (const parts of [
      [7, 3],
      [0.7, 0.3],
    ] as const) {
      const [first, second] = randomSplit(numbers(10), parts, { seed: 4 });
      expect([first.length, second.length]).toEqual([7, 3]);
      const samples = [...all(first), ...all(second)];
      expect(samples).not.toEqual(all(numbers(10)));
      expect(samples.sort((a, b) => Number(a) - Number(b))).toEqual(all(numbers(10)));
      const [again] = randomSplit(numbers(10), parts, { seed: 4 });
      expect(all(again)).toEqual(all(first));
    }
    expect(randomSplit(numbers(10), [1 / 3, 1 / 3, 1 / 3]).map((part) => part.length)).toEqual([
      3, 3, 4,
    ]);
    expect(randomSplit(numbers(1), [1])).toHaveLength(1);
    expect(() => randomSplit(numbers(10), [7, 4])).toThrow(/sizes that add up to 10 or shares/);
    expect(() => randomSplit(numbers(10), [1.5, -0.5])).toThrow(ArgumentError);
    expect(() => randomSplit(numbers(10), [])).toThrow(ArgumentError);
  });
});

describe('ImageDataset', () => {
  const source = {
    images: Uint8Array.of(0, 51, 102, 255, 255, 0, 0, 51),
    labels: Uint8Array.of(3, 9),
    count: 2,
    channels: 2,
    rows: 1,
    cols: 2,
  };

  it('turns bytes into normalised floats and labels into int32', () => {
    const data = new ImageDataset(source, { mean: [0.2, 0], std: [0.5, 1] });
    const [images, labels] = data.batch(Int32Array.of(1, 0));
    expect(images.shape).toEqual([2, 2, 1, 2]);
    const expected = [1.6, -0.4, 0, 0.2, -0.4, 0, 0.4, 1];
    for (const [i, value] of images.dataSync().entries())
      expect(value).toBeCloseTo(expected[i] ?? 0, 6);
    expect(labels.dataSync()).toEqual(Int32Array.of(9, 3));
    const [image, label] = data.get(0);
    expect(image.shape).toEqual([2, 1, 2]);
    expect(label.shape).toEqual([]);
  });

  it('refuses sizes that do not fit together', () => {
    expect(() => new ImageDataset({ ...source, count: 3 })).toThrow(ArgumentError);
    expect(() => new ImageDataset(source, { mean: [1] })).toThrow(
      /mean has 1 numbers, the images have 2/,
    );
    expect(() => new ImageDataset(source).get(2)).toThrow(/index 2, expected 0 to 1/);
  });
});

describe('collate', () => {
  it('stacks tensors, numbers and typed arrays', () => {
    const stacked = collate([tensor([1, 2]), tensor([3, 4])]);
    expect(stacked.shape).toEqual([2, 2]);
    expect(stacked.dataSync()).toEqual(Float32Array.of(1, 2, 3, 4));
    expect(collate([1, 0.5]).dataSync()).toEqual(Float32Array.of(1, 0.5));
    const rows = collate([Uint8Array.of(1, 2), Uint8Array.of(3, 4)]);
    expect(rows.dtype).toBe('uint8');
    expect(rows.shape).toEqual([2, 2]);
  });

  it('goes into lists and objects', () => {
    const { x, y } = collate([
      { x: [1, 'a'] as const, y: Int32Array.of(1) },
      { x: [2, 'b'] as const, y: Int32Array.of(2) },
    ]);
    expect(x[0].dataSync()).toEqual(Float32Array.of(1, 2));
    expect(x[1]).toEqual(['a', 'b']);
    expect(y.shape).toEqual([2, 1]);
    expect(y.dtype).toBe('int32');
  });

  it('refuses samples of different forms', () => {
    expect(() => collate([])).toThrow(/no samples/);
    expect(() => collate<unknown>([1, 'a'])).toThrow(/cannot make a batch of samples such as 1/);
    expect(() => collate([tensor([1]), tensor([1, 2])])).toThrow(ShapeError);
    expect(() => collate([[1], [1, 2]])).toThrow(/different lengths/);
    expect(() => collate([Uint8Array.of(1), Uint8Array.of(1, 2)])).toThrow(ShapeError);
    expect(() => collate<ArrayBufferView>([Uint8Array.of(1), Int32Array.of(1)])).toThrow(
      /different kinds/,
    );
    expect(() => collate([Int16Array.of(1)])).toThrow(ArgumentError);
    expect(() => collate<unknown>([{ a: 1 }, { a: 1, b: 2 }])).toThrow(/different keys/);
    expect(() => collate<unknown>([{ a: 1 }, { b: 2 }])).toThrow(ArgumentError);
    expect(() => collate<unknown>([new Date()])).toThrow(ArgumentError);
  });
});

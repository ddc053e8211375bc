import { describe, expect, it } from 'vitest';
import { TensorDataset } from '../../src/data/dataset.js';
import { DataLoader } from '../../src/data/loader.js';
import { ArgumentError, ShapeError } from '../../src/errors.js';
import * as ops from '../../src/ops/index.js';
import { Generator, manualSeed } from '../../src/tensor/random.js';
import { inLayout, type Tensor } from '../../src/tensor/tensor.js';
import {
  Compose,
  type ImageTransform,
  Normalize,
  onImages,
  RandomCrop,
  RandomHorizontalFlip,
} from '../../src/vision/transforms.js';
import { expectClose } from '../support/close.js';

function numbered(shape: readonly number[], dtype: 'uint8' | 'float32' = 'float32'): Tensor {
  const count = shape.reduce((a, b) => a * b, 1);
  return ops.cast(ops.reshape(ops.arange(1, count + 1), shape), dtype);
}

/** All windows of an image in zeros, as text, to tell whether a crop is one of them. */
function windowsOf(image: number[][], size: number, padding: number): Set<string> {
  const at = (y: number, x: number) => image[y]?.[x] ?? 0;
  const found = new Set<string>();
  const last = image.length + padding - size;
  for (let top = -padding; top <= last; top++) {
    for (let left = -padding; left <= last; left++) {
      const rows = Array.from({ length: size }, (_, y) =>
        Array.from({ length: size }, (_, x) => at(top + y, left + x)),
      );
      found.add(String(rows));
    }
  }
  return found;
}

describe('RandomCrop', () => {
  it('cuts a window of the padded image, any of them, each image its own', () => {
    const images = ops.repeat(numbered([1, 1, 3, 3]), [400, 1, 1, 1]);
    const crops = new RandomCrop(2, { padding: 1 }).forward(images, {
      generator: new Generator(1),
    });
    expect(crops.shape).toEqual([400, 1, 2, 2]);
    const values = [...crops.dataSync()];
    const seen = new Set(
      Array.from({ length: 400 }, (_, i) => String(values.slice(4 * i, 4 * i + 4))),
    );
    const expected = windowsOf(
      [
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
      ],
      2,
      1,
    );
    expect([...seen].sort()).toEqual([...expected].sort());
  });

  it('fills what lies outside, and takes bytes and any layout', () => {
    const images = numbered([5, 3, 4, 6], 'uint8');
    const crop = new RandomCrop([7, 3], { padding: 2, fill: 9 });
    const rowMajor = crop.forward(images, { generator: new Generator(3) });
    const stored = crop.forward(inLayout(images, 'channelsLast'), { generator: new Generator(3) });
    expect([rowMajor.dtype, rowMajor.shape]).toEqual(['uint8', [5, 3, 7, 3]]);
    expect(stored.dataSync()).toEqual(rowMajor.dataSync());
    const whole = new RandomCrop([4, 6]).forward(images, { generator: new Generator(3) });
    expect(whole.dataSync()).toEqual(images.dataSync());
  });

  it('refuses windows that do not fit, and wrong options', () => {
    const images = numbered([2, 1, 4, 4]);
    expect(() => new RandomCrop(7, { padding: 1 }).forward(images)).toThrow(ShapeError);
    expect(() => new RandomCrop(2).forward(numbered([4, 4]))).toThrow(ShapeError);
    expect(() => new RandomCrop(0)).toThrow(ArgumentError);
    expect(() => new RandomCrop(2, { padding: -1 })).toThrow(ArgumentError);
    expect(() => new RandomCrop(2, { fill: Number.NaN })).toThrow(ArgumentError);
  });
});

describe('RandomHorizontalFlip', () => {
  it('mirrors about the share p of the images', () => {
    const images = ops.repeat(numbered([1, 2, 2, 3]), [300, 1, 1, 1]);
    const values = [
      ...new RandomHorizontalFlip({ p: 0.3 })
        .forward(images, { generator: new Generator(5) })
        .dataSync(),
    ];
    const straight = '1,2,3,4,5,6,7,8,9,10,11,12';
    const mirrored = '3,2,1,6,5,4,9,8,7,12,11,10';
    const each = Array.from({ length: 300 }, (_, i) => String(values.slice(12 * i, 12 * i + 12)));
    expect(new Set(each)).toEqual(new Set([straight, mirrored]));
    const share = each.filter((text) => text === mirrored).length / 300;
    expect(Math.abs(share - 0.3)).toBeLessThan(0.1);
  });

  it('always or never mirrors at the ends of p', () => {
    const images = numbered([6, 3, 2, 5]);
    const never = new RandomHorizontalFlip({ p: 0 }).forward(images);
    const always = new RandomHorizontalFlip({ p: 1 }).forward(inLayout(images, 'channelsLast'));
    expect(never.dataSync()).toEqual(images.dataSync());
    expect(always.dataSync()).toEqual(ops.flip(images, 3).dataSync());
    expect(() => new RandomHorizontalFlip({ p: 1.5 })).toThrow(ArgumentError);
  });
});

describe('Normalize', () => {
  it('scales bytes, and takes floats as they are', () => {
    const bytes = ops.tensor([0, 255, 51, 102], { shape: [1, 2, 1, 2], dtype: 'uint8' });
    const expected = [-1, 1, 0.2, 0.6];
    const normalize = new Normalize([0.5, 0.1], [0.5, 0.5]);
    expectClose(normalize.forward(bytes), expected, { atol: 1e-6 });
    const floats = ops.tensor([0, 1, 0.2, 0.4], { shape: [1, 2, 1, 2] });
    expectClose(normalize.forward(floats), expected, { atol: 1e-6 });
    expectClose(new Normalize(1, 2).forward(floats), [-0.5, 0, -0.4, -0.3], { atol: 1e-6 });
  });

  it('refuses numbers that do not fit', () => {
    expect(() => new Normalize([0, 0], 1).forward(numbered([1, 3, 2, 2]))).toThrow(ShapeError);
    expect(() => new Normalize(0, 0)).toThrow(ArgumentError);
  });
});

const augment = (): ImageTransform =>
  new Compose([
    new RandomCrop(4, { padding: 2 }),
    new RandomHorizontalFlip(),
    new Normalize(0.5, 0.25),
  ]);

describe('augmentation', () => {
  it('follows manualSeed, and records nothing', () => {
    const images = numbered([8, 3, 4, 4]);
    images.requiresGrad = true;
    manualSeed(4);
    const first = augment().forward(images);
    const second = augment().forward(images);
    manualSeed(4);
    expect(augment().forward(images).dataSync()).toEqual(first.dataSync());
    expect(second.dataSync()).not.toEqual(first.dataSync());
    expect(first.requiresGrad).toBe(false);
  });

  it('of a loader depends on seed, epoch and batch alone', async () => {
    const data = new TensorDataset(numbered([10, 1, 6, 6]), ops.arange(10));
    const epochs = async (prefetch: boolean): Promise<number[][]> => {
      const transform = onImages(augment());
      const loader = new DataLoader(data, { batchSize: 4, seed: 7, prefetch, transform });
      const found: number[][] = [];
      for (let epoch = 0; epoch < 2; epoch++) {
        for await (const [images, labels] of loader) {
          ops.rand([prefetch ? 3 : 30]);
          expect(labels.shape).toEqual([images.shape[0]]);
          found.push([...images.dataSync()]);
        }
      }
      return found;
    };
    const batches = await epochs(true);
    expect(await epochs(false)).toEqual(batches);
    expect(batches[0]).not.toEqual(batches[3]);
  });
});

import { describe, expect, it } from 'vitest';
import { DataLoader, TensorDataset } from '../../../src/data/index.js';
import { ArgumentError } from '../../../src/errors.js';
import { Module } from '../../../src/nn/index.js';
import { tensor, zeros } from '../../../src/ops/index.js';
import '../../../src/ops/methods.js';
import type { Tensor } from '../../../src/tensor/tensor.js';
import { predictClasses } from '../../../src/train/index.js';

/** Says class 1 for images whose first pixel is above a half. */
class FirstPixel extends Module {
  override forward(images: Tensor): Tensor {
    return images
      .flatten(1)
      .matmul(
        tensor([
          [-8, 8],
          [0, 0],
        ]),
      )
      .add(tensor([4, -4]));
  }
}

describe('predictClasses', () => {
  const pixels = Float32Array.of(0.9, 0, 0.1, 0.2, 0.8, 1, 0.3, 0);
  const images = () => tensor(pixels, { shape: [4, 1, 1, 2] }).keep();
  const loaderOf = (targets: number[]) =>
    new DataLoader(new TensorDataset(images(), tensor(Int32Array.from(targets)).keep()), {
      batchSize: 2,
    });

  it('counts, and shows samples and the surest mistakes', async () => {
    const model = new FirstPixel();
    const found = await predictClasses(model, loaderOf([0, 0, 1, 1]), {
      classes: ['dark', 'light'],
    });
    expect(found.counts.map((row) => Array.from(row))).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(found.samples).toHaveLength(4);
    expect(found.mistakes.map(({ truth, prediction }) => [truth, prediction])).toEqual([
      ['dark', 'light'],
      ['light', 'dark'],
    ]);
    const [first, second] = found.mistakes.map(({ confidence }) => confidence ?? 0);
    expect(first).toBeGreaterThan(second ?? 1);
    expect(model.training).toBe(true);
  });

  it('undoes the normalisation of images, and keeps to the number wanted', async () => {
    const found = await predictClasses(new FirstPixel(), loaderOf([1, 0, 1, 0]), {
      mean: 0.5,
      std: [0.5],
      samples: 1,
    });
    expect(found.samples).toHaveLength(1);
    expect(found.mistakes).toHaveLength(0);
    expect(Array.from(found.samples[0]?.image.data ?? [])).toEqual([242, 128]);
  });

  it('refuses what is no classifier', async () => {
    const data = [[zeros([2, 1, 1, 2]).keep(), zeros([2, 3]).keep()] as const];
    await expect(predictClasses(new FirstPixel(), data)).rejects.toThrow(ArgumentError);
    const outside = predictClasses(new FirstPixel(), loaderOf([5, 0, 0, 0]));
    await expect(outside).rejects.toThrow(/target 5 of 2 classes/);
  });
});

import { describe, expect, it } from 'vitest';
import { syntheticDigits } from '../../src/data/digits.js';
import { ArgumentError } from '../../src/errors.js';

const PIXELS = 784;

describe('syntheticDigits', () => {
  const { images, labels, ...sizes } = syntheticDigits(600, { seed: 3 });
  const imageOf = (i: number) => images.subarray(i * PIXELS, (i + 1) * PIXELS);

  it('has the form of MNIST', () => {
    expect(sizes).toEqual({ count: 600, channels: 1, rows: 28, cols: 28 });
    expect(images).toHaveLength(600 * PIXELS);
    expect(new Set(labels)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  });

  it('draws image i from the seed and i only', () => {
    const few = syntheticDigits(10, { seed: 3 });
    expect(few.images).toEqual(images.subarray(0, 10 * PIXELS));
    expect(syntheticDigits(10, { seed: 4 }).images).not.toEqual(few.images);
    expect(imageOf(0)).not.toEqual(imageOf(1));
  });

  it('puts a bright digit, neither a dot nor a blot, in the middle of each image', () => {
    for (let i = 0; i < 600; i++) {
      const image = imageOf(i);
      let [ink, x, y, border] = [0, 0, 0, 0];
      for (let row = 0; row < 28; row++) {
        for (let column = 0; column < 28; column++) {
          if ((image[row * 28 + column] ?? 0) < 128) continue;
          ink++;
          x += column;
          y += row;
          if (row % 27 === 0 || column % 27 === 0) border++;
        }
      }
      expect(ink).toBeGreaterThan(10);
      expect(ink).toBeLessThan(300);
      expect(Math.abs(x / ink - 13.5)).toBeLessThan(6);
      expect(Math.abs(y / ink - 13.5)).toBeLessThan(6);
      expect(border).toBeLessThan(10);
    }
  });

  it('can be told apart, though not by the mean image alone', () => {
    const means = Array.from({ length: 10 }, () => new Float64Array(PIXELS));
    const training = syntheticDigits(2000, { seed: 5 });
    for (let i = 0; i < training.count; i++) {
      const mean = means[training.labels[i] ?? 0];
      for (let p = 0; mean && p < PIXELS; p++) {
        mean[p] = (mean[p] ?? 0) + (training.images[i * PIXELS + p] ?? 0) / 200;
      }
    }
    let right = 0;
    for (let i = 0; i < 600; i++) {
      const image = imageOf(i);
      const distances = means.map((mean) =>
        mean.reduce((sum, m, p) => sum + (m - (image[p] ?? 0)) ** 2, 0),
      );
      if (distances.indexOf(Math.min(...distances)) === labels[i]) right++;
    }
    expect(right / 600).toBeGreaterThan(0.5);
    expect(right / 600).toBeLessThan(0.95);
  });

  it('refuses what is no count and no seed', () => {
    expect(syntheticDigits(0).images).toHaveLength(0);
    for (const count of [-1, 1.5, Number.NaN, 1e9]) {
      expect(() => syntheticDigits(count)).toThrow(ArgumentError);
    }
    expect(() => syntheticDigits(1, { seed: -1 })).toThrow(/seed is -1/);
  });
});

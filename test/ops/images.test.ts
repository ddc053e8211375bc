import { describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/backward.js';
import { ones, tensor } from '../../src/ops/creation.js';
import { square } from '../../src/ops/elementwise.js';
import { fromImages, onImages, toImages } from '../../src/ops/images.js';
import { randn } from '../../src/ops/random.js';
import { inLayout } from '../../src/tensor/tensor.js';
import { expectSame } from '../support/close.js';
import { memoryInfo } from '../support/memory.js';

const CASES = [
  ['a sequence', [3, 5], 1, [1, 3, 1, 5]],
  ['a batch of sequences', [2, 3, 5], 1, [2, 3, 1, 5]],
  ['an image', [3, 4, 5], 2, [1, 3, 4, 5]],
  ['a batch of images', [2, 3, 4, 5], 2, [2, 3, 4, 5]],
  ['an empty batch of sequences', [0, 3, 5], 1, [0, 3, 1, 5]],
] as const;

describe.each(CASES)('%s', (_, shape, axes, lifted) => {
  test('is a view as a batch of images, and back', () => {
    const x = randn(shape);
    const images = toImages(x, axes);
    expect(images.shape).toEqual(lifted);
    expect(images.storage).toBe(x.storage);
    const back = fromImages(images, x, axes);
    expect(back.shape).toEqual(shape);
    expect(back.storage).toBe(x.storage);
    expectSame(back, x);
  });

  test('goes through an op of images, which may change its sizes, and leaves nothing else', () => {
    const x = ones(shape, { requiresGrad: true });
    const memoryOf = (run: () => unknown): number => {
      const before = memoryInfo().live;
      run();
      return memoryInfo().live - before;
    };
    const direct = memoryOf(() => square(x));
    const y = onImages(x, axes, square);
    expect(memoryOf(() => onImages(x, axes, square))).toBe(direct);
    expect(y.shape).toEqual(shape);
    backward(y, { gradient: ones(shape) });
    expectSame(x.grad ?? [], new Float32Array(x.size).fill(2));
  });
});

test('a batch of images is the same tensor, stored as it was', () => {
  const x = inLayout(randn([2, 3, 4, 5]), 'channelsLast');
  expect(toImages(x, 2)).toBe(x);
  expect(onImages(x, 2, (images) => images)).toBe(x);
});

test('an op may give images of other sizes', () => {
  const pooled = onImages(ones([3, 5]), 1, () => tensor([1, 2], { shape: [1, 2, 1, 1] }));
  expect(pooled.shape).toEqual([2, 1]);
});

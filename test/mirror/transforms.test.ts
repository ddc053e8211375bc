import fc from 'fast-check';
import { describe, it } from 'vitest';
import * as ops from '../../src/ops/index.js';
import { Generator } from '../../src/tensor/random.js';
import { inLayout } from '../../src/tensor/tensor.js';
import { Compose, Normalize, RandomCrop, RandomHorizontalFlip } from '../../src/vision/index.js';
import { onBothBackends } from '../support/backends.js';
import { expectClose } from '../support/close.js';
import { forAll, layouts, seeds } from '../support/mirror.js';

describe('augmentation', () => {
  it('draws and makes the same on both backends', () => {
    const side = fc.integer({ min: 4, max: 9 });
    const shapes = fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 4 }), side, side);
    const dtypes = fc.constantFrom('uint8' as const, 'float32' as const);
    const augment = new Compose([
      new RandomCrop(4, { padding: 2 }),
      new RandomHorizontalFlip(),
      new Normalize(0.5, 0.25),
    ]);
    forAll([shapes, dtypes, layouts, seeds], (shape, dtype, layout, seed) => {
      const { native, ts } = onBothBackends(() => {
        const count = shape.reduce((a, b) => a * b, 1);
        const images = ops.cast(ops.reshape(ops.arange(count), shape), dtype);
        return augment
          .forward(inLayout(images, layout), { generator: new Generator(seed) })
          .dataSync();
      });
      expectClose(native, ts, { atol: 1e-5 });
    });
  });
});

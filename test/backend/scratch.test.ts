import { describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/backward.js';
import { backendInfo, synchronizeSync } from '../../src/backend/select.js';
import { conv2d, onesLike, randn } from '../../src/ops/index.js';
import { scope } from '../../src/tensor/scope.js';
import { memoryInfo } from '../support/memory.js';

/** As docs/convolution.md says: bytes of scratch for weights of so many elements. */
function bound(weights: number): number {
  return 4 * 4 * weights + 2 ** 20 * (24 + 3 * backendInfo().threads);
}

// Scratch memory never shrinks, so small layers come first.
const LAYERS: readonly (readonly [
  batch: number,
  channels: number,
  size: number,
  filters: number,
  kernel: number,
])[] = [
  [32, 3, 32, 64, 3],
  [8, 16, 32, 16, 3],
  [32, 16, 32, 16, 3],
  [1, 64, 112, 64, 3],
  [4, 64, 56, 64, 3],
  [4, 256, 28, 128, 1],
  [2, 128, 56, 128, 3],
  [8, 128, 28, 128, 3],
  [2, 64, 27, 192, 5],
  [4, 256, 14, 256, 3],
  [2, 2048, 7, 512, 1],
  [8, 512, 7, 512, 3],
  [1, 512, 28, 512, 3],
];

describe.runIf(backendInfo().name === 'native')('scratch memory of convolutions', () => {
  it.each(LAYERS)('batch %i, %i channels, %i² pixels, %i filters of %i²', (n, c, size, k, r) => {
    scope(() => {
      const x = randn([n, c, size, size]);
      const w = randn([k, c, r, r]);
      x.requiresGrad = true;
      w.requiresGrad = true;
      const y = conv2d(x, w, null, { padding: (r - 1) / 2 });
      grad(y, [x, w], { gradients: [onesLike(y)] });
      synchronizeSync();
    });
    expect(memoryInfo().scratch).toBeGreaterThan(0);
    expect(memoryInfo().scratch).toBeLessThanOrEqual(bound(k * c * r * r));
  });
});

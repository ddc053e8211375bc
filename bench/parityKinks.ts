import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { synchronizeSync, type Tensor, tensor } from 'axonode';
import { type Kernels, UnaryOp } from '../src/backend/kernels/index.js';

/** The addon that the native backend uses: Node loads it once. */
function nativeKernels(): Kernels {
  const path =
    process.env.AXONODE_ADDON ??
    fileURLToPath(new URL('../build/Release/axonode.node', import.meta.url));
  const addon: { kernels: Kernels } = createRequire(import.meta.url)(path);
  return addon.kernels;
}

/**
 * Runs `fn`, and notes which way every ReLU and every max-pooling of it went: tensors `relu.N` (uint8, 1 where the
 * output is positive) and `pool.N` (int32, positions in the input plane), elements as kernels have them, channels
 * innermost. Native backend only.
 */
export function recordKinks<T>(fn: () => T): { result: T; kinks: Map<string, Tensor> } {
  const kernels = nativeKernels();
  const { unary, batchNorm, maxPool2d } = kernels;
  const kinks = new Map<string, Tensor>();
  const count = { relu: 0, pool: 0 };
  const noteRelu = (out: ArrayLike<number>, size: number): void => {
    synchronizeSync();
    const positive = Uint8Array.from({ length: size }, (_, i) => ((out[i] ?? 0) > 0 ? 1 : 0));
    kinks.set(`relu.${count.relu++}`, tensor(positive, { dtype: 'uint8' }).keep());
  };
  kernels.unary = (out, x, size, op, p, q) => {
    unary(out, x, size, op, p, q);
    if (op === UnaryOp.relu) noteRelu(out, size);
  };
  kernels.batchNorm = (...args) => {
    batchNorm(...args);
    const [out, , , , , , , , , rows, channels, , , relu] = args;
    if (relu === 1) noteRelu(out, rows * channels);
  };
  kernels.maxPool2d = (out, index, x, geometry) => {
    maxPool2d(out, index, x, geometry);
    synchronizeSync();
    const [batch = 0, , , , height = 0, width = 0, channels = 0] = geometry;
    const chosen = index.slice(0, batch * height * width * channels);
    kinks.set(`pool.${count.pool++}`, tensor(chosen, { dtype: 'int32' }).keep());
  };
  try {
    return { result: fn(), kinks };
  } finally {
    Object.assign(kernels, { unary, batchNorm, maxPool2d });
  }
}

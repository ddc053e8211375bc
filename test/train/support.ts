import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { add, data, type nn, randn, type Tensor, tensor } from '../../src/index.js';

export type Points = readonly [Tensor, Tensor];

/** Two clouds of 50 points in batches of 16, the last of 2; shuffled, and moved about at random each time. */
export function clouds(options: { readonly noise?: number } = {}): data.DataLoader<Points, Points> {
  const { noise = 0 } = options;
  const labels = Int32Array.from({ length: 50 }, (_, i) => i % 2);
  const centres = Float32Array.from({ length: 200 }, (_, i) => {
    const side = 2 * ((i >> 2) % 2) - 1;
    return side * 0.7 + Math.sin(i * 12.9898) * 0.9;
  });
  const points = tensor(centres, { shape: [50, 4] }).keep();
  const set = new data.TensorDataset(points, tensor(labels).keep());
  return new data.DataLoader<Points, Points>(set, {
    batchSize: 16,
    shuffle: true,
    ...(noise === 0
      ? {}
      : { transform: ([x, y]: Points): Points => [add(x, randn(x.shape).mul(noise)), y] }),
  });
}

/** All bits of a model's weights and buffers. */
export async function bitsOf(model: nn.Module): Promise<Map<string, string>> {
  const bits = new Map<string, string>();
  for (const [name, value] of model.stateDict()) {
    const { buffer } = await value.data();
    bits.set(name, Buffer.from(buffer).toString('hex'));
  }
  return bits;
}

/** A folder for the time of a function. */
export async function withFolder<T>(fn: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'axonode-'));
  try {
    return await fn(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

import type { Module } from '../../src/nn/index.js';
import { tensor } from '../../src/ops/index.js';
import { sizeOf } from '../../src/tensor/shape.js';
import type { Tensor } from '../../src/tensor/tensor.js';

// The same numbers as make_models.py computes, so that no weights need be stored.

/** `count` numbers from [−1, 1) that follow from a name: FNV-1a of it, then a mixed counter. */
export function hashed(name: string, count: number): Float64Array {
  let seed = 2166136261;
  for (const byte of Buffer.from(name)) seed = Math.imul(seed ^ byte, 16777619);
  return Float64Array.from({ length: count }, (_, i) => {
    let h = (seed + Math.imul(i, 0x9e3779b9)) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
    h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
    return ((h ^ (h >>> 16)) >>> 0) / 2 ** 31 - 1;
  });
}

function filled(name: string, { shape }: Tensor): Float64Array {
  const u = hashed(name, sizeOf(shape));
  if (name.endsWith('running_var')) return u.map((value) => 1 + 0.5 * value);
  if (name.endsWith('weight') && shape.length > 1) {
    const scale = Math.sqrt(6 / sizeOf(shape.slice(1)));
    return u.map((value) => value * scale);
  }
  return u.map(name.endsWith('weight') ? (value) => 1 + 0.2 * value : (value) => 0.1 * value);
}

/** Fills the parameters and the running statistics of a model, each by its name. */
export function fillWeights(model: Module): void {
  for (const [name, value] of model.stateDict()) {
    if (!name.endsWith('num_batches_tracked')) value.copyFrom(filled(name, value));
  }
}

/** The images that the references are computed for. */
export function images(shape: readonly number[]): Tensor {
  const values = hashed('input', sizeOf(shape)).map((value) => 2 * value);
  return tensor(values, { dtype: 'float32', shape });
}

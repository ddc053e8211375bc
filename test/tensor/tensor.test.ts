import { describe, expect, it } from 'vitest';
import { synchronize } from '../../src/backend/select.js';
import { DisposedError, DTypeError, ShapeError } from '../../src/errors.js';
import * as ops from '../../src/ops/index.js';
import { inLayout, type Tensor } from '../../src/tensor/tensor.js';

const { add, clone, copyFrom, full, matmul, mul, ones, reshape, slice, tensor } = ops;

/** Queued work of some milliseconds; all elements of the result are 1. */
function busy(): Tensor {
  const x = full([256, 256], 1 / 256);
  let y: Tensor = ones([256, 256]);
  for (let i = 0; i < 8; i++) y = matmul(y, x);
  return y;
}

describe('reading', () => {
  it('gives the elements in row-major order, whatever lies in memory', async () => {
    const image = reshape(ops.arange(24), [1, 2, 3, 4]);
    const stored = inLayout(ops.cast(image, 'float32'), 'channelsLast');
    const expected = Float32Array.from({ length: 24 }, (_, i) => i);
    expect(stored.dataSync()).toEqual(expected);
    expect(await stored.data()).toEqual(expected);
    expect(Array.from(stored.storage.view('float32').slice(0, 4))).toEqual([0, 12, 1, 13]);
  });

  it('gives parts of a shared memory', async () => {
    const x = tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    const row = slice(x, 1);
    expect(await row.data()).toEqual(Float32Array.of(3, 4));
    expect(await slice(x, 2, 1).item()).toBe(6);
    expect(slice(x, 2, 0).itemSync()).toBe(5);
  });

  it('waits for the work that makes the elements', async () => {
    const y = busy();
    const results = await Promise.all([ops.sum(y).item(), y.data(), ops.max(y).item()]);
    expect(results).toEqual([256 ** 2, new Float32Array(256 ** 2).fill(1), 1]);
    expect(y.dataSync()[0]).toBe(1);
  });

  it('goes on when the tensor is let go of meanwhile', async () => {
    const x = add(ones([1000]), 1);
    const reading = x.data();
    x.dispose();
    const other = full([1000], 7);
    expect((await reading).every((value) => value === 2)).toBe(true);
    const single = add(tensor([1]), 1);
    const item = single.item();
    single.dispose();
    full([1], 9);
    expect(await item).toBe(2);
    expect(other.dataSync()[0]).toBe(7);
  });

  it('item asks for one element', async () => {
    expect(tensor([[5]]).itemSync()).toBe(5);
    expect(() => ones([2]).itemSync()).toThrow('item: [2] has 2 elements, expected 1');
    await expect(ones([2]).item()).rejects.toThrow(ShapeError);
  });

  it('of a disposed tensor throws', async () => {
    const x = ones([2, 3]);
    x.dispose();
    expect(() => x.dataSync()).toThrow(DisposedError);
    await expect(x.data()).rejects.toThrow(
      /shape \[2, 3\] was used after its memory was given back/,
    );
    expect(() => add(x, 1)).toThrow(/keep\(\)/);
  });
});

describe('writing', () => {
  it('does not touch memory that queued work still reads', () => {
    for (let round = 0; round < 30; round++) {
      const x = tensor(new Float32Array(64 * 64).fill(1), { shape: [64, 64] });
      let y = x;
      for (let i = 0; i < 4; i++) y = mul(matmul(y, x), 1 / 64);
      x.dispose();
      const next = tensor(new Float32Array(64 * 64).fill(round), { shape: [64, 64] });
      expect(y.dataSync().every((value) => value === 1)).toBe(true);
      expect(next.dataSync().every((value) => value === round)).toBe(true);
      y.dispose();
      next.dispose();
    }
  });

  it('copyFrom overwrites in place, and raises the version', () => {
    const x = tensor([1, 2, 3]);
    const view = reshape(x, [3, 1]);
    const { version } = x.storage;
    copyFrom(x, tensor([7, 8, 9]));
    expect(view.dataSync()).toEqual(Float32Array.of(7, 8, 9));
    expect(x.storage.version).toBe(version + 1);
    copyFrom(x, Float32Array.of(1, 1, 1));
    expect(view.dataSync()).toEqual(Float32Array.of(1, 1, 1));
  });

  it('copyFrom converts and keeps the layout', () => {
    const target = inLayout(ones([1, 2, 2, 2]), 'channelsLast');
    copyFrom(target, reshape(ops.arange(8), [1, 2, 2, 2]));
    expect(target.layout).toBe('channelsLast');
    expect(Array.from(target.dataSync())).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('copyFrom says what does not fit', () => {
    expect(() => copyFrom(ones([2]), ones([3]))).toThrow('copyFrom: source [3] does not fit [2]');
  });

  it('clone has memory of its own', () => {
    const x = tensor([1, 2]);
    const copy = clone(x);
    copyFrom(x, tensor([5, 6]));
    expect(copy.dataSync()).toEqual(Float32Array.of(1, 2));
  });
});

describe('views', () => {
  it('share memory where they can', () => {
    const x = ones([4, 3]);
    for (const view of [
      reshape(x, [12]),
      ops.flatten(x),
      slice(x, [1, 3]),
      ops.select(x, 0, 2),
      x.detach(),
    ]) {
      expect(view.storage).toBe(x.storage);
    }
    for (const copy of [ops.transpose(x), slice(x, null, [0, 2]), ops.flip(x)]) {
      expect(copy.storage).not.toBe(x.storage);
    }
  });
});

describe('dtypes', () => {
  it('of arithmetic', () => {
    const [f, i, u] = [ones([1]), ones([1], { dtype: 'int32' }), ones([1], { dtype: 'uint8' })];
    expect([add(f, i), add(i, u), add(u, u), add(i, 1), add(u, 1)].map((x) => x.dtype)).toEqual([
      'float32',
      'int32',
      'int32',
      'int32',
      'int32',
    ]);
    expect([add(i, 0.5), ops.div(i, i), ops.exp(u), ops.sqrt(i)].map((x) => x.dtype)).toEqual(
      Array.from({ length: 4 }, () => 'float32'),
    );
    expect([ops.sum(u), ops.sum(i), ops.argmax(f), ops.greater(i, f)].map((x) => x.dtype)).toEqual([
      'int32',
      'int32',
      'int32',
      'uint8',
    ]);
  });

  it('that an op does not take are refused by name', () => {
    const i = ones([2, 2], { dtype: 'int32' });
    expect(() => matmul(i, i)).toThrow(DTypeError);
    expect(() => ops.mean(i)).toThrow(
      'mean: input is int32, expected float32 or float64 (see cast())',
    );
    expect(() => ops.relu(i)).toThrow(/relu: input is int32/);
    expect(() => ops.concat([i, ones([2, 2])])).toThrow('concat: dtypes int32 and float32 differ');
    expect(() => ops.where(ones([1]), 1, 2)).toThrow(/condition is float32, expected a uint8 mask/);
  });
});

describe('synchronize', () => {
  it('waits for everything', async () => {
    const y = busy();
    await synchronize();
    expect(y.dataSync()[0]).toBe(1);
  });
});

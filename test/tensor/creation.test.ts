import { describe, expect, it } from 'vitest';
import { backend } from '../../src/backend/select.js';
import { ArgumentError, DTypeError, ShapeError } from '../../src/errors.js';
import * as ops from '../../src/ops/index.js';

const { arange, eye, full, linspace, ones, tensor, zeros } = ops;

describe('tensor', () => {
  it('takes numbers, nested arrays and typed arrays', () => {
    expect(tensor(3).shape).toEqual([]);
    expect(tensor([[1, 2, 3]]).shape).toEqual([1, 3]);
    expect(tensor([[], []]).shape).toEqual([2, 0]);
    expect(Array.from(tensor([[true], [false]]).dataSync())).toEqual([1, 0]);
    const given = tensor(Float32Array.of(1, 2, 3, 4), { shape: [2, 2] });
    expect(given.shape).toEqual([2, 2]);
    expect(tensor([1, 2, 3, 4], { shape: [2, 2] }).shape).toEqual([2, 2]);
  });

  it('has the dtype of its data, float32 by default', () => {
    expect(tensor([1, 2]).dtype).toBe('float32');
    expect(tensor(Int32Array.of(1)).dtype).toBe('int32');
    expect(tensor(Uint8Array.of(1)).dtype).toBe('uint8');
    expect(tensor(Uint8ClampedArray.of(1)).dtype).toBe('uint8');
    expect(tensor(Float64Array.of(1)).dtype).toBe('float32');
    expect(tensor([1.7, -1.7], { dtype: 'int32' }).dataSync()).toEqual(Int32Array.of(1, -1));
  });

  it('copies what it is given', () => {
    const data = Float32Array.of(1, 2);
    const x = tensor(data);
    data[0] = 9;
    expect(x.dataSync()).toEqual(Float32Array.of(1, 2));
    x.dataSync()[0] = 9;
    expect(x.dataSync()).toEqual(Float32Array.of(1, 2));
  });

  it('does not change with the shape that it was given', () => {
    const shape = [2, 1];
    const made = [tensor([1, 2], { shape }), zeros(shape), full(shape, 1)];
    shape[0] = 7;
    expect(made.map((x) => x.shape[0])).toEqual([2, 2, 2]);
  });

  it('says what does not fit', () => {
    expect(() => tensor([[1, 2], [3]])).toThrow(ShapeError);
    expect(() => tensor([[1, 2], [3]])).toThrow(/ragged: 1 items at depth 1; expected \[2, 2\]/);
    expect(() => tensor([1, [2]])).toThrow(/ragged/);
    expect(() => tensor([[1], 2])).toThrow(/ragged/);
    expect(() => tensor([1, 2, 3], { shape: [2, 2] })).toThrow(
      '3 numbers do not fill shape [2, 2], which has 4',
    );
    expect(() => tensor(Int32Array.of(1, 2, 3), { shape: [2] })).toThrow(
      '3 elements do not fill shape [2], which has 2',
    );
    expect(() => tensor(BigInt64Array.of(1n))).toThrow(DTypeError);
    expect(() => tensor('1' as unknown as number)).toThrow(ArgumentError);
    expect(() => tensor(null as unknown as number)).toThrow(
      /expected numbers, nested arrays or a typed array/,
    );
    expect(() => tensor([1, 'a' as unknown as number])).toThrow(ShapeError);
    expect(() => tensor([1], { dtype: 'float16' as unknown as 'float32' })).toThrow(
      /unknown dtype float16; expected float32, float64, int32 or uint8/,
    );
  });
});

describe('filled tensors', () => {
  it('have the shape, number and dtype asked for', () => {
    expect(zeros([2, 3]).dataSync()).toEqual(new Float32Array(6));
    expect(ones([2], { dtype: 'uint8' }).dataSync()).toEqual(Uint8Array.of(1, 1));
    expect(full([3], -2, { dtype: 'int32' }).dataSync()).toEqual(Int32Array.of(-2, -2, -2));
    expect(full([], 5).itemSync()).toBe(5);
    expect(zeros([0, 4]).dataSync()).toEqual(new Float32Array(0));
    expect(ones([2], { requiresGrad: true }).requiresGrad).toBe(true);
  });

  it('refuse what is no shape', () => {
    expect(() => zeros([2, -1])).toThrow('full: [2, -1] is not a shape; sizes are integers ≥ 0');
    expect(() => ones([1.5])).toThrow(ShapeError);
    expect(() => full([Number.NaN], 1)).toThrow(ShapeError);
    expect(() => zeros(Array.from({ length: 9 }, () => 1))).toThrow(/9 axes .* at most 8 work/);
    expect(() => zeros([2 ** 20, 2 ** 20])).toThrow(/has more than 2147483647 elements/);
  });
});

describe('ranges', () => {
  it('arange counts as in NumPy', () => {
    expect(arange(4).dataSync()).toEqual(Int32Array.of(0, 1, 2, 3));
    expect(arange(1, 2, { step: 0.25 }).dataSync()).toEqual(Float32Array.of(1, 1.25, 1.5, 1.75));
    expect(arange(3, 0, { step: -1 }).dataSync()).toEqual(Int32Array.of(3, 2, 1));
    expect(arange(3, 0).size).toBe(0);
    expect(arange(2, 2.5).dtype).toBe('int32');
    expect(() => arange(1, 5, { step: 0 })).toThrow(/give no finite range/);
    expect(() => arange(0, Number.POSITIVE_INFINITY)).toThrow(ArgumentError);
  });

  it('linspace includes both ends', () => {
    expect(linspace(0, 1, 5).dataSync()).toEqual(Float32Array.of(0, 0.25, 0.5, 0.75, 1));
    expect(linspace(3, 9, 1).dataSync()).toEqual(Float32Array.of(3));
    expect(() => linspace(0, 1, -1)).toThrow(/count -1, expected an integer ≥ 0/);
  });

  it('eye has ones on its diagonal', () => {
    expect(Array.from(eye(2, { columns: 3 }).dataSync())).toEqual([1, 0, 0, 0, 1, 0]);
    expect(() => eye(-1)).toThrow(ShapeError);
  });
});

describe('float64', () => {
  it('works on the TypeScript backend only', () => {
    if (backend().name === 'ts') {
      const x = tensor([1 / 3], { dtype: 'float64' });
      expect(x.itemSync()).toBe(1 / 3);
      expect(ops.add(x, tensor([1])).dtype).toBe('float64');
    } else {
      const refused = /float64 works on the TypeScript backend only.*AXONODE_BACKEND=ts/;
      expect(() => tensor([1], { dtype: 'float64' })).toThrow(refused);
      expect(() => zeros([1], { dtype: 'float64' })).toThrow(DTypeError);
      expect(() => ops.cast(ones([1]), 'float64')).toThrow(DTypeError);
      expect(() => ops.rand([1], { dtype: 'float64' })).toThrow(DTypeError);
    }
  });
});

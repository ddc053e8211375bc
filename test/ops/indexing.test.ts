import { describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/backward.js';
import { synchronizeSync } from '../../src/backend/select.js';
import { DTypeError, IndexFaultError, ShapeError } from '../../src/errors.js';
import * as ops from '../../src/ops/index.js';
import type { Tensor } from '../../src/tensor/tensor.js';

const x = ops.tensor([
  [1, 2, 3],
  [4, 5, 6],
]);
const index = (data: ops.NestedNumbers) => ops.tensor(data, { dtype: 'int32' });
const list = (t: Tensor | null | undefined) => Array.from(t?.dataSync() ?? []);

describe('gather and scatterAdd', () => {
  it('pick one element for each index', () => {
    expect(
      list(
        ops.gather(
          x,
          1,
          index([
            [2, 0],
            [1, 1],
          ]),
        ),
      ),
    ).toEqual([3, 1, 5, 5]);
    expect(list(ops.gather(x, 0, index([[1, 0, 1]])))).toEqual([4, 2, 6]);
  });

  it('add up what goes to one place', () => {
    const sums = ops.scatterAdd(
      ops.zeros([2, 3]),
      1,
      index([
        [0, 0, 0],
        [2, 2, 1],
      ]),
      x,
    );
    expect(list(sums)).toEqual([6, 0, 0, 0, 6, 9]);
  });

  it('take uint8 indices and indices smaller than the input', () => {
    const small = ops.tensor([[2]], { dtype: 'uint8' });
    expect(list(ops.gather(x, 1, small))).toEqual([3]);
    expect(list(ops.scatterAdd(x, 1, small, ops.tensor([[10]])))).toEqual([1, 2, 13, 4, 5, 6]);
  });

  it('are each other’s gradients', () => {
    const leaf = ops.tensor([[1, 2, 3]], { requiresGrad: true });
    const picked = ops.gather(leaf, 1, index([[0, 0, 2, 0]]));
    expect(list(grad(ops.sum(picked), [leaf])[0])).toEqual([3, 0, 1]);
  });

  it('leave the input as it was', () => {
    const start = ops.zeros([2, 3]);
    ops.scatterAdd(start, 0, index([[1, 1, 1]]), ops.ones([1, 3]));
    expect(list(start)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('say what does not fit', () => {
    expect(() => ops.gather(x, 1, index([0, 1]))).toThrow(
      'gather: index [2] does not fit input [2, 3]; expected as many axes, and sizes no larger except along axis 1',
    );
    expect(() => ops.scatterAdd(x, 1, index([[0, 1]]), ops.ones([1, 1]))).toThrow(
      /scatterAdd: index \[1, 2\] does not fit source \[1, 1\]/,
    );
    expect(() => ops.gather(x, 1, ops.ones([2, 1]))).toThrow(
      'gather: index is float32, expected int32 or uint8 (see cast())',
    );
    expect(() => ops.scatterAdd(ops.cast(x, 'int32'), 1, index([[0]]), x)).toThrow(DTypeError);
  });
});

describe('indexSelect and indexAdd', () => {
  it('pick and add whole slices', () => {
    expect(list(ops.indexSelect(x, 1, index([2, 0])))).toEqual([3, 1, 6, 4]);
    expect(list(ops.indexSelect(x, 0, index([])))).toEqual([]);
    expect(list(ops.indexAdd(x, 0, index([1, 1]), x, { alpha: 10 }))).toEqual([
      1, 2, 3, 54, 75, 96,
    ]);
  });

  it('say what does not fit', () => {
    expect(() => ops.indexSelect(x, 0, index([[0]]))).toThrow(
      'indexSelect: index [1, 1], expected one axis',
    );
    expect(() => ops.indexAdd(x, 0, index([0]), x)).toThrow(
      'indexAdd: source [2, 3] with 1 indices into axis 0 of [2, 3], expected [1, 3]',
    );
  });
});

describe('oneHot', () => {
  it('adds an axis of classes', () => {
    const hot = ops.oneHot(index([[1], [0]]), 3);
    expect(hot.shape).toEqual([2, 1, 3]);
    expect(list(hot)).toEqual([0, 1, 0, 1, 0, 0]);
    expect(ops.oneHot(index(2), 3, { dtype: 'uint8' }).dataSync()).toEqual(Uint8Array.of(0, 0, 1));
  });

  it('refuses a number of classes that is none', () => {
    expect(() => ops.oneHot(index([0]), 0)).toThrow(
      'oneHot: classes is 0, expected an integer ≥ 1',
    );
  });
});

describe('embedding', () => {
  const weight = () =>
    ops.tensor(
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      { requiresGrad: true },
    );

  it('looks rows up for indices of any shape', () => {
    const rows = ops.embedding(index([[2], [0]]), weight());
    expect(rows.shape).toEqual([2, 1, 2]);
    expect(list(rows)).toEqual([5, 6, 1, 2]);
  });

  it('gives the padding row no gradient, nor a gradient of it', () => {
    const table = weight();
    const looked = ops.embedding(index([1, 2, 1, 0]), table, { paddingIndex: -2 });
    expect(list(looked).slice(0, 2)).toEqual([3, 4]);
    const [g] = grad(ops.sum(ops.square(looked)), [table], { createGraph: true });
    expect(list(g)).toEqual([2, 4, 0, 0, 10, 12]);
    if (g) expect(list(grad(ops.sum(g), [table])[0])).toEqual([2, 2, 0, 0, 2, 2]);
  });

  it('refuses a padding row that does not exist and weights of other shapes', () => {
    expect(() => ops.embedding(index([0]), weight(), { paddingIndex: 3 })).toThrow(
      'embedding: paddingIndex 3 is out of range for a weight of 3 rows',
    );
    expect(() => ops.embedding(index([0]), ops.ones([3]))).toThrow(ShapeError);
  });
});

describe('an index out of range', () => {
  const faults: readonly (readonly [string, () => Tensor])[] = [
    ['gather', () => ops.gather(x, 1, index([[3], [0]]))],
    ['scatterAdd', () => ops.scatterAdd(x, 0, index([[-1, 0, 0]]), x)],
    ['indexSelect', () => ops.indexSelect(x, 0, index([-1]))],
    ['indexAdd', () => ops.indexAdd(x, 0, index([0, 2]), x)],
    ['oneHot', () => ops.oneHot(index([5]), 5)],
    ['embedding', () => ops.embedding(index([3]), ops.ones([3, 2]))],
  ];
  it.each(faults)('is reported by %s, at the next synchronisation at the latest', (name, run) => {
    const act = (): void => {
      run();
      synchronizeSync();
    };
    expect(act).toThrow(IndexFaultError);
    expect(act).toThrow(new RegExp(`^${name}: index -?\\d+ is out of range`));
  });
});

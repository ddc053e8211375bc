import { describe, expect, test } from 'vitest';
import { grad } from '../../src/autograd/backward.js';
import * as nn from '../../src/nn/index.js';
import '../../src/autograd/methods.js';
import '../../src/ops/methods.js';
import { ArgumentError, AutogradError, SparseError } from '../../src/errors.js';
import { add, embedding, matmul, mul, ones, sum, tensor } from '../../src/ops/index.js';
import type { DType } from '../../src/tensor/dtype.js';
import { RowSparseTensor } from '../../src/tensor/rowSparse.js';
import { scope } from '../../src/tensor/scope.js';
import { withBackend } from '../support/backends.js';
import { expectClose, expectSame, type Tolerance } from '../support/close.js';
import { embeddingOf, fixture, gradientOf } from '../support/embeddings.js';
import { gradcheck, gradgradcheck } from '../support/gradcheck.js';
import { memoryInfo } from '../support/memory.js';

const index = tensor(fixture.index, { dtype: 'int32' }).keep();

function optionsOf({ options }: (typeof fixture.layers)[number]): nn.EmbeddingLayerOptions {
  const normType = options.normType === 'Infinity' ? Number.POSITIVE_INFINITY : options.normType;
  return { ...options, ...(normType === undefined ? {} : { normType: Number(normType) }) };
}

function compare(item: (typeof fixture.layers)[number], dtype: DType, tolerance: Tolerance): void {
  const options = optionsOf(item);
  const layer = embeddingOf(options, dtype);
  const out = layer.forward(index);
  const g = tensor([...fixture.outputGradient], { shape: out.shape, dtype });
  expectClose(out, item.output, tolerance, 'output');
  expectClose(layer.weight, item.weight, tolerance, 'weight');
  out.backward({ gradient: g });
  const gradient = gradientOf(layer.weight);
  expect(gradient instanceof RowSparseTensor).toBe(options.sparse ?? false);
  expectClose(gradient.dataSync(), item.gradient, tolerance, 'gradient');
}

describe.each(fixture.layers)('Embedding $options', (item) => {
  test("agrees with PyTorch's", () => {
    compare(item, 'float32', { rtol: 1e-5, atol: 1e-6 });
  });

  test('and closely so in float64', () => {
    withBackend('ts', () => compare(item, 'float64', { rtol: 1e-7, atol: 1e-8 }));
  });
});

describe('a sparse gradient', () => {
  const leaf = (): ReturnType<typeof tensor> =>
    tensor([...fixture.weight], {
      shape: [fixture.rows, fixture.features],
      dtype: 'float64',
      requiresGrad: true,
    });
  const lookUp = ([weight]: readonly ReturnType<typeof tensor>[]) => {
    if (weight === undefined) throw new Error('one input');
    const rows = embedding(index, weight, { sparse: true });
    return mul(rows, rows);
  };

  test('agrees with differences, and has a gradient itself', () => {
    gradcheck(lookUp, () => [leaf()]);
    gradgradcheck(lookUp, () => [leaf()]);
  });

  test('has each row once, and room for no more than there are', () => {
    const layer = embeddingOf({ sparse: true });
    sum(layer.forward(tensor([3, 3, 0, 3], { dtype: 'int32' }))).backward();
    const gradient = gradientOf(layer.weight);
    if (!(gradient instanceof RowSparseTensor)) throw new Error('a sparse gradient');
    expect([...gradient.rows.dataSync()]).toEqual([3, 0, -1, -1]);
    expect([...gradient.values.dataSync()]).toEqual([3, 3, 3, 1, 1, 1, 0, 0, 0, 0, 0, 0]);
    expect(gradient.shape).toEqual([fixture.rows, fixture.features]);
    // Gradients of further passes are added, in room for at most all rows.
    for (let pass = 0; pass < 5; pass++) {
      sum(layer.forward(tensor([8, 3, 1], { dtype: 'int32' }))).backward();
    }
    expect(gradient.places).toBe(fixture.rows);
    expect([...gradient.toDense().dataSync()].filter((_, i) => i % 3 === 0)).toEqual([
      ...[1, 5, 0, 8, 0],
      ...[0, 0, 0, 5],
    ]);
    expect(String(gradient)).toContain('at most 9 rows, shape=[9, 3]');
    layer.zeroGrad();
    expect(layer.weight.grad).toBe(null);
    expect(gradient.isDisposed).toBe(true);
    expect(() => gradient.toDense()).toThrow('was used after its memory was given back');
  });

  test('is empty for no indices, or padding only', () => {
    const layer = embeddingOf({ sparse: true, paddingIndex: 1 });
    for (const indices of [[], [1, 1]]) {
      layer.zeroGrad();
      sum(layer.forward(tensor(indices, { dtype: 'int32' }))).backward();
      expectSame(gradientOf(layer.weight).dataSync(), new Float32Array(27));
    }
  });

  test('becomes dense where a dense one of the same weight arrives, before or after', () => {
    const [tied, reference] = [embeddingOf({ sparse: true }), embeddingOf({})];
    const loss = (layer: nn.Embedding, order: number): void => {
      const parts = [
        sum(mul(layer.forward(index), 2)),
        sum(matmul(ones([2, fixture.features]), layer.weight.transpose(0, 1))),
        sum(layer.forward(index)),
      ];
      add(
        parts[order] ?? 0,
        add(parts[(order + 1) % 3] ?? 0, parts[(order + 2) % 3] ?? 0),
      ).backward();
    };
    for (const order of [0, 1, 2]) {
      for (const layer of [tied, reference]) loss(layer, order);
      const gradient = gradientOf(tied.weight);
      expect(gradient instanceof RowSparseTensor).toBe(false);
      expectClose(gradient, gradientOf(reference.weight), { rtol: 1e-6 });
      // The first round begins without a gradient, the others add to the dense one.
    }
  });

  test('flows on densely into a weight that was computed', () => {
    const base = tensor([...fixture.weight], { shape: [9, 3], requiresGrad: true });
    sum(embedding(index, mul(base, 2), { sparse: true })).backward();
    const dense = embeddingOf({});
    sum(mul(dense.forward(index), 2)).backward();
    expectClose(gradientOf(base), gradientOf(dense.weight), { rtol: 1e-6 });
  });

  test('is returned by grad(), too', () => {
    const layer = embeddingOf({ sparse: true });
    const [gradient] = grad(sum(layer.forward(index)), [layer.weight]);
    expect(gradient).toBeInstanceOf(RowSparseTensor);
    expect(layer.weight.grad).toBe(null);
    expect(gradient?.dataSync()[2 * 3]).toBe(3);
  });

  test('is no operand of ops, which say what to do', () => {
    const layer = embeddingOf({ sparse: true });
    sum(layer.forward(index)).backward();
    const gradient = gradientOf(layer.weight);
    expect(() => mul(gradient, 2)).toThrow(SparseError);
    expect(() => mul(gradient, 2)).toThrow('row-sparse tensor of shape [9, 3]');
  });

  test('takes memory by the indices, whatever the size of the table', () => {
    const layer = new nn.Embedding(200_000, 8, { sparse: true });
    const before = memoryInfo().live;
    scope(() => sum(layer.forward(index)).backward());
    expect(memoryInfo().live - before).toBeLessThan(4096);
    layer.zeroGrad();
    expect(memoryInfo().live).toBe(before);
    layer.weight.dispose();
  });
});

describe('options', () => {
  test.each([
    [{ maxNorm: -1 }, 'maxNorm is -1, expected a number ≥ 0'],
    [{ maxNorm: Number.NaN }, 'maxNorm is NaN'],
    [{ normType: 0 }, 'normType is 0, expected a number > 0 or Infinity'],
    [{ sparse: true, scaleGradByFreq: true }, 'scaleGradByFreq does not go together with sparse'],
    [{ paddingIndex: 9 }, 'paddingIndex is 9, expected an integer from -9 to 8'],
  ])('%o are refused', (options, message) => {
    expect(() => embeddingOf(options)).toThrow(ArgumentError);
    expect(() => embeddingOf(options)).toThrow(`Embedding: ${message}`);
  });

  test('maxNorm wants a leaf', () => {
    const base = ones([3, 2], { requiresGrad: true });
    const look = (): unknown =>
      embedding(tensor([1], { dtype: 'int32' }), mul(base, 3), { maxNorm: 1 });
    expect(look).toThrow(AutogradError);
    expect(look).toThrow('was computed by affine; expected a leaf');
  });

  test('are shown', () => {
    expect(String(embeddingOf({ sparse: true, maxNorm: 2, scaleGradByFreq: false }))).toContain(
      '9, 3, sparse=true, maxNorm=2',
    );
  });
});

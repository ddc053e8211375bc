import { describe, expect, it } from 'vitest';
import { grad } from '../../src/autograd/backward.js';
import { backendInfo } from '../../src/backend/select.js';
import { ArgumentError, DTypeError, ShapeError } from '../../src/errors.js';
import * as ops from '../../src/ops/index.js';
import { Generator } from '../../src/tensor/random.js';
import { inLayout, type Tensor } from '../../src/tensor/tensor.js';

function moments(x: Tensor): { mean: number; variance: number; min: number; max: number } {
  const values = Array.from(x.dataSync());
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  return { mean, variance, min: Math.min(...values), max: Math.max(...values) };
}

const N = 40_000;
const generator = () => new Generator(42);

describe('drawing', () => {
  it('rand is uniform on [0, 1)', () => {
    const { mean, variance, min, max } = moments(ops.rand([N], { generator: generator() }));
    expect(mean).toBeCloseTo(0.5, 2);
    expect(variance).toBeCloseTo(1 / 12, 2);
    expect(min).toBeGreaterThanOrEqual(0);
    expect(max).toBeLessThan(1);
  });

  it('uniform stays within its bounds', () => {
    const { mean, min, max } = moments(
      ops.uniform([N], { low: -3, high: 1, generator: generator() }),
    );
    expect(mean).toBeCloseTo(-1, 1);
    expect(min).toBeGreaterThanOrEqual(-3);
    expect(max).toBeLessThan(1);
  });

  it('normal has the mean and the deviation asked for', () => {
    const { mean, variance } = moments(
      ops.normal([N], { mean: 5, std: 0.5, generator: generator() }),
    );
    expect(mean).toBeCloseTo(5, 1);
    expect(Math.sqrt(variance)).toBeCloseTo(0.5, 1);
  });

  it('randint reaches both ends of its range, and no further', () => {
    const drawn = ops.randint(-2, 3, [N], { generator: generator() });
    expect(drawn.dtype).toBe('int32');
    const { mean, min, max } = moments(drawn);
    expect([min, max]).toEqual([-2, 2]);
    expect(mean).toBeCloseTo(0, 1);
  });

  it('bernoulli draws ones by a probability, or by one for each column', () => {
    const single = ops.bernoulli([N], 0.2, { generator: generator(), dtype: 'uint8' });
    expect(single.dtype).toBe('uint8');
    expect(moments(single).mean).toBeCloseTo(0.2, 2);
    const columns = ops.bernoulli([N / 2, 2], ops.tensor([0, 1]), { generator: generator() });
    expect(ops.sum(columns, 0).dataSync()).toEqual(Float32Array.of(0, N / 2));
  });

  it('goes on where the draw before stopped', () => {
    const whole = ops.rand([12], { generator: generator() }).dataSync();
    const stream = generator();
    const parts = [ops.rand([8], { generator: stream }), ops.rand([4], { generator: stream })];
    expect(ops.concat(parts).dataSync()).toEqual(whole);
  });

  it('makes leaves where gradients are asked for', () => {
    expect(ops.randn([2], { requiresGrad: true }).requiresGrad).toBe(true);
    expect(ops.bernoulli([2], 0.5, { requiresGrad: true }).requiresGrad).toBe(true);
    expect(ops.randint(0, 2, [2], { dtype: 'float32', requiresGrad: true }).requiresGrad).toBe(
      true,
    );
  });

  it('draws float64 with 24 bits, like float32, on the backend that has it', () => {
    const draw = () => ops.rand([5], { generator: generator(), dtype: 'float64' });
    if (backendInfo().name === 'native') {
      expect(draw).toThrow(DTypeError);
      return;
    }
    const narrow = ops.rand([5], { generator: generator() });
    expect(Float32Array.from(draw().dataSync())).toEqual(narrow.dataSync());
  });

  it('refuses bounds, dtypes and shapes that make no sense, and draws nothing then', () => {
    const stream = generator();
    const options = { generator: stream };
    expect(() => ops.uniform([2], { ...options, low: 1 })).toThrow(
      /uniform: low 1 and high 1, expected/,
    );
    expect(() => ops.normal([2], { ...options, std: -1 })).toThrow(ArgumentError);
    expect(() => ops.randint(3, 3, [2], options)).toThrow(ArgumentError);
    expect(() => ops.randint(0, 2 ** 31 + 1, [2], options)).toThrow(ArgumentError);
    expect(() => ops.rand([-1], options)).toThrow(ShapeError);
    expect(() => ops.rand([2], { ...options, dtype: 'int32' })).toThrow(DTypeError);
    expect(() => ops.bernoulli([2], 1.5, options)).toThrow(
      /p is 1.5, expected a number from 0 to 1/,
    );
    expect(() => ops.bernoulli([2], ops.zeros([3]), options)).toThrow(
      'bernoulli: p [3] does not broadcast to [2]',
    );
    expect(stream.counter).toBe(0);
  });
});

describe('dropout', () => {
  it('zeroes a share of the elements and scales the others', () => {
    const y = ops.dropout(ops.ones([N]), 0.25, { generator: generator() });
    const values = new Set(y.dataSync());
    expect(values).toEqual(new Set([0, Math.fround(1 / 0.75)]));
    expect(moments(y).mean).toBeCloseTo(1, 1);
  });

  it('sends gradients through the same elements, and gradients of gradients', () => {
    const x = ops.randn([50], { requiresGrad: true });
    const y = ops.dropout(x, 0.5, { generator: generator() });
    const kept = Array.from(y.dataSync(), (v) => (v === 0 ? 0 : 2));
    const [first] = grad(ops.sum(ops.square(y)), [x], { createGraph: true });
    if (!first) throw new Error('no gradient');
    const [second] = grad(ops.sum(first), [x]);
    // y = k·x with k = 0 or 2, so that d(Σ y²)/dx = 2·k²·x.
    expect(Array.from(second?.dataSync() ?? [])).toEqual(kept.map((k) => 2 * k * k));
  });

  it('is the input itself when it has nothing to do', () => {
    const x = ops.ones([3]);
    expect(ops.dropout(x, 0.5, { training: false })).toBe(x);
    expect(ops.dropout(x, 0)).toBe(x);
    expect(ops.dropout2d(ops.ones([1, 1, 1]), 0).dataSync()).toEqual(Float32Array.of(1));
    expect(Array.from(ops.dropout(x, 1).dataSync())).toEqual([0, 0, 0]);
  });

  it('refuses probabilities beyond 0 and 1, and integers', () => {
    expect(() => ops.dropout(ops.ones([2]), 2)).toThrow(/dropout: p is 2/);
    expect(() => ops.dropout(ops.ones([2], { dtype: 'int32' }))).toThrow(DTypeError);
  });
});

describe('dropout2d', () => {
  it('drops whole channels, the same in every layout', () => {
    const x = ops.randn([4, 6, 3, 5]);
    const plain = ops.dropout2d(x, 0.5, { generator: generator() });
    const images = ops.dropout2d(inLayout(x, 'channelsLast'), 0.5, { generator: generator() });
    expect(images.layout).toBe('channelsLast');
    expect(images.dataSync()).toEqual(plain.dataSync());
    const zeros = ops.sum(ops.cast(ops.equal(plain, 0), 'float32'), [2, 3]);
    const dropped = Array.from(zeros.dataSync());
    expect(new Set(dropped)).toEqual(new Set([0, 15]));
  });

  it('refuses what has no channels', () => {
    expect(() => ops.dropout2d(ops.ones([2, 3]))).toThrow(
      'dropout2d: input [2, 3], expected [N, C, ...]',
    );
  });
});

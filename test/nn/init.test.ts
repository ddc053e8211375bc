import { describe, expect, test } from 'vitest';
import { backward } from '../../src/autograd/backward.js';
import { ArgumentError, AutogradError, ShapeError } from '../../src/errors.js';
import { Conv2d, Embedding, init, Linear } from '../../src/nn/index.js';
import { conv2d } from '../../src/ops/conv/conv.js';
import { eye, full, zeros } from '../../src/ops/creation.js';
import { mul, square } from '../../src/ops/elementwise.js';
import { matmul } from '../../src/ops/matmul.js';
import { randn } from '../../src/ops/random.js';
import { sum } from '../../src/ops/reduce.js';
import { reshape, transpose } from '../../src/ops/view.js';
import { Generator, manualSeed } from '../../src/tensor/random.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { expectClose, expectSame } from '../support/close.js';

interface Statistics {
  readonly mean: number;
  readonly std: number;
  readonly least: number;
  readonly largest: number;
}

function statisticsOf(x: Tensor): Statistics {
  const values = Array.from(x.dataSync());
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  const squares = values.reduce((total, value) => total + (value - mean) ** 2, 0);
  const sorted = values.sort((a, b) => a - b);
  const [least = Number.NaN, largest = Number.NaN] = [sorted[0], sorted.at(-1)];
  return { mean, std: Math.sqrt(squares / values.length), least, largest };
}

/** Of 20,000 draws: the mean is within 5 standard errors of 0, the deviation within 3 %. */
function expectSpread(x: Tensor, std: number): void {
  const found = statisticsOf(x);
  expect(Math.abs(found.mean)).toBeLessThan((5 * std) / Math.sqrt(x.size));
  expect(Math.abs(found.std / std - 1)).toBeLessThan(0.03);
}

function expectUniform(x: Tensor, bound: number): void {
  expectSpread(x, bound / Math.sqrt(3));
  const { least, largest } = statisticsOf(x);
  expect(least).toBeGreaterThanOrEqual(-bound);
  expect(largest).toBeLessThanOrEqual(bound);
  expect(largest - least).toBeGreaterThan(1.99 * bound);
}

/** A weight of 20 inputs, each of a 2×2 kernel, and 250 outputs. */
function weight(): Tensor {
  return zeros([250, 20, 2, 2], { requiresGrad: true });
}

describe('random initialisers', () => {
  test('uniform and normal', () => {
    manualSeed(1);
    expectUniform(init.uniform(weight(), { low: -0.5, high: 0.5 }), 0.5);
    expectSpread(init.normal(weight(), { std: 0.5 }), 0.5);
  });

  test('Kaiming: by fan in, or by fan out', () => {
    manualSeed(2);
    expectUniform(init.kaimingUniform(weight()), Math.sqrt(6 / 80));
    expectUniform(init.kaimingUniform(weight(), { slope: 2 }), Math.sqrt(6 / 5 / 80));
    expectUniform(
      init.kaimingUniform(weight(), { mode: 'fanOut', nonlinearity: 'linear' }),
      Math.sqrt(3 / 1000),
    );
    expectSpread(init.kaimingNormal(weight()), Math.sqrt(2 / 80));
    expectSpread(
      init.kaimingNormal(weight(), { mode: 'fanOut', nonlinearity: 'relu' }),
      Math.sqrt(2 / 1000),
    );
  });

  test('Xavier: by both', () => {
    manualSeed(3);
    expectUniform(init.xavierUniform(weight(), { gain: 2 }), 2 * Math.sqrt(6 / 1080));
    expectSpread(init.xavierNormal(weight()), Math.sqrt(2 / 1080));
  });

  test('truncated normal: near the mean, far from it, and on one side', () => {
    manualSeed(4);
    const middle = statisticsOf(init.truncatedNormal(weight()));
    expect(middle.least).toBeGreaterThanOrEqual(-2);
    expect(middle.largest).toBeLessThanOrEqual(2);
    expect(middle.mean).toBeCloseTo(0, 1);
    expect(middle.std).toBeCloseTo(0.8796, 1);
    const wide = init.truncatedNormal(weight(), { std: 0.02 });
    expectSpread(wide, 0.02);
    const options = { mean: 1, std: 2, low: 7, high: Number.POSITIVE_INFINITY };
    const tail = statisticsOf(init.truncatedNormal(weight(), options));
    expect(tail.least).toBeGreaterThanOrEqual(7);
    // φ(3)/(1 − Φ(3)) deviations beyond the mean.
    expect(tail.mean).toBeCloseTo(1 + 2 * 3.2831, 1);
    const low = { low: Number.NEGATIVE_INFINITY, high: -4 };
    expect(statisticsOf(init.truncatedNormal(weight(), low)).mean).toBeCloseTo(-4.2256, 1);
  });

  test('draw from a generator of their own where one is given', () => {
    const draw = (seed: number): Tensor =>
      init.kaimingNormal(weight(), { generator: new Generator(seed) });
    expectSame(draw(1), draw(1));
    expect(() => expectSame(draw(1), draw(2))).toThrow();
  });

  test('refuse what makes no sense', () => {
    expect(() => init.uniform(weight(), { low: 1, high: 0 })).toThrow(ArgumentError);
    expect(() => init.normal(weight(), { std: -1 })).toThrow(ArgumentError);
    expect(() => init.kaimingUniform(zeros([3]))).toThrow(ShapeError);
    expect(() => init.kaimingUniform(weight(), { mode: 'fan' as 'fanIn' })).toThrow(/mode is fan/);
    expect(() => init.truncatedNormal(weight(), { low: 1, high: 1 })).toThrow(ArgumentError);
    expect(() => init.truncatedNormal(weight(), { std: 0 })).toThrow(ArgumentError);
    expect(() => init.truncatedNormal(weight(), { low: 50, high: 51 })).toThrow(
      /too far from mean/,
    );
  });
});

test.each([
  ['linear', undefined, 1],
  ['sigmoid', undefined, 1],
  ['tanh', undefined, 5 / 3],
  ['relu', undefined, Math.SQRT2],
  ['leakyRelu', undefined, Math.sqrt(2 / 1.0001)],
  ['leakyRelu', 1, 1],
  ['selu', undefined, 0.75],
] as const)('calculateGain of %s with slope %s is %d', (nonlinearity, slope, gain) => {
  expect(init.calculateGain(nonlinearity, slope === undefined ? {} : { slope })).toBeCloseTo(
    gain,
    12,
  );
});

test('calculateGain refuses other nonlinearities', () => {
  expect(() => init.calculateGain('swish' as 'relu')).toThrow(/nonlinearity is swish/);
});

test('fanInAndFanOut counts the kernel', () => {
  expect(init.fanInAndFanOut(zeros([8, 3]))).toEqual({ fanIn: 3, fanOut: 8 });
  expect(init.fanInAndFanOut(zeros([8, 3, 5, 2]))).toEqual({ fanIn: 30, fanOut: 80 });
});

describe('structured initialisers', () => {
  test('constant, zeros and ones', () => {
    expectSame(init.constant(zeros([2]), 0.5), [0.5, 0.5]);
    expectSame(init.zeros(full([2], 3)), [0, 0]);
    expectSame(init.ones(zeros([2])), [1, 1]);
  });

  test('orthogonal: orthonormal rows or columns, whichever are fewer', () => {
    for (const [rows, cols] of [
      [4, 4],
      [3, 7],
      [7, 3],
    ] as const) {
      const q = init.orthogonal(zeros([rows, cols]), { gain: 2 });
      const product = rows < cols ? matmul(q, transpose(q)) : matmul(transpose(q), q);
      expectClose(product, mul(eye(Math.min(rows, cols)), 4), { atol: 1e-6 });
    }
    const filters = init.orthogonal(zeros([4, 3, 2, 2], { requiresGrad: true }));
    const rows = reshape(filters, [4, 12]);
    expectClose(matmul(rows, transpose(rows)), eye(4), { atol: 1e-6 });
    expect(() => init.orthogonal(zeros([3]))).toThrow(ShapeError);
  });

  test('eye keeps what a linear layer is given', () => {
    expectSame(init.eye(full([2, 3], 9)), [1, 0, 0, 0, 1, 0]);
    expect(() => init.eye(zeros([2]))).toThrow(ShapeError);
  });

  test('dirac keeps what a convolution is given', () => {
    const x = randn([1, 3, 5, 5]);
    expectClose(conv2d(x, init.dirac(zeros([3, 3, 3, 3])), null, { padding: 1 }), x);
    const grouped = init.dirac(zeros([4, 1, 1, 1]), { groups: 2 });
    expectSame(grouped, [1, 0, 1, 0]);
    expect(() => init.dirac(zeros([2, 2]))).toThrow(ShapeError);
    expect(() => init.dirac(zeros([3, 2, 1]), { groups: 2 })).toThrow(/2 groups do not divide 3/);
  });
});

test('initialisers change leaves in place, and the tape notices', () => {
  const x = full([2], 3, { requiresGrad: true });
  const loss = sum(square(x));
  expect(init.ones(x)).toBe(x);
  expectSame(x, [1, 1]);
  expect(() => backward(loss)).toThrow(AutogradError);
  expect(() => init.zeros(square(x))).toThrow(AutogradError);
});

describe('layers start as in PyTorch', () => {
  test('Linear and Conv2d: weight and bias uniform on ±1/√fanIn', () => {
    manualSeed(5);
    const linear = new Linear(100, 400);
    expectUniform(linear.weight, 0.1);
    const conv = new Conv2d(8, 300, 5, { groups: 2 });
    expectUniform(conv.weight, 0.1);
    for (const bias of [linear.bias, conv.bias]) {
      if (bias === null) throw new Error('they have a bias');
      const { least, largest } = statisticsOf(bias);
      expect(least).toBeGreaterThanOrEqual(-0.1);
      expect(largest).toBeLessThanOrEqual(0.1);
      expect(largest - least).toBeGreaterThan(0.19);
    }
  });

  test('Embedding: normal, and zero in the row of padding', () => {
    manualSeed(6);
    expectSpread(new Embedding(200, 100).weight, 1);
    const { weight } = new Embedding(4, 2, { paddingIndex: -1 });
    expectSame(weight.dataSync().slice(6), [0, 0]);
    expect(
      weight
        .dataSync()
        .slice(0, 6)
        .every((value) => value !== 0),
    ).toBe(true);
  });

  test('the same with the same seed', () => {
    const draw = (): Linear => {
      manualSeed(7);
      return new Linear(3, 4);
    };
    expectSame(draw().weight, draw().weight);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backward } from '../../src/autograd/backward.js';
import { kernels } from '../../src/backend/select.js';
import { embedding, mul, tensor } from '../../src/ops/index.js';
import * as optim from '../../src/optim/index.js';
import { RowSparseTensor } from '../../src/tensor/rowSparse.js';
import { scope } from '../../src/tensor/scope.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { onBothBackends } from '../support/backends.js';
import { expectClose, expectSame } from '../support/close.js';
import { forAll, seeds, sequence } from '../support/mirror.js';

/** Rows, features, indices a step; some large enough for several threads. */
const sizes = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 70 }),
      fc.integer({ min: 0, max: 90 }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<[number, number, number]>(
      [5000, 33, 4000],
      [700, 128, 3000],
      [300_000, 2, 60_000],
      [3, 1, 120_000],
    ),
  },
);

type Make = (params: Tensor[]) => optim.Optimizer;
const optimizers: readonly Make[] = [
  (params) => new optim.SGD(params, { lr: 0.1 }),
  (params) => new optim.SGD(params, { lr: 0.1, momentum: 0.9 }),
  (params) => new optim.SGD(params, { lr: 0.1, momentum: 0.9, nesterov: true, maximize: true }),
  (params) => new optim.Adagrad(params, { lr: 0.1 }),
  (params) => new optim.SparseAdam(params, { lr: 0.01 }),
];

interface Run {
  readonly weight: ArrayLike<number>;
  readonly rows: ArrayLike<number>;
  readonly gradient: ArrayLike<number>;
}

/** A few steps on pseudorandom indices. */
function train(
  [rows, features, count]: readonly [number, number, number],
  seed: number,
  make: Make,
  options: {
    readonly paddingIndex?: number;
    readonly maxNorm?: number;
    readonly normType?: number;
  },
): Run {
  return scope(() => {
    const next = sequence(seed);
    const draw = (shape: number[], length: number): Tensor =>
      tensor(
        Float32Array.from({ length }, () => 2 * next() - 1),
        { shape },
      );
    const weight = draw([rows, features], rows * features);
    weight.requiresGrad = true;
    const optimizer = make([weight]);
    for (let step = 0; step < 3; step++) {
      optimizer.zeroGrad();
      // Low rows are the likelier.
      const index = Int32Array.from({ length: count }, () => Math.floor(next() ** 2 * rows));
      const out = embedding(tensor(index), weight, { ...options, sparse: true });
      backward(mul(out, 2), { gradient: draw([count, features], count * features) });
      optim.clipGradNorm([weight], 10);
      optimizer.step();
    }
    const { grad } = weight;
    if (!(grad instanceof RowSparseTensor)) throw new Error('a sparse gradient');
    return {
      weight: weight.dataSync(),
      rows: grad.rows.dataSync(),
      gradient: grad.toDense().dataSync(),
    };
  });
}

describe('gradients of rows', () => {
  it('and steps of every optimiser that takes them', () => {
    const limits = fc.constantFrom(
      {},
      { maxNorm: 0.5 },
      { maxNorm: 0.7, normType: 1 },
      {
        maxNorm: 0.3,
        normType: Number.POSITIVE_INFINITY,
      },
    );
    forAll(
      [sizes, fc.constantFrom(...optimizers), limits, fc.boolean(), seeds],
      (size, make, limit, pads, seed) => {
        const options = { ...limit, ...(pads ? { paddingIndex: 0 } : {}) };
        const { native, ts } = onBothBackends(() => train(size, seed, make, options));
        expectSame(native.rows, ts.rows, 'rows');
        expectClose(native.gradient, ts.gradient, { rtol: 1e-4, atol: 1e-4 }, 'gradient');
        // A sum near 0 has the sign of its rounding, which Adam's first step magnifies to its rate.
        expectClose(native.weight, ts.weight, { rtol: 1e-4, atol: 2e-3 }, 'weight');
      },
      30,
    );
  });

  it('pass rows out of range over', () => {
    const { native, ts } = onBothBackends(() => {
      const [rows, values] = [new Int32Array(3), new Float32Array(3)];
      const index = Int32Array.of(7, 1, -1, 3, 1);
      kernels().coalesceRows(rows, values, index, Float32Array.of(1, 2, 3, 4, 5), 5, 1, 3, -1);
      const out = new Float32Array(3);
      kernels().addRows(out, Float32Array.of(1, 2, 3), Int32Array.of(9, 2, -4), 3, 1, 3);
      return [[...rows], [...values], [...out]];
    });
    expect(native).toEqual([
      [1, -1, -1],
      [7, 0, 0],
      [0, 0, 2],
    ]);
    expect(ts).toEqual(native);
  });
});

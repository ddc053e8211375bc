import fc from 'fast-check';
import { describe, it } from 'vitest';
import * as ops from '../../src/ops/index.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import {
  anyShape,
  floats,
  forAll,
  integers,
  largeShapes,
  layouts,
  mirror,
  seeds,
  shapes,
} from '../support/mirror.js';

const reductions = fc.constantFrom<ops.Reduction>('mean', 'sum', 'none');
/** Sums over large inputs. */
const SUMS = { rtol: 2e-5, atol: 1e-5 };

describe('losses', () => {
  it('of regression', () => {
    forAll(
      [anyShape, reductions, layouts, layouts, seeds],
      (shape, reduction, one, other, seed) => {
        const inputs = [floats(shape, { layout: one }), floats(shape, { layout: other })];
        const fn = (x: Tensor, t: Tensor) => [
          ops.mseLoss(x, t, { reduction }),
          ops.l1Loss(x, t, { reduction }),
          ops.huberLoss(x, t, { reduction, delta: 0.7 }),
          ops.smoothL1Loss(x, t, { reduction, beta: 0.5 }),
        ];
        mirror(seed, inputs, fn, SUMS);
      },
    );
  });

  it('of binary classification', () => {
    forAll(
      [anyShape, reductions, layouts, layouts, seeds],
      (shape, reduction, one, other, seed) => {
        const weights = floats(shape.slice(-1), { low: 0.5, high: 3 });
        const probability = { low: 0.01, high: 0.99 };
        const inputs = [
          floats(shape, { low: -30, high: 30, layout: one }),
          floats(shape, { ...probability, layout: other }),
          floats(shape, { ...probability, layout: one }),
          weights,
        ];
        const fn = (x: Tensor, t: Tensor, p: Tensor, w: Tensor) => [
          ops.bceWithLogitsLoss(x, t, { reduction }),
          ops.bceWithLogitsLoss(x, t, { reduction, posWeight: w.detach(), weight: w.detach() }),
          ops.bceLoss(p, t, { reduction }),
        ];
        mirror(seed, inputs, fn, { rtol: 1e-4, atol: 1e-4 });
      },
    );
  });

  it('of distributions', () => {
    forAll([shapes(1, 4), reductions, seeds], (shape, reduction, seed) => {
      const inputs = [floats(shape, { low: -5, high: 0 }), floats(shape, { low: 0.1, high: 1 })];
      const fn = (x: Tensor, t: Tensor) => [
        ops.klDivLoss(x, t, { reduction }),
        ops.klDivLoss(x, t, { reduction: 'batchmean' }),
        ops.klDivLoss(x, x, { reduction, logTarget: true }),
      ];
      mirror(seed, inputs, fn, { rtol: 1e-4, atol: 1e-5 });
    });
  });
});

describe('crossEntropy', () => {
  const problem = fc.record({
    rows: fc.oneof(
      { weight: 4, arbitrary: fc.nat(9) },
      { weight: 1, arbitrary: fc.integer({ min: 200, max: 900 }) },
    ),
    classes: fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 1, max: 12 }) },
      { weight: 1, arbitrary: fc.constantFrom(100, 1000) },
    ),
    spatial: shapes(0, 2, 1),
    weighted: fc.boolean(),
    labelSmoothing: fc.constantFrom(0, 0, 0.1, 0.5),
    ignoreIndex: fc.constantFrom(-100, 0, 2),
    reduction: reductions,
    layout: layouts,
  });

  it('of class indices', () => {
    forAll([problem, seeds], ({ rows, classes, spatial, weighted, layout, ...options }, seed) => {
      const inputs = [
        floats([rows, classes, ...spatial], { low: -8, high: 8, layout }),
        integers([rows, ...spatial], 0, classes),
        floats([classes], { low: 0.3, high: 3 }),
      ];
      const fn = (x: Tensor, t: Tensor, w: Tensor) => {
        const weight = weighted ? { weight: w.detach() } : {};
        const { reduction, ignoreIndex } = options;
        return [
          ops.crossEntropy(x, t, { ...options, ...weight }),
          ops.nllLoss(ops.logSoftmax(x, 1), t, { reduction, ignoreIndex, ...weight }),
        ];
      };
      mirror(seed, inputs, fn, { rtol: 2e-5, atol: 2e-5 });
    });
  });

  it('of probabilities', () => {
    forAll(
      [problem, seeds],
      ({ rows, classes, spatial, labelSmoothing, reduction, layout }, seed) => {
        const shape = [rows, classes, ...spatial];
        const inputs = [floats(shape, { layout }), floats(shape, { low: 0, high: 1 })];
        mirror(seed, inputs, (x, t) => ops.crossEntropy(x, t, { labelSmoothing, reduction }), {
          rtol: 2e-5,
          atol: 1e-4,
        });
      },
    );
  });
});

describe('softmax', () => {
  const withAxis = fc
    .oneof({ weight: 4, arbitrary: shapes(1, 5) }, { weight: 1, arbitrary: largeShapes })
    .chain((shape) => fc.tuple(fc.constant(shape), fc.nat(shape.length - 1)));

  it.each([
    ['softmax', ops.softmax],
    ['logSoftmax', ops.logSoftmax],
  ] as const)('%s', (_, fn) => {
    forAll([withAxis, layouts, seeds], ([shape, axis], layout, seed) => {
      const wide = floats(shape, { low: -20, high: 20, layout });
      mirror(seed, [wide], (x) => fn(x, axis), { rtol: 1e-5, atol: 1e-5 });
    });
  });
});

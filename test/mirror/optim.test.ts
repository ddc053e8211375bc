import fc from 'fast-check';
import { describe, it } from 'vitest';
import { copyFrom, tensor } from '../../src/ops/index.js';
import * as optim from '../../src/optim/index.js';
import { scope } from '../../src/tensor/scope.js';
import { sizeOf } from '../../src/tensor/shape.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { onBothBackends } from '../support/backends.js';
import { expectClose } from '../support/close.js';
import { forAll, largeShapes, seeds, sequence, shapes } from '../support/mirror.js';

const STEPS = 4;

interface Stepper {
  step(): void;
}

/** Parameters after a few steps with pseudorandom gradients, some of which are missing. */
function train(sizes: readonly number[][], seed: number, make: (params: Tensor[]) => Stepper) {
  return scope(() => {
    const next = sequence(seed);
    const draw = (shape: readonly number[]) =>
      tensor(
        Float32Array.from({ length: sizeOf(shape) }, () => 2 * next() - 1),
        { shape },
      );
    const params = sizes.map(draw);
    for (const p of params) p.requiresGrad = true;
    const optimizer = make(params);
    for (let step = 0; step < STEPS; step++) {
      for (const [i, p] of params.entries()) {
        const gradient = draw(p.shape);
        if ((i + step) % 4 === 3) continue;
        if (p.grad === null) p.grad = gradient.keep();
        else copyFrom(p.grad, gradient);
      }
      optimizer.step();
    }
    return params.map((p) => p.dataSync());
  });
}

const parameters = fc.array(
  fc.oneof({ weight: 3, arbitrary: shapes(0, 4) }, { weight: 1, arbitrary: largeShapes }),
  {
    minLength: 1,
    maxLength: 5,
  },
);

function mirrored(
  sizes: readonly number[][],
  seed: number,
  make: (params: Tensor[]) => Stepper,
): void {
  const { native, ts } = onBothBackends(() => train(sizes, seed, make));
  for (const [i, expected] of ts.entries()) {
    expectClose(native[i] ?? [], expected, { rtol: 1e-5, atol: 1e-6 }, `parameter ${i}`);
  }
}

const rate = fc.constantFrom(0.1, 0.01);
const decay = fc.constantFrom(0, 0.05);
const penalty = fc.constantFrom(0, 0.1);

describe('optimisers', () => {
  it('SGD', () => {
    forAll(
      [parameters, rate, fc.constantFrom(0, 0.9), decay, fc.boolean(), fc.boolean(), seeds],
      (sizes, lr, momentum, weightDecay, nesterov, maximize, seed) => {
        const dampening = nesterov ? 0 : 0.1;
        const options = { lr, momentum, weightDecay, dampening, maximize };
        const looksAhead = nesterov && momentum > 0;
        mirrored(
          sizes,
          seed,
          (params) => new optim.SGD(params, { ...options, nesterov: looksAhead }),
        );
      },
      20,
    );
  });

  it.each([
    ['Adam', optim.Adam, { amsgrad: [true, false] }],
    ['AdamW', optim.AdamW, { amsgrad: [true, false] }],
    ['Adagrad', optim.Adagrad, { lrDecay: [0, 0.1], initialAccumulatorValue: [0, 0.5] }],
    ['Adadelta', optim.Adadelta, { rho: [0.9, 0.5], eps: [1e-3] }],
    ['RMSprop', optim.RMSprop, { momentum: [0, 0.9], centered: [true, false] }],
    ['NAdam', optim.NAdam, { decoupledWeightDecay: [true, false] }],
    ['Adamax', optim.Adamax, { betas: [[0.9, 0.999]] }],
    [
      'RAdam',
      optim.RAdam,
      {
        decoupledWeightDecay: [true, false],
        betas: [
          [0.9, 0.999],
          [0.8, 0.9],
        ],
      },
    ],
    ['Lion', optim.Lion, { betas: [[0.9, 0.99]] }],
  ] as const)('%s', (_, Optimizer, own) => {
    const choices = Object.entries(own).map(([name, values]): [string, fc.Arbitrary<unknown>] => [
      name,
      fc.constantFrom(...values),
    ]);
    forAll(
      [
        parameters,
        rate,
        decay,
        penalty,
        fc.boolean(),
        fc.record(Object.fromEntries(choices)),
        seeds,
      ],
      (sizes, lr, weightDecay, l1, maximize, options, seed) => {
        const all = { lr, weightDecay, l1, maximize, ...options };
        mirrored(sizes, seed, (params) => new Optimizer(params, all));
      },
      12,
    );
  });

  it('Ema', () => {
    forAll([parameters, fc.constantFrom(0, 0.5, 0.99), seeds], (sizes, average, seed) => {
      mirrored(sizes, seed, (params) => {
        const sgd = new optim.SGD(params, { lr: 0.5 });
        const named = new Map(params.map((p, i) => [`${i}`, p]));
        const ema = new optim.Ema({ stateDict: () => named }, { decay: average });
        return {
          step() {
            sgd.step();
            ema.update();
            for (const [name, p] of ema.stateDict().tensors) copyFrom(named.get(name) ?? p, p);
          },
        };
      });
    });
  });
});

describe('clipping', () => {
  const clipped = (sizes: readonly number[][], seed: number, clip: (params: Tensor[]) => number) =>
    onBothBackends(() =>
      scope(() => {
        const next = sequence(seed);
        const params = sizes.map((shape) => {
          const values = Float32Array.from({ length: sizeOf(shape) }, () => 2 * next() - 1);
          const p = tensor(new Float32Array(values.length), { shape, requiresGrad: true });
          p.grad = tensor(values, { shape });
          return p;
        });
        const norm = clip(params);
        return [Float32Array.of(norm), ...params.map((p) => p.grad?.dataSync() ?? [])];
      }),
    );
  const compare = ({ native, ts }: ReturnType<typeof clipped>): void => {
    for (const [i, expected] of ts.entries()) {
      const what = i === 0 ? 'norm' : `gradient ${i - 1}`;
      expectClose(native[i] ?? [], expected, { rtol: 1e-6, atol: 1e-7 }, what);
    }
  };

  it('clipGradNorm', () => {
    const normTypes = fc.constantFrom(2, 1, Number.POSITIVE_INFINITY, 3);
    const limits = fc.constantFrom(0, 0.5, 100, 1e6);
    forAll([parameters, normTypes, limits, seeds], (sizes, normType, maxNorm, seed) => {
      compare(
        clipped(sizes, seed, (params) =>
          optim.clipGradNorm(params, maxNorm, { normType }).itemSync(),
        ),
      );
    });
  });

  it('clipGradValue', () => {
    forAll([parameters, fc.constantFrom(0, 0.3, 1), seeds], (sizes, clipValue, seed) => {
      compare(
        clipped(sizes, seed, (params) => {
          optim.clipGradValue(params, clipValue);
          return clipValue;
        }),
      );
    });
  });
});

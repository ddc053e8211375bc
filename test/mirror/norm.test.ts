import fc from 'fast-check';
import { describe, it } from 'vitest';
import * as ops from '../../src/ops/index.js';
import type { Shape } from '../../src/tensor/shape.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { floats, forAll, type Input, layouts, mirror, seeds } from '../support/mirror.js';

// Values of 16 steps keep the variance of a few of them away from 0, where float32 has no digits to agree on.
function coarse(input: Input): Input {
  return { ...input, draw: (u) => input.draw(Math.floor(u * 16) / 16) };
}

const size = (min: number, max: number) => fc.integer({ min, max });

/** Numbers of channels on both sides of what fills vectors. */
const channels = fc.oneof(size(1, 9), fc.constantFrom(16, 24, 64, 70, 130));

/** A number of rows as a batch, or as a batch of positions; sometimes enough for all threads. */
const batches = (least: number) =>
  fc.oneof(
    { weight: 5, arbitrary: size(least, 90).map((n) => [n]) },
    { weight: 2, arbitrary: fc.tuple(size(least, 5), size(1, 9)) },
    { weight: 3, arbitrary: fc.tuple(size(least, 4), size(1, 9), size(1, 9)) },
    { weight: 1, arbitrary: fc.tuple(size(2, 4), size(40, 90), size(40, 60)) },
  );

function withChannels([n = 0, ...positions]: readonly number[], count: number): number[] {
  return [n, count, ...positions];
}

/** Weight and bias, or null, as their number says. */
function operands(choice: number, weight: Tensor | undefined, bias: Tensor | undefined) {
  return [choice & 1 ? (weight ?? null) : null, choice & 2 ? (bias ?? null) : null] as const;
}

function parameters(shape: Shape): readonly [Input, Input] {
  return [floats(shape, { low: 0.5, high: 1.5 }), floats(shape)];
}

const TOLERANCE = { rtol: 1e-4, atol: 2e-4 };

describe('batchNorm', () => {
  it('when training', () => {
    forAll(
      [batches(2), channels, layouts, size(0, 3), fc.boolean(), fc.boolean(), seeds],
      (batch, count, layout, choice, relu, adds, seed) => {
        // ReLU of what rounds to either side of 0 differs; a bias that no step meets keeps away from it.
        const away: Input = { ...floats([count]), draw: (u) => 0.0137 + Math.floor(u * 3) };
        const shape = withChannels(batch, count);
        const whole: Input = { ...floats(shape), draw: (u) => Math.floor(u * 3) };
        const inputs = [coarse(floats(shape, { layout })), parameters([count])[0], away, whole];
        mirror(
          seed,
          inputs,
          (x, w, b, s) => {
            const [weight, bias] = operands(relu ? 3 : choice, w, b);
            const mean = ops.zeros([count]);
            const variance = ops.ones([count]);
            const add = adds ? s : null;
            const options = { training: true, momentum: 0.3, eps: 0.01, relu, add };
            const y = ops.batchNorm(x as Tensor, mean, variance, weight, bias, options);
            return [y, mean, variance];
          },
          TOLERANCE,
        );
      },
      60,
    );
  });

  it('when evaluating', () => {
    forAll(
      [batches(0), channels, layouts, size(0, 3), fc.boolean(), fc.boolean(), seeds],
      (batch, count, layout, choice, relu, adds, seed) => {
        const x = floats(withChannels(batch, count), { layout });
        mirror(
          seed,
          [x, ...parameters([count]), ...parameters([count]), x],
          (x, v, m, w, b, s) => {
            const [weight, bias] = operands(choice, w, b);
            const [mean, variance] = [m?.detach() ?? null, v?.detach() ?? null];
            const options = { relu, add: adds ? s : null };
            return ops.batchNorm(x as Tensor, mean, variance, weight, bias, options);
          },
          TOLERANCE,
        );
      },
    );
  });

  it('keeps its digits far from zero', () => {
    forAll(
      [size(50, 3000), channels, seeds],
      (rows, count, seed) => {
        const far = { ...floats([rows, count]), draw: (u: number) => 4096 + Math.floor(u * 16) };
        mirror(seed, [far], (x) => ops.batchNorm(x, null, null, null, null, { training: true }), {
          rtol: 1e-3,
          atol: 1e-3,
        });
      },
      15,
    );
  });
});

it('layerNorm', () => {
  const lengths = fc.oneof(size(2, 70), fc.constantFrom(256, 500));
  forAll(
    [fc.array(size(0, 9), { maxLength: 3 }), lengths, size(0, 3), fc.boolean(), seeds],
    (rest, length, choice, large, seed) => {
      const shape = [...rest, ...(large ? [7] : []), length];
      mirror(
        seed,
        [coarse(floats(shape)), ...parameters([length])],
        (x, w, b) => ops.layerNorm(x as Tensor, length, ...operands(choice, w, b), { eps: 0.01 }),
        TOLERANCE,
      );
    },
  );
});

it('groupNorm', () => {
  forAll(
    [batches(1), size(1, 5), size(2, 30), layouts, size(0, 3), seeds],
    (batch, groups, width, layout, choice, seed) => {
      const count = groups * width;
      mirror(
        seed,
        [coarse(floats(withChannels(batch, count), { layout })), ...parameters([count])],
        (x, w, b) => ops.groupNorm(x as Tensor, groups, ...operands(choice, w, b), { eps: 0.01 }),
        TOLERANCE,
      );
    },
  );
});

it('localResponseNorm', () => {
  forAll(
    [size(1, 4), size(1, 20), size(1, 6), layouts, size(1, 9), seeds],
    (n, count, side, layout, window, seed) => {
      mirror(seed, [floats([n, count, side, 5], { layout })], (x) =>
        ops.localResponseNorm(x as Tensor, window, { alpha: 0.5 }),
      );
    },
  );
});

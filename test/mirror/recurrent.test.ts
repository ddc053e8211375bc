import fc from 'fast-check';
import { describe, it } from 'vitest';
import { gru, lstm, rnn } from '../../src/ops/recurrent/recurrent.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { floats, forAll, mirror, seeds } from '../support/mirror.js';

const size = (min: number, max: number) => fc.integer({ min, max });

/** Numbers of units on both sides of what fills vectors, panels and threads. */
const units = fc.oneof(size(1, 9), fc.constantFrom(16, 17, 31, 33, 48, 64, 70, 100));

/** Sizes of the steps: all sequences of one length, or of several; sometimes more than go through the gates at once. */
const packings = fc
  .tuple(
    fc.oneof(
      { weight: 5, arbitrary: size(1, 9) },
      { weight: 1, arbitrary: fc.constantFrom(16, 30, 60, 130) },
    ),
    fc.array(size(0, 100), { minLength: 0, maxLength: 6 }),
    fc.boolean(),
  )
  .map(([batch, draws, whole]) => {
    const sizes = [batch];
    for (const draw of draws) {
      const before = sizes.at(-1) ?? batch;
      sizes.push(whole ? batch : 1 + (draw % before));
    }
    return sizes;
  });

const TOLERANCE = { rtol: 1e-4, atol: 2e-4 };
const KINDS = { rnn: 1, relu: 1, gru: 3, lstm: 4 } as const;

/** One case on both backends: outputs, final states, and every gradient. */
function compare(
  kind: keyof typeof KINDS,
  batchSizes: readonly number[],
  [inputs, hidden, projected]: readonly [number, number, number],
  [reverse, hasState, hasBias]: readonly [boolean, boolean, boolean],
  seed: number,
): void {
  const gates = KINDS[kind] * hidden;
  const outputs = projected > 0 ? projected : hidden;
  const [rows, batch] = [batchSizes.reduce((a, b) => a + b, 0), batchSizes[0] ?? 0];
  // Sums over many units stay small, so that float32 has the digits to agree on.
  const weight = (m: number, n: number) => {
    const bound = 1.5 / Math.sqrt(n);
    return floats([m, n], { low: -bound, high: bound });
  };
  const bound = { low: -0.5, high: 0.5 };
  const drawn = [
    floats([rows, inputs]),
    weight(gates, inputs),
    weight(gates, outputs),
    floats([gates], bound),
    floats([gates], bound),
    floats([batch, outputs], bound),
    floats([batch, hidden], bound),
    ...(projected > 0 ? [weight(outputs, hidden)] : []),
  ];
  mirror(
    seed,
    drawn,
    (...all) => {
      const [x, weightIh, weightHh, ih, hh, h, c, weightHr = null] = all as [
        ...[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor],
        Tensor?,
      ];
      const weights = { weightIh, weightHh, biases: hasBias ? ([ih, hh] as const) : null };
      const options = { batchSizes, reverse };
      if (kind === 'lstm') {
        return lstm(x, hasState ? [h, c] : null, { ...weights, weightHr }, options);
      }
      if (kind === 'gru') return gru(x, hasState ? h : null, weights, options);
      const nonlinearity = kind === 'relu' ? 'relu' : 'tanh';
      return rnn(x, hasState ? h : null, weights, { ...options, nonlinearity });
    },
    TOLERANCE,
  );
}

const flags = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean());

describe.each(['rnn', 'gru', 'lstm'] as const)('%s', (kind) => {
  it('over sizes, lengths, directions, states and biases', () => {
    forAll([packings, size(1, 20), units, flags, seeds], (sizes, inputs, hidden, options, seed) =>
      compare(kind, sizes, [inputs, hidden, 0], options, seed),
    );
  });
});

it('rnn with relu', () => {
  // What rounds to either side of 0 differs by as little.
  forAll(
    [packings, units, flags, seeds],
    (sizes, hidden, options, seed) => compare('relu', sizes, [3, hidden, 0], options, seed),
    20,
  );
});

it('lstm with projection', () => {
  forAll([packings, size(1, 40), size(1, 60), flags, seeds], (sizes, less, more, options, seed) =>
    compare('lstm', sizes, [3, less + more, less], options, seed),
  );
});

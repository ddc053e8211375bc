import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  crossEntropy,
  manualSeed,
  mseLoss,
  nn,
  optim,
  type Tensor,
  tensor,
  train,
} from '../../../src/index.js';
import { Draws, PADDING } from './data.js';

const RUNS = Number(process.env.CUTS ?? 60) / 3;
const CLASSES = 3;

type Stream = { input: Tensor; target: Tensor }[];

/** Random stretches of a sequence [T, B, 2], and classes to learn, many of them padding. */
function stretch(draws: Draws, steps: number, rows: number, ignored: number) {
  const x = draws.list(steps * rows * 2, () => draws.value());
  const y = draws.list(steps * rows, () =>
    draws.next() < ignored ? PADDING : draws.below(CLASSES),
  );
  const values = draws.list(steps * rows * CLASSES, () => draws.value());
  return { x, y, values };
}

type Kind = 'classes' | 'numbers' | 'told';

/** Weights after one update, and the mean of the chunks' losses. */
async function learn(kind: Kind, stream: Stream) {
  manualSeed(3);
  const model = new nn.RNN(2, CLASSES);
  const flat = (logits: Tensor) => logits.reshape([-1, CLASSES]);
  const losses = {
    classes: (logits: Tensor, target: Tensor) => crossEntropy(flat(logits), target.reshape([-1])),
    numbers: mseLoss,
    told: (logits: Tensor, target: Tensor) => {
      const rows = target.reshape([-1]);
      const weight = rows.notEqual(PADDING).cast('float32').sum();
      const loss = crossEntropy(flat(logits), rows, { reduction: 'sum' }).div(weight);
      return { loss, weight };
    },
  };
  const options = {
    optimizer: new optim.SGD(model.parameters(), { lr: 0.5 }),
    loss: losses[kind],
    detachEvery: stream.length,
  };
  let [total, weight] = [0, 0];
  for await (const step of train.truncatedBptt(model, stream, options)) {
    const own = await step.weight();
    if (own > 0) total += own * (await step.loss.item());
    weight += own;
  }
  const weights = await Promise.all(model.parameters().map((p) => p.data()));
  return [total / weight, ...weights.flatMap((values) => Array.from(values))];
}

it.each<Kind>(['classes', 'numbers', 'told'])('updates of several chunks: %s', async (kind) => {
  const cutting = fc.record({
    seed: fc.nat(),
    sizes: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 }),
  });
  const property = fc.asyncProperty(cutting, async ({ seed, sizes }) => {
    const draws = new Draws(seed);
    const [rows, steps] = [1 + draws.below(3), sizes.reduce((a, b) => a + b)];
    const { x, y, values } = stretch(draws, steps, rows, draws.next());
    const piece = (from: number, to: number) => ({
      input: tensor(x.slice(from * rows * 2, to * rows * 2), {
        shape: [to - from, rows, 2],
      }).keep(),
      target:
        kind === 'numbers'
          ? tensor(values.slice(from * rows * CLASSES, to * rows * CLASSES), {
              shape: [to - from, rows, CLASSES],
            }).keep()
          : tensor(Int32Array.from(y.slice(from * rows, to * rows)), {
              shape: [to - from, rows],
            }).keep(),
    });
    const ends = sizes.map((_, i) => sizes.slice(0, i + 1).reduce((a, b) => a + b));
    const pieces = ends.map((end, i) => piece(ends[i - 1] ?? 0, end));
    const whole = await learn(kind, [piece(0, steps)]);
    const parts = await learn(kind, pieces);
    for (const [i, value] of whole.entries()) {
      const part = parts[i] ?? Number.NaN;
      const isNear = Math.abs(part - value) <= 1e-5 * Math.max(1, Math.abs(value));
      expect(isNear || Object.is(part, value), `${i}: ${part}, in one ${value}`).toBe(true);
    }
  });
  await fc.assert(property, { numRuns: Math.ceil(RUNS) });
});

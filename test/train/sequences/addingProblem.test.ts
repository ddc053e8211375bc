import { describe, expect, test } from 'vitest';
import { backward } from '../../../src/autograd/backward.js';
import { GRU, Linear, LSTM, Module, RNN } from '../../../src/nn/index.js';
import { Draws } from '../../../src/numeric/draws.js';
import { tensor } from '../../../src/ops/creation.js';
import { mseLoss } from '../../../src/ops/loss.js';
import { select } from '../../../src/ops/slice.js';
import { Adam, clipGradNorm } from '../../../src/optim/index.js';
import { manualSeed } from '../../../src/tensor/random.js';
import { scope } from '../../../src/tensor/scope.js';
import type { Tensor } from '../../../src/tensor/tensor.js';

const STEPS = 30;
const BATCH = 32;
const UPDATES = 900;

class Adder extends Module {
  readonly rnn: RNN | GRU | LSTM;
  readonly head = new Linear(16, 1);

  constructor(Cell: typeof RNN | typeof GRU | typeof LSTM) {
    super();
    this.rnn = new Cell(2, 16);
  }

  override forward(x: Tensor): Tensor {
    return this.head.forward(select(this.rnn.forward(x)[0], 0, -1));
  }
}

/** Numbers on [0, 1) and a mark at each step; the answer is the sum of the two marked ones. */
function problem(draws: Draws): { input: Tensor; target: Tensor } {
  const input = new Float32Array(STEPS * BATCH * 2);
  const target = new Float32Array(BATCH);
  for (let row = 0; row < BATCH; row++) {
    const marked = [draws.integer(STEPS / 2), STEPS / 2 + draws.integer(STEPS / 2)];
    for (let t = 0; t < STEPS; t++) {
      const [at, value] = [2 * (t * BATCH + row), draws.uniform()];
      input[at] = value;
      if (!marked.includes(t)) continue;
      input[at + 1] = 1;
      target[row] = (target[row] ?? 0) + value;
    }
  }
  return {
    input: tensor(input, { shape: [STEPS, BATCH, 2] }),
    target: tensor(target, { shape: [BATCH, 1] }),
  };
}

/** The mean squared error over the last updates of a training. */
async function errorOf(Cell: typeof RNN | typeof GRU | typeof LSTM): Promise<number> {
  manualSeed(1);
  const draws = new Draws(2);
  const model = new Adder(Cell);
  const optimizer = new Adam(model.parameters(), { lr: 0.01 });
  let sum = 0;
  for (let update = 1; update <= UPDATES; update++) {
    await scope(async () => {
      const { input, target } = problem(draws);
      optimizer.zeroGrad();
      const loss = mseLoss(model.forward(input), target);
      backward(loss);
      clipGradNorm(model.parameters(), 1);
      optimizer.step();
      if (update > UPDATES - 20) sum += (await loss.item()) / 20;
    });
  }
  return sum;
}

describe('the adding problem', () => {
  test('is solved by LSTM and GRU, and not by a plain RNN', async () => {
    // Who always says 1 has an error of 1/6.
    expect(await errorOf(LSTM)).toBeLessThan(0.03);
    expect(await errorOf(GRU)).toBeLessThan(0.03);
    expect(await errorOf(RNN)).toBeGreaterThan(0.1);
  });
});

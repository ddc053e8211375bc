import { describe, expect, it, test } from 'vitest';
import { backward } from '../../../src/autograd/backward.js';
import { StreamBatches } from '../../../src/data/windows.js';
import { ArgumentError, IndexFaultError, ShapeError } from '../../../src/errors.js';
import { charRnn } from '../../../src/models/charRnn.js';
import { GRU, Linear, LSTM, Module, RNN } from '../../../src/nn/index.js';
import {
  detachState,
  disposeState,
  type RecurrentModel,
  type RecurrentState,
} from '../../../src/nn/recurrentState.js';
import { clone, tensor } from '../../../src/ops/creation.js';
import { crossEntropy } from '../../../src/ops/crossEntropy.js';
import { mseLoss } from '../../../src/ops/loss.js';
import { randn } from '../../../src/ops/random.js';
import { narrow } from '../../../src/ops/slice.js';
import { reshape } from '../../../src/ops/view.js';
import { clipGradNorm, SGD } from '../../../src/optim/index.js';
import { manualSeed } from '../../../src/tensor/random.js';
import { scope } from '../../../src/tensor/scope.js';
import type { Tensor } from '../../../src/tensor/tensor.js';
import type { SequenceChunk } from '../../../src/train/sequences/chunks.js';
import {
  type TruncatedBpttOptions,
  truncatedBptt,
} from '../../../src/train/sequences/truncatedBptt.js';
import { expectClose, expectSame } from '../../support/close.js';
import { memoryInfo } from '../../support/memory.js';

const CELLS = { RNN, GRU, LSTM };
type Cell = keyof typeof CELLS;

/** A stack of layers with a linear output: features [T, B, 2] to [T, B, 1]. */
class Predictor extends Module {
  readonly rnn: RNN | GRU | LSTM;
  readonly head = new Linear(3, 1);

  constructor(cell: Cell, batchFirst = false) {
    super();
    this.rnn = new CELLS[cell](2, 3, { numLayers: 2, batchFirst });
  }

  override forward(x: Tensor, state: RecurrentState | null = null): [Tensor, RecurrentState] {
    const stack: RecurrentModel<RecurrentState> = this.rnn;
    const [features, next] = stack.forward(x, state);
    return [this.head.forward(features), next];
  }
}

const STEPS = 24;
const ROWS = 3;

/** Inputs and targets of a sequence, time first, the same for a seed. */
function sequence(steps = STEPS): { input: Tensor; target: Tensor } {
  manualSeed(11);
  return { input: randn([steps, ROWS, 2]).keep(), target: randn([steps, ROWS, 1]).keep() };
}

function predictor(cell: Cell): { model: Predictor; optimizer: SGD } {
  manualSeed(5);
  const model = new Predictor(cell);
  return { model, optimizer: new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 }) };
}

function weightsOf(model: Module): number[] {
  return model.parameters().flatMap((parameter) => Array.from(parameter.dataSync()));
}

/** Learns from a stream; the losses of its chunks. */
async function learn(
  { model, optimizer }: { model: Predictor; optimizer: SGD },
  stream: Iterable<SequenceChunk> | AsyncIterable<SequenceChunk>,
  options: Partial<TruncatedBpttOptions> = {},
): Promise<number[]> {
  const losses: number[] = [];
  for await (const { loss } of truncatedBptt(model, stream, {
    optimizer,
    loss: mseLoss,
    ...options,
  })) {
    losses.push(await loss.item());
  }
  return losses;
}

/** The same by hand: `chunk` steps at a time, gradients over `span` steps, rows cleared at given steps. */
async function byHand(cell: Cell, chunk: number, span: number): Promise<[number[], number[]]> {
  const { model, optimizer } = predictor(cell);
  const { input, target } = sequence();
  const losses: number[] = [];
  let state: RecurrentState | null = null;
  for (let start = 0; start < STEPS; start += span) {
    optimizer.zeroGrad();
    const [output, next] = model.forward(narrow(input, 0, start, span), state);
    for (let t = 0; t < span; t += chunk) {
      const part = mseLoss(narrow(output, 0, t, chunk), narrow(target, 0, start + t, chunk));
      losses.push(await part.item());
    }
    backward(mseLoss(output, narrow(target, 0, start, span)));
    state = detachState(next);
    clipGradNorm(model.parameters(), 0.5);
    optimizer.step();
  }
  disposeState(state);
  return [losses, weightsOf(model)];
}

describe.each(Object.keys(CELLS) as Cell[])('truncatedBptt of %s', (cell) => {
  const pieces = {
    'pieces of the right length': [4, undefined],
    'one long piece': [STEPS, 4],
    'single steps, as a live stream has them': [1, 4],
    'pieces of an odd length': [7, 4],
  } as const;

  test.each(Object.entries(pieces))('carries and cuts the state: %s', async (_, [size, chunk]) => {
    const [losses, weights] = await byHand(cell, 4, 4);
    const run = predictor(cell);
    const { input, target } = sequence();
    async function* stream(): AsyncGenerator<SequenceChunk> {
      for (let start = 0; start < STEPS; start += size) {
        const steps = Math.min(size, STEPS - start);
        await Promise.resolve();
        yield { input: narrow(input, 0, start, steps), target: narrow(target, 0, start, steps) };
      }
    }
    const options = { clipGradNorm: 0.5, ...(chunk === undefined ? {} : { chunk }) };
    expectClose(await learn(run, stream(), options), losses, { rtol: 1e-5 });
    expectClose(weightsOf(run.model), weights, { rtol: 1e-5, atol: 1e-6 });
  });

  it('sends gradients back over several chunks', async () => {
    const [losses, weights] = await byHand(cell, 4, 12);
    const run = predictor(cell);
    const options = { chunk: 4, detachEvery: 3, clipGradNorm: 0.5 };
    expectClose(await learn(run, [sequence()], options), losses, { rtol: 1e-5 });
    expectClose(weightsOf(run.model), weights, { rtol: 1e-5, atol: 1e-6 });
  });

  it('starts sequences over, in all rows or in some', async () => {
    const whole = sequence();
    const part = (start: number, reset: boolean | boolean[]): SequenceChunk => ({
      input: narrow(whole.input, 0, start, 4),
      target: narrow(whole.target, 0, start, 4),
      reset,
    });
    const outputs = async (stream: SequenceChunk[]): Promise<Float32Array[]> => {
      const { model } = predictor(cell);
      const optimizer = new SGD(model.parameters(), { lr: 0 });
      const found: Float32Array[] = [];
      const options = { optimizer, loss: mseLoss };
      for await (const { output } of truncatedBptt(model, stream, options)) {
        found.push(Float32Array.from(await output.data()));
      }
      return found;
    };
    const [fresh] = await outputs([part(4, false)]);
    const [, carried] = await outputs([part(0, false), part(4, false)]);
    const [, reset] = await outputs([part(0, false), part(4, true)]);
    const [, all] = await outputs([part(0, false), part(4, [true, true, true])]);
    const [, some] = await outputs([part(0, false), part(4, [true, false, true])]);
    expectSame(reset ?? [], fresh ?? []);
    expectSame(all ?? [], fresh ?? []);
    for (const [i, value] of (some ?? []).entries()) {
      const expected = i % ROWS === 1 ? carried : fresh;
      expect(value).toBeCloseTo(expected?.[i] ?? Number.NaN, 6);
    }
    expect(carried).not.toEqual(fresh);
  });

  it('goes on from a state that another run has left', async () => {
    const [, weights] = await byHand(cell, 4, 4);
    const { model, optimizer } = predictor(cell);
    const { input, target } = sequence();
    let state: RecurrentState | null = null;
    for (let half = 0; half < 2; half++) {
      const at = (x: Tensor) => narrow(x, 0, (half * STEPS) / 2, STEPS / 2);
      const options: TruncatedBpttOptions = {
        optimizer,
        loss: mseLoss,
        chunk: 4,
        clipGradNorm: 0.5,
      };
      const stream = [{ input: at(input), target: at(target) }];
      const start: RecurrentState | null = state;
      for await (const step of truncatedBptt(model, stream, { ...options, state: start })) {
        state = detachState(step.state);
      }
    }
    expectClose(weightsOf(model), weights, { rtol: 1e-5, atol: 1e-6 });
  });

  it('takes 10,000 steps in memory that does not grow', async () => {
    const run = predictor(cell);
    const { input, target } = sequence(50);
    async function* live(): AsyncGenerator<SequenceChunk> {
      for (let t = 0; t < 10_000; t += 50) {
        yield { input: clone(input), target: clone(target), reset: t % 2000 === 0 };
      }
    }
    const seen: number[] = [];
    const options = { optimizer: run.optimizer, loss: mseLoss, chunk: 20, detachEvery: 2 };
    const before = memoryInfo().live;
    for await (const { steps, updates } of truncatedBptt(run.model, live(), options)) {
      seen.push(memoryInfo().live);
      if (steps === 10_000) expect(updates).toBeGreaterThanOrEqual(250);
    }
    // The collector may free a forgotten graph early, so single readings can only be lower.
    expect(seen.length).toBeGreaterThanOrEqual(500);
    expect(Math.max(...seen.slice(100))).toBeLessThanOrEqual(Math.max(...seen.slice(0, 100)));
    run.optimizer.zeroGrad();
    const momenta = 4 * weightsOf(run.model).length + 256 * run.model.parameters().length;
    expect(memoryInfo().live - before).toBeLessThanOrEqual(momenta);
  });
});

describe('truncatedBptt', () => {
  it('joins no steps over the beginning of a sequence, and learns from what is left', async () => {
    const run = predictor('RNN');
    const before = weightsOf(run.model);
    const { input, target } = sequence();
    const piece = (start: number, reset: boolean): SequenceChunk => ({
      input: narrow(input, 0, start, 3),
      target: narrow(target, 0, start, 3),
      reset,
    });
    const counts: number[] = [];
    const stream = [piece(0, false), piece(3, false), piece(6, true)];
    const options = { optimizer: run.optimizer, loss: mseLoss, chunk: 4, detachEvery: 9 };
    for await (const { steps, gradNorm, updates } of truncatedBptt(run.model, stream, options)) {
      counts.push(steps);
      expect(gradNorm).toBeNull();
      expect(updates).toBe(0);
    }
    expect(counts).toEqual([4, 6, 9]);
    expect(weightsOf(run.model)).not.toEqual(before);
  });

  it('reports the norm of the gradients before clipping', async () => {
    const run = predictor('GRU');
    const options = { optimizer: run.optimizer, loss: mseLoss, clipGradNorm: 1e-3 };
    for await (const { gradNorm } of truncatedBptt(run.model, [sequence()], options)) {
      expect(await gradNorm?.item()).toBeGreaterThan(1e-3);
      expect(clipGradNorm(run.model.parameters(), 1).itemSync()).toBeCloseTo(1e-3, 6);
    }
  });

  it('can be broken off, and works inside of a scope', async () => {
    const before = memoryInfo().live;
    await scope(async () => {
      const run = predictor('LSTM');
      const options = { optimizer: run.optimizer, loss: mseLoss, chunk: 2 };
      let ended = false;
      function* stream(): Generator<SequenceChunk> {
        try {
          for (;;) yield sequence(6);
        } finally {
          ended = true;
        }
      }
      for await (const { updates } of truncatedBptt(run.model, stream(), options)) {
        if (updates === 4) break;
      }
      expect(ended).toBe(true);
      run.optimizer.zeroGrad();
    });
    // Weights, momenta and the sequences are kept by whoever made them.
    expect(memoryInfo().live - before).toBeLessThan(64 * 1024);
  });

  it('leaves everything as it was after an index out of range', async () => {
    manualSeed(1);
    const model = charRnn(4, { embeddingSize: 3, hiddenSize: 5 });
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const before = weightsOf(model);
    const ids = Int32Array.of(0, 1, 2, 3, 0, 1, 2, 3, 4, 1, 2, 3);
    const run = async (): Promise<void> => {
      const stream = new StreamBatches(ids, 11);
      const loss = (logits: Tensor, target: Tensor) =>
        crossEntropy(reshape(logits, [-1, 4]), reshape(target, [-1]));
      const options = { optimizer, loss, batchFirst: true };
      for await (const { loss: value } of truncatedBptt(model, stream, options)) await value.item();
    };
    await expect(run()).rejects.toThrow(IndexFaultError);
    await expect(run()).rejects.toThrow(/index 4/);
    expectSame(weightsOf(model), before);
  });

  const bad: [string, unknown, object, RegExp][] = [
    ['no piece', 3, {}, /piece 0 of the stream is 3, expected \{ input, target, reset\? \}/],
    ['no tensor', { input: 3, target: 4 }, {}, /piece 0 of the stream: its input is a number/],
    [
      'different lengths',
      { input: tensor(new Float32Array(12), { shape: [2, 3, 2] }), target: tensor([1, 2, 3]) },
      {},
      /input \[2, 3, 2\] and target \[3\], expected as many time steps along axis 0/,
    ],
    [
      'no steps',
      { input: tensor([], { shape: [0, 3, 2] }), target: tensor([], { shape: [0, 3, 1] }) },
      {},
      /at least 1/,
    ],
    ['a reset for other rows', { ...sequence(), reset: [true] }, {}, /reset has 1 rows/],
    ['a chunk of nothing', sequence(), { chunk: 0 }, /chunk is 0, expected an integer ≥ 1/],
    ['detachEvery 0', sequence(), { detachEvery: 0 }, /detachEvery is 0/],
    ['a negative limit', sequence(), { clipGradNorm: -1 }, /clipGradNorm is -1/],
    ['a loss for each', sequence(), { loss: (x: Tensor) => x }, /the loss is \[24, 3, 1\]/],
  ];
  test.each(bad)('refuses %s, and changes nothing', async (_, piece, options, message) => {
    const run = predictor('LSTM');
    const before = weightsOf(run.model);
    const failing = async () => {
      await learn(run, [piece as SequenceChunk], options);
    };
    await expect(failing()).rejects.toThrow(message);
    await expect(failing()).rejects.toSatisfy(
      (error) => error instanceof ArgumentError || error instanceof ShapeError,
    );
    expectSame(weightsOf(run.model), before);
  });

  it('names a state of the wrong shape', async () => {
    const run = predictor('LSTM');
    const [narrowed, whole] = [sequence(4), sequence(4)];
    const one = (x: Tensor): Tensor => narrow(x, 1, 0, 1);
    const stream = [whole, { input: one(narrowed.input), target: one(narrowed.target) }];
    await expect(learn(run, stream)).rejects.toThrow(
      /state\[0\] \[2, 3, 3\], expected \[2, 1, 3\]/,
    );
  });
});

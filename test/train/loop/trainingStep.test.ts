import { describe, expect, it } from 'vitest';
import { Linear } from '../../../src/nn/index.js';
import { copyFrom, mseLoss, randn, tensor } from '../../../src/ops/index.js';
import '../../../src/ops/methods.js';
import { clipGradNorm, LambdaLR, SGD } from '../../../src/optim/index.js';
import { manualSeed } from '../../../src/tensor/random.js';
import type { Tensor } from '../../../src/tensor/tensor.js';
import { History } from '../../../src/train/index.js';
import { Position } from '../../../src/train/loop/position.js';
import { StepRunner } from '../../../src/train/loop/stepRunner.js';
import { Tally } from '../../../src/train/loop/tally.js';
import {
  type GradientExchange,
  TrainingStep,
  type TrainingStepOptions,
} from '../../../src/train/loop/trainingStep.js';

const LR = 0.1;

/** A small regression, and batches for it. */
function setUp(options: Partial<TrainingStepOptions> = {}) {
  manualSeed(3);
  const model = new Linear(3, 2);
  const optimizer = new SGD(model.parameters(), { lr: LR });
  const batches = Array.from({ length: 6 }, () => [randn([4, 3]).keep(), randn([4, 2]).keep()]);
  const count = { step: 0 };
  const step = new TrainingStep(
    {
      optimizers: [optimizer],
      isAutomatic: true,
      clipGradNorm: null,
      exchange: null,
      schedules: [],
      ...options,
    },
    count,
  );
  const lossOf = (i: number) => () => {
    const [x, y] = batches[i] ?? [];
    if (x === undefined || y === undefined) throw new Error(`no batch ${i}`);
    return mseLoss(model.forward(x), y);
  };
  return { model, optimizer, step, count, lossOf };
}

async function valuesOf(tensors: readonly (Tensor | null)[]): Promise<number[][]> {
  return Promise.all(tensors.map(async (x) => (x === null ? [] : Array.from(await x.data()))));
}

const gradientsOf = (model: Linear) => valuesOf(model.parameters().map(({ grad }) => grad));
const weightsOf = (model: Linear) => valuesOf(model.parameters());

/** Replaces a gradient by a constant, in place. */
function fill(parameter: Tensor | undefined, value: number): void {
  if (parameter?.grad) copyFrom(parameter.grad, new Float32Array(parameter.size).fill(value));
}

describe('TrainingStep', () => {
  it('takes the step written by hand, and gives the norm before clipping', async () => {
    const hand = setUp();
    hand.lossOf(0)().backward();
    const norm = await clipGradNorm(hand.model.parameters(), 0.25).item();
    hand.optimizer.step();
    const { model, step, count, lossOf } = setUp({ clipGradNorm: 0.25 });
    const { loss, update } = await step.batch(lossOf(0));
    expect(await loss.item()).toBe(await setUp().lossOf(0)().item());
    expect(await update?.gradNorm?.item()).toBe(norm);
    expect(update?.lr).toBe(LR);
    expect(count.step).toBe(1);
    expect(await weightsOf(model)).toEqual(await weightsOf(hand.model));
  });

  it('only measures with a limit of infinity, and does neither with none', async () => {
    const [free, measured] = [setUp(), setUp({ clipGradNorm: Number.POSITIVE_INFINITY })];
    expect((await free.step.batch(free.lossOf(0))).update?.gradNorm).toBeNull();
    const { update } = await measured.step.batch(measured.lossOf(0));
    expect(await update?.gradNorm?.item()).toBeGreaterThan(0);
    expect(await weightsOf(measured.model)).toEqual(await weightsOf(free.model));
  });

  it('exchanges gradients once an update: after the last backward, before clipping', async () => {
    const seen: number[][][] = [];
    const asked: (readonly Tensor[])[] = [];
    const exchange: GradientExchange = async (parameters) => {
      asked.push(parameters);
      seen.push(await valuesOf(parameters.map(({ grad }) => grad)));
    };
    const { model, step, count, lossOf } = setUp({ exchange, clipGradNorm: 1e-3 });
    for (let i = 0; i < 6; i++) await step.batch(lossOf(i), 3);
    expect(count.step).toBe(2);
    expect(asked).toEqual([model.parameters(), model.parameters()]);

    const hand = setUp();
    for (let i = 0; i < 3; i++) hand.lossOf(i)().div(3).backward();
    expect(seen[0]).toEqual(await gradientsOf(hand.model));
    const norm = Math.hypot(...(await gradientsOf(model)).flat());
    expect(norm).toBeLessThan(1.001e-3);
  });

  it('clips and applies what the exchange has made of the gradients', async () => {
    const exchange: GradientExchange = (parameters) => {
      fill(parameters[0], 3);
      fill(parameters[1], 0);
    };
    const { model, step, lossOf } = setUp({ exchange, clipGradNorm: 1 });
    const [weight = []] = await weightsOf(model);
    const { update } = await step.batch(lossOf(0));
    const norm = 3 * Math.sqrt(6);
    expect(await update?.gradNorm?.item()).toBeCloseTo(norm, 5);
    const [after = []] = await weightsOf(model);
    for (const [i, value] of after.entries()) {
      expect(value).toBeCloseTo((weight[i] ?? 0) - (LR * 3) / norm, 5);
    }
  });

  it('exchanges a last, incomplete window, too', async () => {
    let calls = 0;
    const { step, count, lossOf } = setUp({ exchange: () => void calls++ });
    for (let i = 0; i < 2; i++) expect((await step.batch(lossOf(i), 3)).update).toBeNull();
    expect([step.gathered, calls]).toEqual([2, 0]);
    expect(await step.finish()).not.toBeNull();
    expect([step.gathered, calls, count.step]).toEqual([0, 1, 1]);
    expect(await step.finish()).toBeNull();
    expect(calls).toBe(1);
  });

  it('lets a hook look at exchanged gradients, and changes nothing if it throws', async () => {
    const order: string[] = [];
    const { model, step, count, lossOf } = setUp({ exchange: () => void order.push('exchange') });
    const before = await weightsOf(model);
    const refused = step.batch(lossOf(0), 1, async (loss) => {
      order.push('hook');
      expect(await loss.item()).toBeGreaterThan(0);
      throw new Error('not this one');
    });
    await expect(refused).rejects.toThrow('not this one');
    expect(order).toEqual(['exchange', 'hook']);
    expect(await weightsOf(model)).toEqual(before);
    expect(count.step).toBe(0);
  });

  it('moves schedules by the batch on after each update, and no others', async () => {
    const factor = (n: number) => 1 / (n + 1);
    const { optimizer } = setUp();
    const byBatch = new LambdaLR(optimizer, factor, { interval: 'batch' });
    const byEpoch = { step: () => expect.unreachable(), stateDict: () => ({}), loadStateDict() {} };
    const { step, lossOf } = setUp({ optimizers: [optimizer], schedules: [byBatch, byEpoch] });
    const rates: (number | undefined)[] = [];
    for (let i = 0; i < 3; i++) rates.push((await step.batch(lossOf(i))).update?.lr);
    expect(rates).toEqual([LR, LR / 2, LR / 3]);
    expect(step.lr).toBe(LR / 4);
  });

  it('only counts where the step function updates by itself', async () => {
    let calls = 0;
    const manual = { isAutomatic: false, exchange: () => void calls++, clipGradNorm: 1 };
    const { model, step, count, lossOf } = setUp(manual);
    const before = await weightsOf(model);
    const { update } = await step.batch(lossOf(0));
    expect(update).toEqual({ lr: LR, gradNorm: null });
    expect([count.step, calls]).toEqual([1, 0]);
    expect(await weightsOf(model)).toEqual(before);
  });
});

describe('StepRunner', () => {
  it('gives the parameters of all optimisers to the exchange, once for each update', async () => {
    manualSeed(3);
    const model = new Linear(3, 2);
    const optimizers = new Map(
      [model.weight, model.bias].flatMap((parameter, i) =>
        parameter === null ? [] : [[String(i), new SGD([parameter], { lr: LR })] as const],
      ),
    );
    const asked: (readonly Tensor[])[] = [];
    const position = new Position(new History());
    const runner = new StepRunner<Tensor, Tensor, Tensor>({
      step: (batch) => mseLoss(model.forward(batch), tensor([[1, 0]])),
      optimizers,
      isAutomatic: true,
      schedules: [],
      clipGradNorm: null,
      exchange: (parameters) => void asked.push(parameters),
      position,
      tally: new Tally(new Map()),
      wantsValues: false,
      beforeUpdate: null,
    });
    for (let i = 0; i < 4; i++) await runner.train(tensor([[1, 2, 3]]), 1, 2);
    expect(asked).toEqual([model.parameters(), model.parameters()]);
    expect(position).toMatchObject({ step: 2, samples: 4 });
    runner.dropLoss();
  });
});

describe('Position', () => {
  it('goes back to where a record was taken', () => {
    manualSeed(4);
    const record = (epoch: number) => ({
      epoch,
      step: epoch,
      values: { loss: epoch },
      lr: LR,
      seconds: 1,
      samplesPerSecond: 1,
    });
    const position = new Position(new History([record(1)]));
    Object.assign(position, {
      epochsDone: 1,
      step: 7,
      batch: 3,
      samples: 12,
      stopReason: 'aborted',
    });
    const saved = position.record();
    // An interruption is no reason not to go on.
    expect(saved).toMatchObject({
      epochsDone: 1,
      step: 7,
      batch: 3,
      samples: 12,
      stopReason: null,
    });
    manualSeed(5);
    position.history.push(record(2));
    position.endEpoch();
    expect(position).toMatchObject({ epochsDone: 2, step: 7, batch: 0, samples: 0 });
    position.restore(saved);
    expect(position.record()).toEqual(saved);
    const other = new Position(new History());
    other.restore(saved);
    expect(other.record()).toEqual(saved);
  });
});

import { ArgumentError } from '../../errors.js';
import type { Module } from '../../nn/module.js';
import { clone, copyFrom } from '../../ops/creation.js';
import { checkInteger } from '../../ops/kit/options.js';
import type { Optimizer, OptimizerState } from '../../optim/index.js';
import { lineChart, type Series } from '../../plot/lines.js';
import { getRandomState, setRandomState } from '../../tensor/random.js';
import { runInContext, scope } from '../../tensor/scope.js';
import type { Tensor } from '../../tensor/tensor.js';
import { batchesOf, type TrainingData } from '../loop/data.js';
import {
  type LossOf,
  type OutputOf,
  outcomeOf,
  type StepFunction,
  supervised,
  type TargetOf,
} from '../loop/step.js';

export interface FindLearningRateOptions<M extends Module, B> {
  /** As it was, when the sweep is over: parameters, buffers, gradients and modes. */
  model: M;
  /** Batches to train on; gone through again if there are fewer than steps. */
  data: TrainingData<B>;
  /** As it was, when the sweep is over. Groups keep the proportions of their rates. */
  optimizer: Optimizer;
  /** Of output and target; or a `step` function, as of `fit`. */
  loss?: LossOf<OutputOf<M>, TargetOf<B>>;
  step?: StepFunction<B>;
  /** The first rate. Default: 1e-7. */
  minLr?: number;
  /** The last, if the loss does not diverge before. Default: 10. */
  maxLr?: number;
  /** Updates, one at each rate. Default: 100. */
  steps?: number;
  /** Share of the past in the smoothed loss. Default: 0.9. */
  smoothing?: number;
  /** The sweep ends where the smoothed loss is so many times its least. Default: 4. */
  divergence?: number;
  /** Ends the sweep after the step in flight. */
  signal?: AbortSignal | undefined;
}

/** Why a sweep has ended. */
export type SweepEnd = 'done' | 'diverged' | 'aborted';

/** The loss at growing learning rates. */
export class LearningRateSweep {
  readonly lrs: readonly number[];
  /** Of the batch trained on with each rate, before its update. */
  readonly losses: readonly number[];
  /** Exponential means of the losses, their start at zero corrected for. */
  readonly smoothed: readonly number[];
  readonly stopReason: SweepEnd;
  /**
   * The rate at which the smoothed loss falls fastest per decade, before its least value: the slope of a line through
   * the points around it, a twentieth of the sweep to either side; smoothing/(1 − smoothing) steps earlier, since the
   * smoothed loss lags by so many. Null if the loss never falls.
   */
  readonly suggestion: number | null;

  constructor(
    lrs: readonly number[],
    losses: readonly number[],
    smoothing: number,
    stopReason: SweepEnd,
  ) {
    this.lrs = lrs;
    this.losses = losses;
    this.smoothed = smooth(losses, smoothing);
    this.stopReason = stopReason;
    const lag = Math.round(smoothing / (1 - smoothing));
    this.suggestion = steepest(lrs, this.smoothed, lag);
  }

  /** The curve, with the suggestion marked, as an SVG file. */
  svg({ title = 'Learning-rate sweep' }: { title?: string } = {}): string {
    const shown = this.smoothed.filter(Number.isFinite);
    const low = Math.min(...shown);
    const high = Math.max(shown[0] ?? 0, ...shown.slice(0, Math.ceil(shown.length / 2)));
    // Where the loss diverges is to be seen, not how far.
    const range: [number, number] | undefined =
      low < high ? [low - 0.15 * (high - low), high + 0.35 * (high - low)] : undefined;
    const { suggestion } = this;
    const label = suggestion === null ? '' : `suggestion ${suggestion.toPrecision(2)}`;
    const series: Series[] = [
      { name: 'loss', x: this.lrs, y: this.losses, draw: 'points', color: '#b0c4d4' },
      { name: 'smoothed', x: this.lrs, y: this.smoothed, color: '#0072B2' },
    ];
    return lineChart(series, {
      title,
      marks: suggestion === null ? [] : [{ x: suggestion, label }],
      x: { label: 'learning rate', scale: 'log' },
      y: { label: 'loss', ...(range ? { range } : {}) },
    });
  }
}

/** Exponential means, divided by the weight that they have gathered. */
function smooth(losses: readonly number[], smoothing: number): number[] {
  let mean = 0;
  return losses.map((loss, i) => {
    mean = smoothing * mean + (1 - smoothing) * loss;
    return mean / (1 - smoothing ** (i + 1));
  });
}

/** Slope of the line of least squares through points of the same weight. */
function slopeOf(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  let [covariance, variance] = [0, 0];
  for (const [i, value] of x.entries()) {
    covariance += (value - mx) * ((y[i] ?? my) - my);
    variance += (value - mx) ** 2;
  }
  return covariance / variance;
}

function steepest(lrs: readonly number[], losses: readonly number[], lag: number): number | null {
  const decades = lrs.map(Math.log10);
  let least = 0;
  for (const [i, loss] of losses.entries()) if (loss < (losses[least] ?? 0)) least = i;
  const half = Math.max(1, Math.round(lrs.length / 20));
  let [best, bestSlope] = [-1, 0];
  for (let i = half; i + half < lrs.length && i <= least; i++) {
    const window = [i - half, i + half + 1] as const;
    const slope = slopeOf(decades.slice(...window), losses.slice(...window));
    if (slope < bestSlope) [best, bestSlope] = [i, slope];
  }
  return best < 0 ? null : (lrs[Math.max(0, best - lag)] ?? null);
}

/** Copies of all that training changes, and what puts them back. */
function snapshot(model: Module, optimizer: Optimizer, data: TrainingData<unknown>): () => void {
  const live = model.stateDict();
  const parameters = new Set<Tensor>(model.parameters());
  for (const { params } of optimizer.paramGroups) for (const p of params) parameters.add(p);
  const kept = new Set<Tensor>([...live.values(), ...parameters]);
  const state: OptimizerState = optimizer.stateDict();
  const [values, tensors] = runInContext(false, () => [
    new Map(Array.from(kept, (tensor) => [tensor, clone(tensor).keep()])),
    new Map(Array.from(state.tensors, ([name, tensor]) => [name, clone(tensor).keep()])),
  ]);
  const gradients = Array.from(parameters, (parameter) => [parameter, parameter.grad] as const);
  for (const [parameter] of gradients) parameter.grad = null;
  const modes = model.modules().map((module) => [module, module.training] as const);
  const random = getRandomState();
  const position = data.loadStateDict ? data.stateDict?.() : undefined;
  return () => {
    runInContext(false, () => {
      for (const [tensor, value] of values) copyFrom(tensor, value);
    });
    optimizer.loadStateDict({ ...state, tensors });
    for (const tensor of [...values.values(), ...tensors.values()]) tensor.dispose();
    for (const [parameter, gradient] of gradients) {
      if (parameter.grad !== gradient) parameter.grad?.dispose();
      parameter.grad = gradient;
    }
    for (const [module, training] of modes) module.training = training;
    setRandomState(random);
    if (position !== undefined) data.loadStateDict?.(position);
  };
}

function checkOptions(options: {
  minLr: number;
  maxLr: number;
  smoothing: number;
  divergence: number;
}): void {
  const { minLr, maxLr, smoothing, divergence } = options;
  if (!(minLr > 0 && maxLr > minLr && Number.isFinite(maxLr))) {
    throw new ArgumentError(
      `findLearningRate: minLr ${minLr} and maxLr ${maxLr}, expected 0 < minLr < maxLr`,
    );
  }
  if (!(smoothing >= 0 && smoothing < 1)) {
    throw new ArgumentError(
      `findLearningRate: smoothing is ${smoothing}, expected a number from 0 to below 1`,
    );
  }
  if (!(divergence > 1)) {
    throw new ArgumentError(`findLearningRate: divergence is ${divergence}, expected a number > 1`);
  }
}

async function* endless<B>(data: TrainingData<B>): AsyncGenerator<B> {
  for (;;) {
    let isEmpty = true;
    for await (const batch of batchesOf(data)) {
      isEmpty = false;
      yield batch;
    }
    if (isEmpty) throw new ArgumentError('findLearningRate: there are no batches');
  }
}

/**
 * Trains for some steps with a learning rate that grows exponentially, and tells how the loss takes it (Smith,
 * "Cyclical learning rates for training neural networks", 2017). Model, optimiser, random numbers and the loader's
 * position are put back exactly as they were, also after an error.
 *
 * @throws ArgumentError for options out of range, or data without batches
 *
 * @example
 * const sweep = await train.findLearningRate({ model, data: loader, loss: crossEntropy, optimizer });
 * optimizer.lr = sweep.suggestion ?? 1e-3;
 * await writeFileAtomic('sweep.svg', sweep.svg());
 */
export async function findLearningRate<M extends Module, B>(
  options: FindLearningRateOptions<M, B>,
): Promise<LearningRateSweep> {
  const { model, data, optimizer, loss, step, signal } = options;
  const { minLr = 1e-7, maxLr = 10, steps = 100, smoothing = 0.9, divergence = 4 } = options;
  checkOptions({ minLr, maxLr, smoothing, divergence });
  checkInteger(steps, 'steps', 'findLearningRate', 2);
  if ((loss === undefined) === (step === undefined)) {
    throw new ArgumentError('findLearningRate: expected either a loss or a step function');
  }
  const compute: StepFunction<B, unknown, unknown> =
    loss === undefined ? (step ?? unreachable) : supervised(model, loss);
  const shares = optimizer.paramGroups.map(({ lr }, _, groups) => lr / (groups[0]?.lr || lr) || 1);

  const restore = snapshot(model, optimizer, data);
  const [lrs, losses]: [number[], number[]] = [[], []];
  let stopReason: SweepEnd = 'done';
  let mean = 0;
  let least = Number.POSITIVE_INFINITY;
  try {
    model.train();
    for await (const batch of endless(data)) {
      if (signal?.aborted) stopReason = 'aborted';
      if (stopReason !== 'done' || lrs.length === steps) break;
      const lr = minLr * (maxLr / minLr) ** (lrs.length / (steps - 1));
      for (const [i, group] of optimizer.paramGroups.entries()) group.lr = lr * (shares[i] ?? 1);
      const value = await scope(async () => {
        optimizer.zeroGrad();
        const context = { training: true, epoch: 1, step: lrs.length };
        const outcome = outcomeOf(await compute(batch, context), batch);
        outcome.loss.backward();
        optimizer.step();
        return await outcome.loss.item();
      });
      lrs.push(lr);
      losses.push(value);
      mean = smoothing * mean + (1 - smoothing) * value;
      const smoothed = mean / (1 - smoothing ** lrs.length);
      const isFar = least > 0 && smoothed > divergence * least;
      if (isFar || !Number.isFinite(smoothed)) stopReason = 'diverged';
      least = Math.min(least, smoothed);
    }
  } finally {
    restore();
  }
  return new LearningRateSweep(lrs, losses, smoothing, stopReason);
}

function unreachable(): never {
  throw new ArgumentError('findLearningRate: expected either a loss or a step function');
}

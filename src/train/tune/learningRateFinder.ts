import { ArgumentError } from '../../errors.js';
import type { Module } from '../../nn/module.js';
import { checkInteger } from '../../ops/kit/options.js';
import { Optimizer } from '../../optim/optimizer.js';
import { checkOptions, inWords, type OptionNames } from '../../options.js';
import { scope } from '../../tensor/scope.js';
import { Tensor } from '../../tensor/tensor.js';
import { batchesOf, type TrainingData } from '../loop/data.js';
import {
  checkedLoss,
  checkModel,
  type LossOf,
  type OutputOf,
  outcomeOf,
  type StepFunction,
  supervised,
  type TargetOf,
} from '../loop/step.js';
import { TrainingStep } from '../loop/trainingStep.js';
import { knownContribution } from '../metrics/weight.js';
import { LearningRateSweep, type SweepEnd } from './learningRateSweep.js';
import { snapshot } from './snapshot.js';

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

const NAMES: OptionNames<FindLearningRateOptions<Module, unknown>> = {
  model: true,
  data: true,
  optimizer: true,
  loss: true,
  step: true,
  minLr: true,
  maxLr: true,
  steps: true,
  smoothing: true,
  divergence: true,
  signal: true,
};

function checkRanges(options: {
  minLr: number;
  maxLr: number;
  smoothing: number;
  divergence: number;
}): void {
  const { minLr, maxLr, smoothing, divergence } = options;
  if (!(Number.isFinite(minLr) && Number.isFinite(maxLr) && minLr > 0 && maxLr > minLr)) {
    throw new ArgumentError(
      `findLearningRate: minLr ${inWords(minLr)} and maxLr ${inWords(maxLr)}, expected 0 < minLr < maxLr`,
    );
  }
  if (!(Number.isFinite(smoothing) && smoothing >= 0 && smoothing < 1)) {
    throw new ArgumentError(
      `findLearningRate: smoothing is ${inWords(smoothing)}, expected a number from 0 to below 1`,
    );
  }
  if (!(typeof divergence === 'number' && divergence > 1)) {
    throw new ArgumentError(
      `findLearningRate: divergence is ${inWords(divergence)}, expected a number > 1`,
    );
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
 * @throws ArgumentError for options that are unknown or out of range, or data without batches
 *
 * @example
 * const sweep = await train.findLearningRate({ model, data: loader, loss: crossEntropy, optimizer });
 * optimizer.lr = sweep.suggestion ?? 1e-3;
 * await writeFileAtomic('sweep.svg', sweep.toSvg());
 */
export async function findLearningRate<M extends Module, B>(
  options: FindLearningRateOptions<M, B>,
): Promise<LearningRateSweep> {
  checkOptions('findLearningRate', options, NAMES);
  const { model, data, optimizer, loss, step, signal } = options;
  const { minLr = 1e-7, maxLr = 10, steps = 100, smoothing = 0.9, divergence = 4 } = options;
  checkRanges({ minLr, maxLr, smoothing, divergence });
  checkInteger(steps, 'steps', 'findLearningRate', 2);
  if ((loss === undefined) === (step === undefined)) {
    throw new ArgumentError('findLearningRate: expected either a loss or a step function');
  }
  checkModel('findLearningRate', model);
  batchesOf(data);
  if (!(optimizer instanceof Optimizer)) {
    throw new ArgumentError(
      `findLearningRate: the optimizer is ${inWords(optimizer)}, expected an Optimizer`,
    );
  }
  if (step !== undefined && typeof step !== 'function') {
    throw new ArgumentError(`findLearningRate: the step is ${inWords(step)}, expected a function`);
  }
  const compute: StepFunction<B, unknown, unknown> =
    loss === undefined
      ? (step ?? unreachable)
      : supervised(model, checkedLoss('findLearningRate', loss));
  const shares = optimizer.paramGroups.map(({ lr }, _, groups) => lr / (groups[0]?.lr || lr) || 1);

  const count = { step: 0 };
  const trainingStep = new TrainingStep(
    {
      optimizers: [optimizer],
      isAutomatic: true,
      clipGradNorm: null,
      exchange: null,
      schedules: [],
    },
    count,
  );
  const restore = snapshot(model, optimizer, data);
  const [lrs, losses]: [number[], number[]] = [[], []];
  let stopReason: SweepEnd = 'done';
  let mean = 0;
  let least = Number.POSITIVE_INFINITY;
  let uncounted = 0;
  try {
    model.train();
    for await (const batch of endless(data)) {
      if (signal?.aborted) stopReason = 'aborted';
      if (stopReason !== 'done' || lrs.length === steps) break;
      const lr = minLr * (maxLr / minLr) ** (lrs.length / (steps - 1));
      for (const [i, group] of optimizer.paramGroups.entries()) group.lr = lr * (shares[i] ?? 1);
      const value = await scope(async () => {
        const context = { training: true, epoch: 1, step: count.step };
        const outcome = outcomeOf(await compute(batch, context), batch);
        const contribution = await knownContribution(outcome.contribution);
        const { loss } = await trainingStep.batch(() => ({ loss: outcome.loss, contribution }));
        const { weight } = contribution;
        const counted = weight instanceof Tensor ? await weight.item() : weight;
        return counted === 0 ? null : await loss.item();
      });
      if (value === null) {
        // The next batch takes its place.
        if (++uncounted > steps) {
          throw new ArgumentError('findLearningRate: the batches have no targets that count');
        }
        continue;
      }
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

import { ArgumentError } from '../errors.js';
import type { Module } from '../nn/module.js';
import { Optimizer } from '../optim/optimizer.js';
import { checkOptions } from '../options.js';
import { ModelCheckpoint } from './callbacks/modelCheckpoint.js';
import { ProgressCallback } from './callbacks/progressCallback.js';
import { capture } from './checkpoint/capture.js';
import { readCheckpoint } from './checkpoint/checkpointFile.js';
import { restore } from './checkpoint/restore.js';
import {
  type AnyFitOptions,
  FIT_NAMES,
  type FitOptions,
  metricsOf,
  type StepFitOptions,
  stepOf,
} from './fitOptions.js';
import type { History } from './loop/history.js';
import { silentLogger } from './loop/logger.js';
import { Trainer } from './loop/trainer.js';
import { checkResume, resumePath } from './resumePath.js';
import { takeFolders } from './runFolders.js';

function checkCount(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new ArgumentError(`fit: ${name} is ${value}, expected an integer ≥ ${least}`);
}

function checkClip(value: number | undefined): number | null {
  if (value === undefined) return null;
  if (value > 0) return value;
  throw new ArgumentError(`fit: clipGradNorm is ${value}, expected a number > 0`);
}

function optimizersOf(
  given: Optimizer | Readonly<Record<string, Optimizer>>,
): Map<string, Optimizer> {
  const named = given instanceof Optimizer ? { main: given } : { ...given };
  const optimizers = new Map(Object.entries(named));
  if (optimizers.size === 0) throw new ArgumentError('fit: there is no optimizer');
  for (const [name, optimizer] of optimizers) {
    if (!(optimizer instanceof Optimizer)) {
      throw new ArgumentError(`fit: optimizer ${name} is a ${typeof optimizer}, no Optimizer`);
    }
  }
  return optimizers;
}

/**
 * Trains a model: epochs over the data, with validation after each, metrics, schedules and callbacks, and progress
 * to look at. The event loop stays free: steps are queued one ahead, losses and metrics are read when they are
 * there. Each step is a scope, so nothing has to be disposed of.
 *
 * @returns the values of every epoch
 * @throws ArgumentError for options that are unknown, or do not fit together
 * @throws CheckpointError for a checkpoint that is damaged, or of another run: nothing is loaded then; for one
 *   that cannot be written; or if another run has the folder of checkpoints
 *
 * @example
 * const history = await train.fit({
 *   model,
 *   data: new DataLoader(trainingSet, { batchSize: 64, shuffle: true }),
 *   validation: new DataLoader(testSet, { batchSize: 500 }),
 *   loss: crossEntropy,
 *   optimizer: new optim.Adam(model.parameters()),
 *   metrics: { accuracy: new train.Accuracy() },
 *   epochs: 3,
 * });
 * console.log(history.best('valAccuracy').epoch);
 */
export function fit<M extends Module, B, N extends string = never>(
  options: FitOptions<M, B, N>,
): Promise<History<N>>;
export function fit<M extends Module, B, O, T, N extends string = never>(
  options: StepFitOptions<M, B, N, O, T>,
): Promise<History<N>>;
export async function fit<M extends Module, B, N extends string, O, T>(
  options: AnyFitOptions<M, B, N, O, T>,
): Promise<History<N>> {
  checkOptions('fit', options, FIT_NAMES);
  const { model, data, validation = null, signal = null, progress = true } = options;
  const optimizers = optimizersOf(options.optimizer);
  const isAutomatic = options.optimizer instanceof Optimizer;
  if (!isAutomatic && options.step === undefined) {
    throw new ArgumentError('fit: with several optimizers, a step function has to run them');
  }
  const isSilent = progress === false && options.logger === undefined;
  const shown = new ProgressCallback({
    stream: typeof progress === 'object' ? progress : undefined,
    logger: options.logger,
  });
  const callbacks = [
    ...(options.callbacks ?? []),
    ...checkpointsOf(options.checkpoint),
    ...(isSilent ? [] : [shown]),
  ];
  const { schedule = [] } = options;
  const log = options.logger ?? (isSilent ? silentLogger : shown.log);
  const trainer = new Trainer<B, O, T>({
    model,
    data,
    validation,
    step: stepOf('fit', options),
    optimizers,
    isAutomatic,
    schedules: 'step' in schedule ? [schedule] : schedule,
    monitor: options.monitor ?? (validation === null ? 'loss' : 'valLoss'),
    metrics: metricsOf<O, T>('fit', options.metrics),
    callbacks,
    epochs: checkCount('epochs', options.epochs ?? 1, 1),
    accumulate: checkCount('accumulate', options.accumulate ?? 1, 1),
    clipGradNorm: checkClip(options.clipGradNorm),
    exchange: null,
    capture,
    signal,
    log,
  });
  checkResume(options.resume, callbacks);
  const giveBack = await takeFolders(callbacks, log);
  try {
    const from = await resumePath(options.resume, callbacks);
    if (from !== null) {
      restore(trainer.parts, await readCheckpoint(from), from);
      log.info({ from, step: trainer.step }, `going on from ${from}, step ${trainer.step}`);
    }
    return await trainer.run();
  } finally {
    await giveBack();
  }
}

function checkpointsOf(given: string | ModelCheckpoint | undefined): ModelCheckpoint[] {
  if (given === undefined) return [];
  if (given instanceof ModelCheckpoint) return [given];
  if (typeof given === 'string') return [new ModelCheckpoint(given)];
  throw new ArgumentError(
    `fit: checkpoint is a ${typeof given}, expected a folder or a train.ModelCheckpoint`,
  );
}

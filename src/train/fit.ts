import { ArgumentError } from '../errors.js';
import type { Module } from '../nn/module.js';
import { Optimizer } from '../optim/optimizer.js';
import { checkOptions, inWords } from '../options.js';
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
import type { Callback } from './loop/callback.js';
import { batchesOf, type TrainingData } from './loop/data.js';
import type { History } from './loop/history.js';
import { harmless, silentLogger } from './loop/logger.js';
import type { Scheduler } from './loop/schedule.js';
import { Trainer } from './loop/trainer.js';
import { checkResume, resumePath } from './resumePath.js';
import { takeFolders } from './runFolders.js';

/** Options that are objects of others, which nothing is known of yet. */
type FitParts = Readonly<
  Partial<Record<'data' | 'validation' | 'monitor' | 'progress' | 'logger' | 'signal', unknown>>
>;

function checkCount(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new ArgumentError(`fit: ${name} is ${inWords(value)}, expected an integer ≥ ${least}`);
}

function checkClip(value: number | undefined): number | null {
  if (value === undefined) return null;
  if (typeof value === 'number' && value > 0) return value;
  throw new ArgumentError(`fit: clipGradNorm is ${inWords(value)}, expected a number > 0`);
}

function optimizersOf(
  given: Optimizer | Readonly<Record<string, Optimizer>>,
): Map<string, Optimizer> {
  const isObject = typeof given === 'object' && given !== null;
  if (!isObject) throw new ArgumentError(`fit: the optimizer is ${inWords(given)}, no Optimizer`);
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
  checkParts(options);
  const optimizers = optimizersOf(options.optimizer);
  const isAutomatic = options.optimizer instanceof Optimizer;
  if (!isAutomatic && options.step === undefined) {
    throw new ArgumentError('fit: with several optimizers, a step function has to run them');
  }
  const isSilent = progress === false && options.logger === undefined;
  const logger = options.logger && harmless(options.logger);
  const shown = new ProgressCallback({
    stream: typeof progress === 'object' ? progress : undefined,
    logger,
  });
  const callbacks = [
    ...callbacksOf(options.callbacks),
    ...checkpointsOf(options.checkpoint),
    ...(isSilent ? [] : [shown]),
  ];
  const batchAxis = checkCount('batchAxis', options.batchAxis ?? 0, 0);
  const log = logger ?? (isSilent ? silentLogger : shown.log);
  const trainer = new Trainer<B, O, T>({
    model,
    data,
    validation,
    step: stepOf('fit', options),
    optimizers,
    isAutomatic,
    schedules: schedulesOf(options.schedule),
    monitor: options.monitor ?? (validation === null ? 'loss' : 'valLoss'),
    metrics: metricsOf<O, T>('fit', options.metrics, batchAxis),
    batchAxis,
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

/** Refuses what is none of the objects that some options are. */
function checkParts({ data, validation, monitor, progress, logger, signal }: FitParts): void {
  if (monitor !== undefined && typeof monitor !== 'string') {
    throw new ArgumentError(`fit: monitor is ${inWords(monitor)}, expected the name of a value`);
  }
  batchesOf(data as TrainingData<unknown>);
  if (validation !== undefined && validation !== null) {
    batchesOf(validation as TrainingData<unknown>);
  }
  const has = (part: unknown, ...names: string[]): boolean =>
    typeof part === 'object' &&
    part !== null &&
    names.every((name) => typeof Reflect.get(part, name) === 'function');
  const isShown = progress === undefined || typeof progress === 'boolean' || has(progress, 'write');
  if (!isShown) {
    const expected = 'true, false or a stream';
    throw new ArgumentError(`fit: progress is ${inWords(progress)}, expected ${expected}`);
  }
  if (logger !== undefined && !has(logger, 'info', 'warn')) {
    throw new ArgumentError(
      `fit: the logger is ${inWords(logger)}, expected one with info and warn`,
    );
  }
  if (signal !== undefined && signal !== null && !has(signal, 'addEventListener')) {
    throw new ArgumentError(`fit: the signal is ${inWords(signal)}, expected an AbortSignal`);
  }
}

function callbacksOf(given: unknown): readonly Callback[] {
  const isObject = (each: unknown): each is Callback => typeof each === 'object' && each !== null;
  if (given === undefined) return [];
  if (Array.isArray(given) && given.every(isObject)) return given;
  throw new ArgumentError(`fit: the callbacks are ${inWords(given)}, expected a list of objects`);
}

function schedulesOf(given: unknown): readonly Scheduler[] {
  const isSchedule = (each: unknown): each is Scheduler =>
    typeof each === 'object' && each !== null && 'step' in each && typeof each.step === 'function';
  if (given === undefined) return [];
  if (isSchedule(given)) return [given];
  if (Array.isArray(given) && given.every(isSchedule)) return given;
  throw new ArgumentError(
    `fit: the schedule is ${inWords(given)}, expected a schedule of optim, or a list of them`,
  );
}

function checkpointsOf(given: string | ModelCheckpoint | undefined): ModelCheckpoint[] {
  if (given === undefined) return [];
  if (given instanceof ModelCheckpoint) return [given];
  if (typeof given === 'string') return [new ModelCheckpoint(given)];
  throw new ArgumentError(
    `fit: checkpoint is a ${typeof given}, expected a folder or a train.ModelCheckpoint`,
  );
}

import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ArgumentError, CheckpointError } from '../errors.js';
import type { Module } from '../nn/module.js';
import { Optimizer } from '../optim/optimizer.js';
import { LAST, ModelCheckpoint, type ModelCheckpointOptions } from './callbacks/modelCheckpoint.js';
import type { ProgressStream } from './callbacks/progress.js';
import { ProgressCallback } from './callbacks/progressCallback.js';
import { readCheckpoint } from './checkpoint/checkpointFile.js';
import type { Callback } from './loop/callback.js';
import type { TrainingData } from './loop/data.js';
import { evaluation } from './loop/evaluation.js';
import type { History } from './loop/history.js';
import { type Logger, silentLogger } from './loop/logger.js';
import type { Schedules } from './loop/schedule.js';
import {
  type LossOf,
  type OutputOf,
  outcomeOf,
  type StepFunction,
  supervised,
  type TargetOf,
} from './loop/step.js';
import { Tally } from './loop/tally.js';
import { Trainer } from './loop/trainer.js';
import { Mean, type MetricFunction } from './metrics/mean.js';
import { Metric } from './metrics/metric.js';

/** Metrics by the names that their values get; functions are averaged over the samples. */
export type Metrics<N extends string, O, T> = Readonly<
  Record<N, Metric<O, T> | MetricFunction<O, T>>
>;

/** Options of `fit` that do not depend on how the loss is computed. */
export interface FitCommon<M extends Module, B> {
  /** Trained in place. If it is in evaluation mode as a whole, it is switched to training. */
  model: M;
  /** Batches to train on, `[...inputs, target]`. */
  data: TrainingData<B>;
  /** Batches to judge by after each epoch. */
  validation?: TrainingData<B> | undefined;
  /** Passes over the data in all, parts before `resume` included. Default: 1. */
  epochs?: number;
  /** Learning-rate schedules; each says itself whether it moves by the batch or by the epoch. */
  schedule?: Schedules | undefined;
  /** The value that schedules by the epoch watch. Default: `valLoss`, or `loss` without validation. */
  monitor?: string;
  callbacks?: readonly Callback[];
  /** Batches whose gradients make up one update, their mean. Default: 1. */
  accumulate?: number;
  /** Limits the norm of all gradients together, before each update. Default: no limit. */
  clipGradNorm?: number;
  /** Stops training after the step in flight. */
  signal?: AbortSignal | undefined;
  /**
   * Where to save checkpoints: a folder, for one after each epoch (and the best one apart), or all options of
   * {@link ModelCheckpoint}.
   */
  checkpoint?: string | ModelCheckpointOptions | undefined;
  /**
   * Goes on from a checkpoint, bit for bit, also from the middle of an epoch: the file, or the folder of a run
   * (its `last.safetensors`); `true` for that of `checkpoint`. Starts from the beginning if the folder has none yet,
   * so that the same program can be started again and again.
   */
  resume?: boolean | string | undefined;
  /** False for silence; or where to write. Default: standard output, one live line where that is a terminal. */
  progress?: boolean | ProgressStream;
  /** Takes what progress would show, in place of it: a pino logger, `console`. */
  logger?: Logger | undefined;
}

/** Options of `fit` for a model with a loss of its output and a target. */
export interface FitOptions<M extends Module, B, N extends string = never> extends FitCommon<M, B> {
  /** Of output and target, the mean over the batch: a function such as `crossEntropy`, or a layer. */
  loss: LossOf<OutputOf<M>, TargetOf<B>>;
  optimizer: Optimizer;
  /** What to measure, on training and validation data. */
  metrics?: Metrics<N, OutputOf<M>, TargetOf<B>>;
  step?: undefined;
}

/** Options of `fit` for a training step of your own. */
export interface StepFitOptions<M extends Module, B, N extends string, O, T>
  extends FitCommon<M, B> {
  /**
   * Computes the loss of a batch; validation uses it, too (`training` is false then). With one optimizer, `fit` runs
   * backward() and the update.
   */
  step: StepFunction<B, O, T>;
  /** One; or several by name, which the step function then runs itself: zeroGrad, backward and step. */
  optimizer: Optimizer | Readonly<Record<string, Optimizer>>;
  /** Of the `output` and `target` that the step function returns. */
  metrics?: Metrics<N, O, T>;
  loss?: undefined;
}

/** All options, as `fit` takes them apart. */
type AnyOptions<M extends Module, B, N extends string, O, T> = FitCommon<M, B> & {
  loss?: LossOf<O, T> | undefined;
  step?: StepFunction<B, O, T> | undefined;
  optimizer: Optimizer | Readonly<Record<string, Optimizer>>;
  metrics?: Metrics<N, O, T>;
};

function checkCount(name: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new ArgumentError(`fit: ${name} is ${value}, expected an integer ≥ ${least}`);
}

function checkClip(value: number | undefined): number | null {
  if (value === undefined) return null;
  if (value > 0) return value;
  throw new ArgumentError(`fit: clipGradNorm is ${value}, expected a number > 0`);
}

const RESERVED = ['loss', 'valLoss'];

function metricsOf<O, T>(given: Metrics<string, O, T> | undefined): Map<string, Metric<O, T>> {
  const metrics = new Map<string, Metric<O, T>>();
  for (const [name, metric] of Object.entries(given ?? {})) {
    if (RESERVED.includes(name)) {
      throw new ArgumentError(`fit: a metric cannot be called ${name}, which is the loss`);
    }
    metrics.set(name, metric instanceof Metric ? metric : new Mean(metric));
  }
  return metrics;
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

/** The step of either form of options. */
function stepOf<M extends Module, B, O, T>(
  owner: string,
  {
    model,
    loss,
    step,
  }: { model: M; loss?: LossOf<O, T> | undefined; step?: StepFunction<B, O, T> | undefined },
): StepFunction<B, O, T> {
  if ((loss === undefined) === (step === undefined)) {
    throw new ArgumentError(`${owner}: expected either a loss or a step function`);
  }
  return step ?? supervised(model, loss as LossOf<O, T>);
}

/**
 * Trains a model: epochs over the data, with validation after each, metrics, schedules and callbacks, and progress
 * to look at. The event loop stays free: steps are queued one ahead, losses and metrics are read when they are
 * there. Each step is a scope, so nothing has to be disposed of.
 *
 * @returns the values of every epoch
 * @throws ArgumentError for options that do not fit together
 * @throws CheckpointError for a checkpoint that is damaged, or of another run: nothing is loaded then; or for one
 *   that cannot be written
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
  options: AnyOptions<M, B, N, O, T>,
): Promise<History<N>> {
  const { model, data, validation = null, signal = null, progress = true } = options;
  const optimizers = optimizersOf(options.optimizer);
  const isAutomatic = options.optimizer instanceof Optimizer;
  if (!isAutomatic && options.step === undefined) {
    throw new ArgumentError('fit: with several optimizers, a step function has to run them');
  }
  const isSilent = progress === false && options.logger === undefined;
  const shown = new ProgressCallback({
    ...(typeof progress === 'object' ? { stream: progress } : {}),
    ...(options.logger === undefined ? {} : { logger: options.logger }),
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
    metrics: metricsOf<O, T>(options.metrics),
    callbacks,
    epochs: checkCount('epochs', options.epochs ?? 1, 1),
    accumulate: checkCount('accumulate', options.accumulate ?? 1, 1),
    clipGradNorm: checkClip(options.clipGradNorm),
    signal,
    log,
  });
  const from = await resumePath(options.resume, callbacks);
  if (from !== null) {
    trainer.restore(await readCheckpoint(from), from);
    log.info({ from, step: trainer.step }, `going on from ${from}, step ${trainer.step}`);
  }
  return trainer.run();
}

function checkpointsOf(given: string | ModelCheckpointOptions | undefined): ModelCheckpoint[] {
  if (given === undefined) return [];
  return [new ModelCheckpoint(typeof given === 'string' ? { dir: given } : given)];
}

/** The checkpoint to go on from; null to start from the beginning. */
async function resumePath(
  resume: boolean | string | undefined,
  callbacks: readonly Callback[],
): Promise<string | null> {
  if (resume === undefined || resume === false) return null;
  if (typeof resume === 'string') {
    const entry = await entryAt(resume);
    const isFolder = entry?.isDirectory() ?? !resume.endsWith('.safetensors');
    return isFolder ? existing(join(resume, LAST)) : resume;
  }
  const saving = callbacks.find((callback) => callback instanceof ModelCheckpoint);
  if (saving === undefined) {
    throw new ArgumentError('fit: resume is true without checkpoint; give one of them a folder');
  }
  return existing(saving.lastPath);
}

async function existing(path: string): Promise<string | null> {
  return (await entryAt(path)) === null ? null : path;
}

/** Null if there is nothing; what cannot be looked at must not be taken for nothing. */
async function entryAt(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return null;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CheckpointError(`${path}: cannot be looked at: ${reason}`, { cause });
  }
}

/** What {@link evaluate} takes. */
export interface EvaluateOptions<M extends Module, B, N extends string = never> {
  model: M;
  data: TrainingData<B>;
  loss: LossOf<OutputOf<M>, TargetOf<B>>;
  metrics?: Metrics<N, OutputOf<M>, TargetOf<B>>;
}

/**
 * Loss and metrics of a model over all data, in evaluation mode and without gradients.
 *
 * @example
 * const { loss, accuracy } = await train.evaluate({
 *   model, data: testLoader, loss: crossEntropy, metrics: { accuracy: new train.Accuracy() },
 * });
 */
export async function evaluate<M extends Module, B, N extends string = never>(
  options: EvaluateOptions<M, B, N>,
): Promise<Record<'loss' | N, number>> {
  type O = OutputOf<M>;
  type T = TargetOf<B>;
  const { model, data, loss } = options;
  const step = stepOf<M, B, O, T>('evaluate', { model, loss });
  const values = await evaluation<B, O, T>({
    model,
    data,
    tally: new Tally(metricsOf<O, T>(options.metrics)),
    async compute(batch) {
      return outcomeOf(await step(batch, { training: false, epoch: 0, step: 0 }), batch);
    },
    shouldStop: () => false,
  });
  return values as Record<'loss' | N, number>;
}

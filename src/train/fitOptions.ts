import { ArgumentError } from '../errors.js';
import type { Module } from '../nn/module.js';
import type { Optimizer } from '../optim/optimizer.js';
import { inWords, type OptionNames } from '../options.js';
import type { ModelCheckpoint } from './callbacks/modelCheckpoint.js';
import type { ProgressStream } from './callbacks/progress.js';
import type { Callback } from './loop/callback.js';
import type { TrainingData } from './loop/data.js';
import type { Logger } from './loop/logger.js';
import type { Schedules } from './loop/schedule.js';
import {
  checkedLoss,
  checkModel,
  type LossOf,
  type OutputOf,
  type StepFunction,
  supervised,
  type TargetOf,
} from './loop/step.js';
import { Mean, type MetricFunction } from './metrics/mean.js';
import { Metric } from './metrics/metric.js';

/** Metrics by the names that their values get; functions are averaged, see {@link Mean}. */
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
  /** Batches whose gradients make up one update: that of all their samples in one batch. Default: 1. */
  accumulate?: number;
  /**
   * The axis of a batch's samples: 1 for [T, B, ...]. Counts samples, which is also what losses and means weigh that do
   * not know their weights, see {@link WeighedLoss}. Default: 0.
   */
  batchAxis?: number;
  /** Limits the norm of all gradients together, before each update. Default: no limit. */
  clipGradNorm?: number;
  /** Stops training after the step in flight. */
  signal?: AbortSignal | undefined;
  /**
   * Where to save checkpoints: a folder, for one after each epoch (and the best one apart), or a
   * {@link ModelCheckpoint}, which has more to choose.
   */
  checkpoint?: string | ModelCheckpoint | undefined;
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
  /**
   * Of output and target, the mean over the batch: a function such as `crossEntropy`, or a layer. One of your own may
   * return `{ loss, weight }`, see {@link WeighedLoss}.
   */
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
export type AnyFitOptions<M extends Module, B, N extends string, O, T> = FitCommon<M, B> & {
  loss?: LossOf<O, T> | undefined;
  step?: StepFunction<B, O, T> | undefined;
  optimizer: Optimizer | Readonly<Record<string, Optimizer>>;
  metrics?: Metrics<N, O, T>;
};

/** The names of all options of `fit`. */
export const FIT_NAMES: OptionNames<AnyFitOptions<Module, unknown, string, unknown, unknown>> = {
  model: true,
  data: true,
  validation: true,
  loss: true,
  step: true,
  optimizer: true,
  metrics: true,
  epochs: true,
  schedule: true,
  monitor: true,
  callbacks: true,
  accumulate: true,
  batchAxis: true,
  clipGradNorm: true,
  signal: true,
  checkpoint: true,
  resume: true,
  progress: true,
  logger: true,
};

const RESERVED = ['loss', 'valLoss'];

/**
 * The metrics by their names; functions become means.
 * @throws ArgumentError for the name of a loss
 */
export function metricsOf<O, T>(
  owner: string,
  given: Metrics<string, O, T> | undefined,
  batchAxis: number,
): Map<string, Metric<O, T>> {
  if (given !== undefined && (typeof given !== 'object' || given === null)) {
    throw new ArgumentError(
      `${owner}: the metrics are ${inWords(given)}, expected metrics by name`,
    );
  }
  const metrics = new Map<string, Metric<O, T>>();
  for (const [name, metric] of Object.entries(given ?? {})) {
    if (RESERVED.includes(name)) {
      throw new ArgumentError(`${owner}: a metric cannot be called ${name}, which is the loss`);
    }
    if (!(metric instanceof Metric) && typeof metric !== 'function') {
      throw new ArgumentError(
        `${owner}: the metric ${name} is ${inWords(metric)}, expected a Metric or a function`,
      );
    }
    metrics.set(name, metric instanceof Metric ? metric : new Mean(metric, { batchAxis }));
  }
  return metrics;
}

/**
 * The step of either form of options.
 * @throws ArgumentError unless there is one of loss and step
 */
export function stepOf<M extends Module, B, O, T>(
  owner: string,
  {
    model,
    loss,
    step,
  }: { model: M; loss?: LossOf<O, T> | undefined; step?: StepFunction<B, O, T> | undefined },
): StepFunction<B, O, T> {
  checkModel(owner, model);
  if ((loss === undefined) === (step === undefined)) {
    throw new ArgumentError(`${owner}: expected either a loss or a step function`);
  }
  if (step === undefined) return supervised(model, checkedLoss(owner, loss as LossOf<O, T>));
  if (typeof step === 'function') return step;
  throw new ArgumentError(`${owner}: the step is ${inWords(step)}, expected a function`);
}

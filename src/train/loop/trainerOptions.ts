import type { Metric } from '../metrics/metric.js';
import type { Logger } from './logger.js';
import type { Capture, RunParts } from './runParts.js';
import type { StepFunction } from './step.js';
import type { GradientExchange } from './trainingStep.js';

/** Options of `fit` in their full form. */
export interface TrainerOptions<B, O, T> extends Omit<RunParts<B, O, T>, 'tally' | 'position'> {
  readonly step: StepFunction<B, O, T>;
  /** The axis of a batch's samples. Default: 0. */
  readonly batchAxis?: number;
  /** False where the step function runs backward() and the optimisers itself. */
  readonly isAutomatic: boolean;
  /** The value that schedules by the epoch are told. */
  readonly monitor: string;
  readonly metrics: ReadonlyMap<string, Metric<O, T>>;
  readonly epochs: number;
  /** Batches of an update. */
  readonly accumulate: number;
  readonly clipGradNorm: number | null;
  /** Makes the gradients of several machines one; null on a single one. */
  readonly exchange: GradientExchange | null;
  readonly signal: AbortSignal | null;
  readonly log: Logger;
  /** How checkpoints are taken. */
  readonly capture: Capture<B, O, T>;
}

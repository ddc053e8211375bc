import type { Module } from '../../nn/module.js';
import type { Optimizer } from '../../optim/optimizer.js';
import type { Callback } from './callback.js';
import type { TrainingData } from './data.js';
import type { Position } from './position.js';
import type { Scheduler } from './schedule.js';
import type { Tally } from './tally.js';

/** All of a run that has a state of its own: what a checkpoint holds. */
export interface RunParts<B, O, T> {
  readonly model: Module;
  readonly data: TrainingData<B>;
  readonly validation: TrainingData<B> | null;
  /** By name; a single one is called `main`. */
  readonly optimizers: ReadonlyMap<string, Optimizer>;
  readonly schedules: readonly Scheduler[];
  readonly callbacks: readonly Callback[];
  readonly tally: Tally<O, T>;
  readonly position: Position;
  /** Epochs that the run is to have in all. */
  readonly epochs: number;
  /** Batches of an update. */
  readonly accumulate: number;
}

/** Takes a snapshot of a run. The function that it resolves to writes the snapshot to a file. */
export type Capture<B, O, T> = (
  parts: RunParts<B, O, T>,
) => Promise<(path: string) => Promise<void>>;

import { synchronize } from '../../backend/select.js';
import { ArgumentError } from '../../errors.js';
import type { Module } from '../../nn/module.js';
import type { Optimizer } from '../../optim/optimizer.js';
import { getRandomState, setRandomState } from '../../tensor/random.js';
import { type Checkpoint, writeCheckpoint } from '../checkpoint/checkpointFile.js';
import { capture, type Parts, restore } from '../checkpoint/restore.js';
import type { Progression } from '../checkpoint/savedState.js';
import type { Metric, Mode } from '../metrics/metric.js';
import type { Callback, TrainingRun } from './callback.js';
import { batchesOf, type TrainingData } from './data.js';
import { evaluation } from './evaluation.js';
import { type EpochRecord, History, type StopReason, validationName } from './history.js';
import type { Logger } from './logger.js';
import { Pace } from './pace.js';
import type { Scheduler } from './schedule.js';
import type { StepFunction } from './step.js';
import { StepRunner } from './stepRunner.js';
import { Stopwatch } from './stopwatch.js';
import { Tally } from './tally.js';

/** Options of `fit` in their full form. */
export interface TrainerOptions<B, O, T> {
  readonly model: Module;
  readonly data: TrainingData<B>;
  readonly validation: TrainingData<B> | null;
  readonly step: StepFunction<B, O, T>;
  readonly optimizers: ReadonlyMap<string, Optimizer>;
  /** False where the step function runs backward() and the optimisers itself. */
  readonly isAutomatic: boolean;
  readonly schedules: readonly Scheduler[];
  readonly monitor: string;
  readonly metrics: ReadonlyMap<string, Metric<O, T>>;
  readonly callbacks: readonly Callback[];
  readonly epochs: number;
  readonly accumulate: number;
  readonly clipGradNorm: number | null;
  readonly signal: AbortSignal | null;
  readonly log: Logger;
}

/** The loop behind `fit`. */
export class Trainer<B, O, T> implements TrainingRun {
  readonly #options: TrainerOptions<B, O, T>;
  readonly #tally: Tally<O, T>;
  readonly #pace = new Pace();
  readonly #steps: StepRunner<B, O, T>;
  readonly history = new History([], (name) => this.modeOf(name));

  #epoch = 0;
  #epochsDone = 0;
  #batch = 0;
  readonly #watch = new Stopwatch();
  /** What the epoch under way came to, once its training part is done. */
  #trained: Readonly<Record<string, number>> | null = null;
  #stopReason: StopReason | null = null;

  /** Batches to pass over, of data that do not know where they were. */
  #toSkip = 0;

  /** Checkpoints to save once the hooks of this moment have run. */
  readonly #wanted = new Set<string>();
  /** Whether the run is at a point from which it can go on later. */
  #isSettling = false;

  constructor(options: TrainerOptions<B, O, T>) {
    this.#options = options;
    this.#tally = new Tally(options.metrics);
    const { callbacks } = options;
    this.#steps = new StepRunner({
      ...options,
      tally: this.#tally,
      wantsValues: callbacks.some((c) => c.onStepValues),
      beforeUpdate: callbacks.some((c) => c.onBeforeUpdate)
        ? (update) => this.#each((c) => c.onBeforeUpdate?.(this, update))
        : null,
    });
  }

  get model(): Module {
    return this.#options.model;
  }

  get optimizers(): ReadonlyMap<string, Optimizer> {
    return this.#options.optimizers;
  }

  get lr(): number {
    return this.#steps.lr;
  }

  get epochs(): number {
    return this.#options.epochs;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get step(): number {
    return this.#steps.step;
  }

  get batch(): number {
    return this.#batch;
  }

  get batchesPerEpoch(): number | undefined {
    return this.#options.data.length;
  }

  get hasValidation(): boolean {
    return this.#options.validation !== null;
  }

  get log(): Logger {
    return this.#options.log;
  }

  values(): Record<string, number> {
    return this.#trained ?? this.#tally.values();
  }

  modeOf(name: string): Mode {
    const own = this.#tally.modeOf(name);
    if (own === 'max' || !name.startsWith('val')) return own;
    return this.#tally.modeOf(`${name.charAt(3).toLowerCase()}${name.slice(4)}`);
  }

  stop(reason: string): void {
    this.#stopReason ??= reason;
  }

  save(path: string): void {
    if (!this.#isSettling) {
      throw new ArgumentError('save: expected a call from onBatchEnd, onEpochEnd or onStop');
    }
    this.#wanted.add(path);
  }

  get #parts(): Parts<B, O, T> {
    return { ...this.#options, tally: this.#tally };
  }

  /** Goes on from a checkpoint; loads all of it or, if anything does not fit, nothing. */
  restore(checkpoint: Checkpoint, name: string): void {
    const saved = restore(this.#parts, checkpoint, name);
    setRandomState(saved.random);
    this.#epochsDone = saved.epochsDone;
    this.#steps.step = saved.step;
    this.#batch = saved.batch;
    this.#steps.samples = saved.samples;
    this.#watch.seconds = saved.seconds;
    this.#trained = saved.trained;
    this.#stopReason = saved.stopReason;
    const isAmidst = this.#options.data.loadStateDict === undefined && saved.trained === null;
    this.#toSkip = isAmidst ? saved.batch : 0;
    for (const record of saved.epochs) this.history.push(record);
  }

  get #progression(): Progression {
    return {
      epochsDone: this.#epochsDone,
      step: this.#steps.step,
      batch: this.#batch,
      samples: this.#steps.samples,
      seconds: this.#watch.seconds,
      trained: this.#trained,
      // An interruption is no reason not to go on.
      stopReason: this.#stopReason === 'aborted' ? null : this.#stopReason,
      random: getRandomState(),
      epochs: this.history.epochs,
    };
  }

  /** Runs hooks that may save, goes on to where the run could be taken up again, and saves what they wanted. */
  async #settle(
    hook: (callback: Callback) => void | Promise<void> | undefined,
    goOn: () => void = () => {},
  ): Promise<void> {
    this.#isSettling = true;
    try {
      await this.#each(hook);
    } finally {
      this.#isSettling = false;
    }
    goOn();
    if (this.#wanted.size === 0) return;
    const paths = [...this.#wanted];
    this.#wanted.clear();
    await this.#tally.flush();
    await this.#tellSteps();
    const pieces = await capture(this.#parts, this.#progression);
    for (const path of paths) {
      await writeCheckpoint(path, pieces);
      const saved = { path, epoch: this.epoch, step: this.#steps.step };
      await this.#each((c) => c.onCheckpoint?.(this, saved));
    }
  }

  async run(): Promise<History> {
    const { training } = this.model;
    try {
      if (!training) this.model.train();
      await this.#each((c) => c.onTrainBegin?.(this));
      while (this.#epochsDone < this.epochs && !this.#shouldStop) await this.#runEpoch();
      if (this.#stopReason !== null) await this.#settle((c) => c.onStop?.(this));
      this.history.stopReason = this.#stopReason ?? 'finished';
      await this.#each((c) => c.onTrainEnd?.(this, this.history));
      return this.history;
    } catch (error) {
      await this.#fail(error);
      this.#tally.reset();
      throw error;
    } finally {
      this.#steps.dropLoss();
    }
  }

  /** Lets callbacks close what they have open; the first error is the one to tell. */
  async #fail(error: unknown): Promise<void> {
    // What is still queued may fail for the same reason, and is nobody else's business.
    await synchronize().catch(() => {});
    for (const callback of this.#options.callbacks) {
      try {
        await callback.onTrainError?.(this, error);
      } catch (second) {
        this.log.warn({ error: second }, 'fit: a callback failed in onTrainError');
      }
    }
  }

  async #each(hook: (callback: Callback) => void | Promise<void> | undefined): Promise<void> {
    for (const callback of this.#options.callbacks) {
      const result = hook(callback);
      if (result !== undefined) await result;
    }
  }

  get #shouldStop(): boolean {
    if (this.#options.signal?.aborted) this.#stopReason ??= 'aborted';
    return this.#stopReason !== null;
  }

  async #runEpoch(): Promise<void> {
    this.#epoch = this.#epochsDone + 1;
    await this.#each((c) => c.onEpochBegin?.(this));
    let trained = this.#trained;
    if (trained === null) {
      if (this.#batch === 0) this.#tally.reset();
      this.#watch.start();
      trained = await this.#trainEpoch();
      this.#watch.stop();
      if (trained === null) return;
    }
    const began = performance.now();
    const validated = await this.#validate();
    if (validated === null) return;
    const record: EpochRecord = {
      epoch: this.#epoch,
      step: this.#steps.step,
      values: { ...trained, ...validated },
      lr: this.lr,
      seconds: this.#watch.seconds + (performance.now() - began) / 1e3,
      samplesPerSecond: this.#steps.samples / this.#watch.seconds,
    };
    this.history.push(record);
    const metric = record.values[this.#options.monitor];
    for (const schedule of this.#options.schedules) {
      if (schedule.interval !== 'batch') schedule.step(metric);
    }
    await this.#settle(
      (c) => c.onEpochEnd?.(this, record),
      () => this.#leaveEpoch(),
    );
  }

  #leaveEpoch(): void {
    this.#epochsDone++;
    this.#batch = 0;
    this.#steps.samples = 0;
    this.#watch.seconds = 0;
    this.#trained = null;
  }

  /** What the training part of an epoch comes to; null if it was stopped in the middle. */
  async #trainEpoch(): Promise<Readonly<Record<string, number>> | null> {
    for await (const batch of batchesOf(this.#options.data)) {
      if (this.#toSkip > 0) {
        this.#toSkip--;
        continue;
      }
      await this.#steps.train(batch, this.#epoch, this.#window);
      this.#batch++;
      await this.#pace.step();
      this.#tally.drain();
      await this.#tellSteps();
      if (this.#steps.gathered > 0) continue;
      await this.#endStep();
      if (this.#shouldStop) return null;
    }
    if (this.#batch === 0) {
      throw new ArgumentError(
        `fit: there are no batches in epoch ${this.#epoch}; data have to be such that they can be gone through again`,
      );
    }
    // What a last window has gathered counts, too, where the data did not say that it would be incomplete.
    const isOpen = this.#steps.gathered > 0;
    if (isOpen) this.#steps.update(this.#epoch);
    await this.#tally.flush();
    await this.#tellSteps();
    this.#trained = this.#tally.values();
    if (isOpen) await this.#endStep();
    return this.#trained;
  }

  async #tellSteps(): Promise<void> {
    for (const values of this.#steps.takeValues()) {
      await this.#each((c) => c.onStepValues?.(this, values));
    }
  }

  /** Batches that the update under way is made of. */
  get #window(): number {
    const { accumulate, data } = this.#options;
    const begin = this.#batch - this.#steps.gathered;
    return Math.max(1, Math.min(accumulate, (data.length ?? Number.POSITIVE_INFINITY) - begin));
  }

  /** Tells of the update that has been queued. */
  async #endStep(): Promise<void> {
    const { last } = this.#steps;
    if (last !== null) await this.#settle((c) => c.onBatchEnd?.(this, last));
  }

  /** Values of the validation data by their names; null if it was broken off. */
  async #validate(): Promise<Record<string, number> | null> {
    const { validation } = this.#options;
    if (validation === null) return {};
    const before = validation.stateDict?.();
    await this.#each((c) => c.onValidationBegin?.(this));
    const values = await evaluation({
      model: this.model,
      data: validation,
      tally: this.#tally,
      compute: (batch) => this.#steps.compute(batch, false, this.#epoch),
      shouldStop: () => this.#options.signal?.aborted === true,
    });
    await this.#each((c) => c.onValidationEnd?.(this));
    if (values === null) {
      this.#stopReason ??= 'aborted';
      // It is done again, in full, when the run goes on.
      if (before !== undefined) validation.loadStateDict?.(before);
      return null;
    }
    const named = Object.entries(values).map(([name, value]) => [validationName(name), value]);
    return Object.fromEntries(named);
  }
}

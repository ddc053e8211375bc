import { performance } from 'node:perf_hooks';
import { synchronize } from '../../backend/select.js';
import { ArgumentError } from '../../errors.js';
import type { Module } from '../../nn/module.js';
import type { Goal } from '../../optim/goal.js';
import type { Optimizer } from '../../optim/optimizer.js';
import { inWords } from '../../options.js';
import type { Callback, TrainingRun } from './callback.js';
import { batchesOf } from './data.js';
import { evaluation } from './evaluation.js';
import { type EpochRecord, History } from './history.js';
import type { Logger } from './logger.js';
import { Pace } from './pace.js';
import { Position } from './position.js';
import type { RunParts } from './runParts.js';
import { StepRunner } from './stepRunner.js';
import { Tally } from './tally.js';
import type { TrainerOptions } from './trainerOptions.js';
import { validatedName, validationName } from './valueNames.js';

/** The loop behind `fit`. */
export class Trainer<B, O, T> implements TrainingRun {
  readonly #options: TrainerOptions<B, O, T>;
  readonly #tally: Tally<O, T>;
  readonly #pace = new Pace();
  readonly #steps: StepRunner<B, O, T>;
  readonly #position: Position;
  readonly history: History;

  /** The epoch under way, from 1; 0 before the first. */
  #epoch = 0;

  /** Checkpoints to save once the hooks of this moment have run. */
  readonly #wanted = new Set<string>();
  /** Whether the run is at a point from which it can go on later. */
  #isSettling = false;

  constructor(options: TrainerOptions<B, O, T>) {
    this.#options = options;
    this.#tally = new Tally(options.metrics);
    this.history = new History([], { goalOf: (name) => this.goalOf(name) });
    this.#position = new Position(this.history);
    const { callbacks } = options;
    this.#steps = new StepRunner({
      ...options,
      position: this.#position,
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
    return this.#position.step;
  }

  get batch(): number {
    return this.#position.batch;
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
    return this.#position.trained ?? this.#tally.values();
  }

  goalOf(name: string): Goal {
    const own = this.#tally.goalOf(name);
    const validated = validatedName(name);
    return own === 'max' || validated === null ? own : this.#tally.goalOf(validated);
  }

  stop(reason: string): void {
    if (typeof reason !== 'string') {
      throw new ArgumentError(`run.stop: the reason is ${inWords(reason)}, expected a text`);
    }
    this.#position.stopReason ??= reason;
  }

  save(path: string): void {
    if (!this.#isSettling) {
      throw new ArgumentError('save: expected a call from onBatchEnd, onEpochEnd or onStop');
    }
    this.#wanted.add(path);
  }

  /** All of the run that has a state of its own. */
  get parts(): RunParts<B, O, T> {
    return { ...this.#options, tally: this.#tally, position: this.#position };
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
    const write = await this.#options.capture(this.parts);
    for (const path of paths) {
      await write(path);
      const saved = { path, epoch: this.epoch, step: this.step };
      await this.#each((c) => c.onCheckpoint?.(this, saved));
    }
  }

  async run(): Promise<History> {
    const { training } = this.model;
    try {
      if (!training) this.model.train();
      await this.#each((c) => c.onTrainBegin?.(this));
      while (this.#position.epochsDone < this.epochs && !this.#shouldStop) await this.#runEpoch();
      if (this.#position.stopReason !== null) await this.#settle((c) => c.onStop?.(this));
      this.history.stopReason = this.#position.stopReason ?? 'finished';
      await this.#each((c) => c.onTrainEnd?.(this, this.history));
      return this.history;
    } catch (error) {
      await this.#fail(error);
      this.#tally.reset();
      throw error;
    } finally {
      this.#steps.dispose();
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
    if (this.#options.signal?.aborted) this.#position.stopReason ??= 'aborted';
    return this.#position.stopReason !== null;
  }

  async #runEpoch(): Promise<void> {
    this.#epoch = this.#position.epochsDone + 1;
    await this.#each((c) => c.onEpochBegin?.(this));
    let trained = this.#position.trained;
    if (trained === null) {
      if (this.#position.batch === 0) this.#tally.reset();
      this.#position.watch.start();
      trained = await this.#trainEpoch();
      this.#position.watch.stop();
      if (trained === null) return;
    }
    const began = performance.now();
    const validated = await this.#validate();
    if (validated === null) return;
    const record: EpochRecord = {
      epoch: this.#epoch,
      step: this.step,
      values: { ...trained, ...validated },
      lr: this.lr,
      seconds: this.#position.watch.seconds + (performance.now() - began) / 1e3,
      samplesPerSecond: this.#position.samples / this.#position.watch.seconds,
    };
    this.history.push(record);
    const metric = record.values[this.#options.monitor];
    for (const schedule of this.#options.schedules) {
      if (schedule.interval !== 'batch') schedule.step(metric);
    }
    await this.#settle(
      (c) => c.onEpochEnd?.(this, record),
      () => this.#position.endEpoch(),
    );
  }

  /** What the training part of an epoch comes to; null if it was stopped in the middle. */
  async #trainEpoch(): Promise<Readonly<Record<string, number>> | null> {
    const { data } = this.#options;
    // Data that do not know where they were begin anew: what a resumed epoch has had of them is passed over.
    let toSkip = data.loadStateDict === undefined ? this.#position.batch : 0;
    for await (const batch of batchesOf(data)) {
      if (toSkip > 0) {
        toSkip--;
        continue;
      }
      await this.#steps.train(batch, this.#epoch, this.#window);
      this.#position.batch++;
      await this.#pace.step();
      this.#tally.drain();
      await this.#tellSteps();
      if (this.#steps.gathered > 0) continue;
      await this.#endStep();
      if (this.#shouldStop) return null;
    }
    if (this.#position.batch === 0) {
      throw new ArgumentError(
        `fit: there are no batches in epoch ${this.#epoch}; data must be re-iterable; a generator can be read only once`,
      );
    }
    // What a last window has gathered counts, too, where the data did not say that it would be incomplete.
    const isOpen = this.#steps.gathered > 0;
    if (isOpen) await this.#steps.finish(this.#epoch);
    await this.#tally.flush();
    await this.#tellSteps();
    this.#position.trained = this.#tally.values();
    if (isOpen) await this.#endStep();
    return this.#position.trained;
  }

  async #tellSteps(): Promise<void> {
    for (const values of this.#steps.takeValues()) {
      await this.#each((c) => c.onStepValues?.(this, values));
    }
  }

  /** Batches that the update under way is made of. */
  get #window(): number {
    const { accumulate, data } = this.#options;
    const begin = this.#position.batch - this.#steps.gathered;
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
      this.#position.stopReason ??= 'aborted';
      // It is done again, in full, when the run goes on.
      if (before !== undefined) validation.loadStateDict?.(before);
      return null;
    }
    const named = Object.entries(values).map(([name, value]) => [validationName(name), value]);
    return Object.fromEntries(named);
  }
}

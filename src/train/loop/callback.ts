import type { JsonObject } from '../../io/json.js';
import type { Module } from '../../nn/module.js';
import type { Goal } from '../../optim/goal.js';
import type { Optimizer } from '../../optim/optimizer.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { EpochRecord, History } from './history.js';
import type { Logger } from './logger.js';

/** The training under way, as callbacks see it. */
export interface TrainingRun {
  readonly model: Module;
  /** By name; a single one is called `main`. */
  readonly optimizers: ReadonlyMap<string, Optimizer>;
  /** Learning rate of the first group of the first optimiser. */
  readonly lr: number;
  /** Epochs that the run is to have in all. */
  readonly epochs: number;
  /** The epoch under way, from 1; 0 before the first. */
  readonly epoch: number;
  /** Updates of the weights since the run began, over all epochs and resumed parts of it. */
  readonly step: number;
  /** Batches of the epoch under way that were trained on. */
  readonly batch: number;
  /** Batches of an epoch, where the data say it. */
  readonly batchesPerEpoch: number | undefined;
  /** Whether there are validation data. */
  readonly hasValidation: boolean;
  /** The epochs so far. */
  readonly history: History;
  /** Where messages go: the logger given to `fit`, or the terminal; nowhere when silent. */
  readonly log: Logger;
  /**
   * `loss`, metrics and reported values of the epoch under way, over the steps that the queue has computed by now.
   * Costs no wait.
   */
  values(): Record<string, number>;
  /** Whether more or less of a value is better: metrics know, everything else is like a loss. */
  goalOf(name: string): Goal;
  /** Ends training after the step, or the epoch, under way. The reason goes to `history.stopReason`. */
  stop(reason: string): void;
  /**
   * Saves a checkpoint as soon as the hooks of this moment have run, those of other callbacks, too, so that it holds
   * what they will go on with. Its folder is made. `onCheckpoint` tells when it is safe on disk.
   * From `onBatchEnd`, `onEpochEnd` and `onStop` only.
   */
  save(path: string): void;
}

/** One update of the weights that has been queued. */
export interface StepInfo {
  /** As {@link TrainingRun.step}. */
  readonly step: number;
  /** Training samples behind it. */
  readonly samples: number;
  /** Loss of its last batch, a scalar that nothing has waited for; let go of after the hook. */
  readonly loss: Tensor;
}

/** What came of a step, once the queue had computed it. */
export interface StepValues {
  /** As {@link TrainingRun.step}. */
  readonly step: number;
  readonly epoch: number;
  readonly samples: number;
  readonly loss: number;
  /** Learning rate of the step. */
  readonly lr: number;
  /** Norm of the gradients before clipping, where `clipGradNorm` is on. */
  readonly gradNorm: number | undefined;
  /** What a `step` function reported, by name. */
  readonly reported: Readonly<Record<string, number>>;
}

/** An update whose gradients are there, and that was not made yet. */
export interface PendingUpdate {
  readonly step: number;
  /**
   * The loss of all batches of the update, as of one; batches that weigh nothing are left out, and it is 0 if all do.
   * A scalar on the queue; reading it waits.
   */
  readonly loss: Tensor;
  /**
   * Computes the loss of the update's last batch again, from the same random state, so that it can be looked at closely.
   * Let go of what it returns. Of an update that was to have more batches, the loss is given as it was.
   */
  replay(): Tensor | Promise<Tensor>;
}

/** A checkpoint that is safe on disk. */
export interface SavedCheckpoint {
  readonly path: string;
  readonly epoch: number;
  readonly step: number;
}

/** The run that a checkpoint is loaded into, for callbacks that check their part of it. */
export interface ResumedRun extends Pick<TrainingRun, 'model' | 'optimizers'> {
  /** Updates that the checkpoint has behind it. */
  readonly step: number;
  /** Epochs that the checkpoint has behind it. */
  readonly epochs: number;
}

/** What a callback has to remember in a checkpoint. Tensors are live, not copies. */
export interface CallbackState {
  readonly values?: JsonObject;
  readonly tensors?: ReadonlyMap<string, Tensor>;
}

/**
 * What happens beside training, at moments of your choice: all hooks are optional, may be async (training waits), and
 * run in the order in which the callbacks were given to `fit`.
 *
 * @example
 * const lowerRate: train.Callback = {
 *   onEpochEnd(run, record) {
 *     if (record.epoch === 10) for (const optimizer of run.optimizers.values()) optimizer.lr /= 10;
 *   },
 * };
 */
export interface Callback {
  /** Its name in checkpoints. Default: the class, numbered where there are several. */
  readonly name?: string;
  /** Before the first epoch, or the first one after `resume`; what was saved is loaded by then. */
  onTrainBegin?(run: TrainingRun): void | Promise<void>;
  /** Also when a run goes on in the middle of an epoch; `run.batch` tells. */
  onEpochBegin?(run: TrainingRun): void | Promise<void>;
  /**
   * Gradients are there, not clipped yet; the update is not. An async hook here costs the time that the queue could
   * have gone on with the update.
   */
  onBeforeUpdate?(run: TrainingRun, update: PendingUpdate): void | Promise<void>;
  /** An update has been queued. Nothing has waited for it: to read the loss, use {@link onStepValues}. */
  onBatchEnd?(run: TrainingRun, info: StepInfo): void | Promise<void>;
  /** The numbers of a step, in order, a step or two after its `onBatchEnd`: costs no wait. */
  onStepValues?(run: TrainingRun, values: StepValues): void | Promise<void>;
  onValidationBegin?(run: TrainingRun): void | Promise<void>;
  /** Also when validation was broken off. */
  onValidationEnd?(run: TrainingRun): void | Promise<void>;
  /** After validation and the schedule's step; the record is part of `run.history` already. */
  onEpochEnd?(run: TrainingRun, record: EpochRecord): void | Promise<void>;
  /** Training was told to stop in mid-epoch, by the signal or by `run.stop()`. A moment to `run.save()`. */
  onStop?(run: TrainingRun): void | Promise<void>;
  onCheckpoint?(run: TrainingRun, checkpoint: SavedCheckpoint): void | Promise<void>;
  /** After the last epoch, or an early stop. */
  onTrainEnd?(run: TrainingRun, history: History): void | Promise<void>;
  /** Training failed; the error is thrown by `fit` afterwards. Close what is open. */
  onTrainError?(run: TrainingRun, error: unknown): void | Promise<void>;
  /** What to save in checkpoints. */
  stateDict?(): CallbackState;
  /**
   * Takes over a saved state; copies its tensors.
   * @throws CheckpointError if it does not fit, before anything changes
   */
  loadStateDict?(state: CallbackState): void;
  /**
   * Checks a saved state, and returns what takes it over, which cannot fail: a checkpoint is loaded once all of its
   * parts were found right. Without it, `loadStateDict` is tried, and undone if another part does not fit. Tensors that
   * it makes are freed unless it keeps them.
   * @throws CheckpointError if the state does not fit
   */
  prepareStateDict?(state: CallbackState, run: ResumedRun): () => void;
}

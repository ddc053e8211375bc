import { join } from 'node:path';
import { ArgumentError } from '../../errors.js';
import { removeFile } from '../../io/folder.js';
import type { FolderLock } from '../../io/folderLock.js';
import { checkPath } from '../../io/path.js';
import {
  fieldsOf,
  isCount,
  MOST_COUNT,
  noStateOf,
  plainCopy,
  reading,
} from '../../io/savedState.js';
import type { Goal } from '../../optim/goal.js';
import { checkOptions, inWords, type OptionNames } from '../../options.js';
import type {
  Callback,
  CallbackState,
  ResumedRun,
  SavedCheckpoint,
  TrainingRun,
} from '../loop/callback.js';
import type { EpochRecord } from '../loop/history.js';
import { type Asked, askedOf, isBetter, type Monitor, monitored, monitorOf } from './monitor.js';

export interface ModelCheckpointOptions {
  /** Saves after every so many epochs, and after the last; 0 for the last only. Default: 1. */
  everyEpochs?: number;
  /** Saves after every so many updates, too. Default: 0, not. */
  everySteps?: number;
  /** The value that tells the best epoch. Default: `valLoss`, or `loss` without validation. */
  monitor?: string;
  /** Whether less or more of it is better. Default: what the metric says, and `min` for losses. */
  goal?: Goal;
  /** Whether to save the best epoch apart. Default: true. */
  best?: boolean;
  /** Checkpoints to keep under numbered names besides. Default: 0. */
  keep?: number;
}

const NAMES: OptionNames<ModelCheckpointOptions> = {
  everyEpochs: true,
  everySteps: true,
  monitor: true,
  goal: true,
  best: true,
  keep: true,
};

/** The file that `resume` goes on from. */
export const LAST = 'last.safetensors';
const BEST = 'best.safetensors';
/** What it deletes when there are too many: names of its own, whatever a checkpoint says. */
const NUMBERED = /^(?:epoch|step)-[0-9]{1,16}\.safetensors$/;

/**
 * Saves checkpoints of the whole run: `last.safetensors`, which `resume` goes on from, `best.safetensors`, and the
 * latest ones as `epoch-0003.safetensors` or `step-00001200.safetensors`. Also when training is stopped. A checkpoint
 * takes the place of the one before only once it is safe on disk. While `fit` runs it has the folder to itself: a second
 * run is refused, also one of another process or machine.
 *
 * @example
 * callbacks: [new train.ModelCheckpoint('runs/7', { monitor: 'valAccuracy', everySteps: 500, keep: 3 })]
 */
export class ModelCheckpoint implements Callback {
  readonly folder: string;
  readonly #everyEpochs: number;
  readonly #everySteps: number;
  readonly #keep: number;
  readonly #wantsBest: boolean;
  readonly #asked: Asked;
  #monitor: Monitor = { name: 'loss', goal: 'min' };
  #best: number | null = null;
  /** Names of numbered files, oldest first. */
  #kept: string[] = [];
  #savedStep = -1;
  #lock: FolderLock | null = null;

  /**
   * @param folder made if need be; one run has it to itself
   * @throws ArgumentError for options that are unknown or out of range
   */
  constructor(folder: string, options: ModelCheckpointOptions = {}) {
    checkOptions('ModelCheckpoint', options, NAMES);
    const { monitor, goal, best = true, everyEpochs = 1, everySteps = 0, keep = 0 } = options;
    this.folder = checkPath('ModelCheckpoint', folder);
    this.#everyEpochs = count('everyEpochs', everyEpochs);
    this.#everySteps = count('everySteps', everySteps);
    this.#keep = count('keep', keep);
    this.#wantsBest = best;
    this.#asked = askedOf('ModelCheckpoint', monitor, goal);
  }

  /** Where the last checkpoint is. */
  get lastPath(): string {
    return join(this.folder, LAST);
  }

  /** Where the checkpoint of the best epoch is. */
  get bestPath(): string {
    return join(this.folder, BEST);
  }

  /**
   * Told by `fit` that the folder is its own, until null says that it is no longer.
   * @internal
   */
  set lock(lock: FolderLock | null) {
    this.#lock = lock;
  }

  onTrainBegin(run: TrainingRun): void {
    this.#monitor = monitorOf(run, this.#asked);
    if (run.step > 0) return;
    this.#best = null;
    this.#kept = [];
    this.#savedStep = -1;
  }

  onBatchEnd(run: TrainingRun): void | Promise<void> {
    if (this.#everySteps === 0 || run.step % this.#everySteps !== 0) return;
    return this.#save(run, `step-${String(run.step).padStart(8, '0')}`);
  }

  async onEpochEnd(run: TrainingRun, record: EpochRecord): Promise<void> {
    if (this.#wantsBest) {
      const value = monitored('ModelCheckpoint', record, this.#monitor.name);
      if (isBetter(value, this.#best, this.#monitor.goal)) {
        this.#best = value;
        await this.#lock?.confirm();
        run.save(this.bestPath);
      }
    }
    const isDue = this.#everyEpochs > 0 && record.epoch % this.#everyEpochs === 0;
    if (!isDue && record.epoch < run.epochs) return;
    await this.#save(run, `epoch-${String(record.epoch).padStart(4, '0')}`);
  }

  async onStop(run: TrainingRun): Promise<void> {
    if (this.#savedStep !== run.step) await this.#save(run, null);
  }

  async #save(run: TrainingRun, numbered: string | null): Promise<void> {
    await this.#lock?.confirm();
    this.#savedStep = run.step;
    if (numbered !== null && this.#keep > 0) {
      const file = `${numbered}.safetensors`;
      if (!this.#kept.includes(file)) this.#kept.push(file);
      run.save(join(this.folder, file));
    }
    // After the numbered one: what a checkpoint says is kept has to be there.
    run.save(this.lastPath);
  }

  async onCheckpoint(_run: TrainingRun, { path }: SavedCheckpoint): Promise<void> {
    if (path !== this.lastPath) return;
    for (const old of this.#kept.splice(0, Math.max(0, this.#kept.length - this.#keep))) {
      await removeFile(join(this.folder, old));
    }
  }

  stateDict(): CallbackState {
    return { values: { best: this.#best, kept: [...this.#kept], savedStep: this.#savedStep } };
  }

  loadStateDict(state: CallbackState): void {
    this.prepareStateDict(state)();
  }

  /** Checks a saved state, and returns what takes it over. */
  prepareStateDict(state: CallbackState, run?: ResumedRun): () => void {
    const owner = 'ModelCheckpoint';
    return reading(owner, () => {
      const { values } = fieldsOf(owner, state, ['values']);
      const { best, savedStep, ...rest } = fieldsOf(owner, values, ['best', 'kept', 'savedStep']);
      const kept = plainCopy(owner, 'kept', rest.kept);
      const faults: string[] = [];
      const names = Array.isArray(kept) ? kept.filter((name) => typeof name === 'string') : [];
      const isList = Array.isArray(kept) && kept.length === names.length;
      if (!isList || !names.every((name) => NUMBERED.test(name))) {
        faults.push('kept is no list of names of checkpoints');
      }
      const most = run?.step ?? MOST_COUNT;
      const isStep = savedStep === -1 || (isCount(savedStep) && savedStep <= most);
      if (!isStep) {
        faults.push(`savedStep is ${inWords(savedStep)}, expected an integer from -1 to ${most}`);
      }
      if (best !== null && typeof best !== 'number') {
        faults.push(`best is ${inWords(best)}, expected a number or null`);
      }
      if (faults.length > 0) throw noStateOf(owner, faults);
      return () => {
        this.#best = best === null ? null : Number(best);
        this.#kept = names;
        this.#savedStep = Number(savedStep);
      };
    });
  }
}

function count(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new ArgumentError(`ModelCheckpoint: ${name} is ${value}, expected an integer ≥ 0`);
}

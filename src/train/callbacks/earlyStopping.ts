import { ArgumentError } from '../../errors.js';
import {
  fieldsOf,
  isCount,
  MOST_COUNT,
  misfits,
  namedOf,
  noStateOf,
  reading,
} from '../../io/savedState.js';
import { clone, copyFrom } from '../../ops/creation.js';
import type { Goal } from '../../optim/goal.js';
import { checkOptions, inWords, type OptionNames } from '../../options.js';
import { noGrad } from '../../tensor/scope.js';
import { Tensor } from '../../tensor/tensor.js';
import type { Callback, CallbackState, ResumedRun, TrainingRun } from '../loop/callback.js';
import type { EpochRecord } from '../loop/history.js';
import { type Asked, askedOf, isBetter, type Monitor, monitored, monitorOf } from './monitor.js';

export interface EarlyStoppingOptions {
  /** The value to watch. Default: `valLoss`, or `loss` without validation. */
  monitor?: string;
  /** Stops after so many epochs without improvement, at least 1. Default: 3. */
  patience?: number;
  /** What counts as better: by more than this. Default: 0. */
  minDelta?: number;
  /** Whether less or more is better. Default: what the metric says, and `min` for losses. */
  goal?: Goal;
  /** Whether to give the model the weights of its best epoch at the end, however training ends. Default: true. */
  restoreBest?: boolean;
}

const NAMES: OptionNames<EarlyStoppingOptions> = {
  monitor: true,
  patience: true,
  minDelta: true,
  goal: true,
  restoreBest: true,
};

/**
 * Stops training when a value has not improved for some epochs, and gives the model the weights of the best one: also
 * when training ends by itself, or by a signal.
 *
 * @example
 * callbacks: [new train.EarlyStopping({ monitor: 'valAccuracy', patience: 5 })]
 */
export class EarlyStopping implements Callback {
  readonly #options: Required<Omit<EarlyStoppingOptions, 'monitor' | 'goal'>>;
  readonly #asked: Asked;
  #monitor: Monitor = { name: 'loss', goal: 'min' };
  /** Of the best epoch; null before the first. */
  #best: { epoch: number; value: number } | null = null;
  #wait = 0;
  #weights = new Map<string, Tensor>();

  /** @throws ArgumentError for options that are unknown or out of range */
  constructor(options: EarlyStoppingOptions = {}) {
    checkOptions('EarlyStopping', options, NAMES);
    const { monitor, goal, patience = 3, minDelta = 0, restoreBest = true } = options;
    if (!Number.isInteger(patience) || patience < 1) {
      throw new ArgumentError(`EarlyStopping: patience is ${patience}, expected an integer ≥ 1`);
    }
    if (!(minDelta >= 0)) {
      throw new ArgumentError(`EarlyStopping: minDelta is ${minDelta}, expected a number ≥ 0`);
    }
    this.#asked = askedOf('EarlyStopping', monitor, goal);
    this.#options = { patience, minDelta, restoreBest };
  }

  /** The best epoch so far, counted from 1, and its value; null before the first. */
  get best(): { readonly epoch: number; readonly value: number } | null {
    return this.#best;
  }

  onTrainBegin(run: TrainingRun): void {
    this.#monitor = monitorOf(run, this.#asked);
    if (run.step > 0) {
      const faults = this.#weightFaults(run, this.#best !== null, this.#weights);
      if (this.#weights.size > 0 && faults.length > 0) throw noStateOf('EarlyStopping', faults);
      return;
    }
    this.#forget();
    this.#best = null;
    this.#wait = 0;
  }

  onEpochEnd(run: TrainingRun, record: EpochRecord): void {
    const { name, goal } = this.#monitor;
    const value = monitored('EarlyStopping', record, name);
    const { minDelta, patience, restoreBest } = this.#options;
    if (isBetter(value, this.#best?.value ?? null, goal, minDelta)) {
      this.#best = { epoch: record.epoch, value };
      this.#wait = 0;
      if (restoreBest) this.#keep(run);
      return;
    }
    this.#wait++;
    if (this.#wait < patience) return;
    const best =
      this.#best === null ? '' : `, best ${this.#best.value} at epoch ${this.#best.epoch}`;
    run.stop(`${name} has not improved for ${this.#wait} epochs${best}`);
  }

  #keep(run: TrainingRun): void {
    noGrad(() => {
      for (const [name, tensor] of run.model.stateDict()) {
        const kept = this.#weights.get(name);
        if (kept === undefined) this.#weights.set(name, clone(tensor).keep());
        else copyFrom(kept, tensor);
      }
    });
  }

  onTrainEnd(run: TrainingRun): void {
    if (this.#weights.size > 0) run.model.loadStateDict(this.#weights);
    this.#forget();
  }

  onTrainError(): void {
    this.#forget();
  }

  #forget(): void {
    for (const tensor of this.#weights.values()) tensor.dispose();
    this.#weights.clear();
  }

  stateDict(): CallbackState {
    const { epoch, value } = this.#best ?? { epoch: null, value: null };
    return { values: { epoch, value, wait: this.#wait }, tensors: this.#weights };
  }

  loadStateDict(state: CallbackState): void {
    noGrad(() => this.prepareStateDict(state)());
  }

  /** Checks a saved state, and returns what takes it over. Without a run, its weights are checked when training begins. */
  prepareStateDict(state: CallbackState, run?: ResumedRun): () => void {
    const owner = 'EarlyStopping';
    return reading(owner, () => {
      const { values, tensors } = fieldsOf(owner, state, ['values', 'tensors']);
      const { epoch, value, wait } = fieldsOf(owner, values, ['epoch', 'value', 'wait']);
      const most = run?.epochs ?? MOST_COUNT;
      const faults: string[] = [];
      const isBest = isCount(epoch) && epoch >= 1 && epoch <= most && typeof value === 'number';
      if (!isBest && (epoch !== null || value !== null)) {
        faults.push(`the best epoch is ${inWords(epoch)}, of value ${inWords(value)}`);
      }
      const since = isBest ? most - epoch : most;
      if (!isCount(wait) || wait > since) {
        faults.push(`wait is ${inWords(wait)}, expected a count up to ${since}`);
      }
      const saved = namedOf(owner, 'tensors', tensors ?? new Map());
      const weights = new Map<string, Tensor>();
      for (const [name, tensor] of saved) {
        if (tensor instanceof Tensor && !tensor.isDisposed) weights.set(name, clone(tensor));
        else faults.push(`${name} is no Tensor, or was disposed of`);
      }
      if (run !== undefined) {
        for (const fault of this.#weightFaults(run, isBest, saved)) faults.push(fault);
      }
      if (faults.length > 0) throw noStateOf(owner, faults);
      return () => {
        this.#forget();
        this.#best = isBest ? { epoch, value } : null;
        this.#wait = Number(wait);
        if (this.#options.restoreBest) this.#weights = weights;
        for (const tensor of this.#weights.values()) tensor.keep();
      };
    });
  }

  #weightFaults(
    { model }: Pick<ResumedRun, 'model'>,
    isBest: boolean,
    weights: ReadonlyMap<string, unknown>,
  ): string[] {
    if (weights.size > 0 && !isBest) return ['there are weights without a best epoch'];
    if (weights.size === 0 && !(isBest && this.#options.restoreBest)) return [];
    return misfits(model.stateDict(), weights);
  }
}

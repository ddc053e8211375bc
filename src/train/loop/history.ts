import { ArgumentError } from '../../errors.js';
import type { Goal } from '../../optim/goal.js';
import { checkOptions, inWords, type OptionNames } from '../../options.js';
import { terminalName } from '../../terminal.js';

/** One epoch of a run, as it ended. */
export interface EpochRecord {
  /** Counted from 1. */
  readonly epoch: number;
  /** Updates of the weights since the run began. */
  readonly step: number;
  /** `loss`, the metrics, and what a `step` function reported; of the validation data as `valLoss`, `valAccuracy`. */
  readonly values: Readonly<Record<string, number>>;
  /** Learning rate of the epoch's last step (of the first group of the first optimiser). */
  readonly lr: number;
  /** Wall time, validation included. */
  readonly seconds: number;
  /** Training samples a second, without validation. */
  readonly samplesPerSecond: number;
}

/** Why training ended: all epochs done, the signal, or what a callback said to `run.stop()`. */
export type StopReason = 'finished' | 'aborted' | (string & {});

/** Names of values in a {@link History}, for metrics named N. Others, of your own step function, are fine, too. */
export type ValueName<N extends string = never> =
  | 'loss'
  | 'valLoss'
  | N
  | `val${Capitalize<N>}`
  | (string & {});

/** An epoch, and a value of it. */
export interface BestEpoch {
  readonly epoch: number;
  readonly value: number;
}

/** Epochs after the best one that the verdict needs, and how much higher validation loss must be by then. */
const TURN_EPOCHS = 2;
const TURN_RISE = 0.01;

/** Values that a summary tells. */
const MOST_IN_SUMMARY = 100;

/** Options of a {@link History}. */
export interface HistoryOptions {
  /** Whether less or more of a value is better. Default: less, as of losses. */
  goalOf?: (name: string) => Goal;
}

const HISTORY_NAMES: OptionNames<HistoryOptions> = { goalOf: true };

/** Options of {@link History.best}. */
export interface BestOptions {
  /** Whether less or more is better. Default: what the metric says, and `min` for losses. */
  goal?: Goal;
}

const BEST_NAMES: OptionNames<BestOptions> = { goal: true };

/**
 * What a run went through, epoch by epoch.
 *
 * @example
 * const history = await train.fit({ ... });
 * history.values('valAccuracy');       // [0.97, 0.98, 0.985]
 * history.best('valLoss').epoch;       // 3
 * console.log(history.summary());
 */
export class History<N extends string = never> {
  #epochs: EpochRecord[];
  readonly #goalOf: (name: string) => Goal;
  /** Why the run ended; null while it is under way. */
  stopReason: StopReason | null = null;

  /** @throws ArgumentError for an unknown option, or epochs that are no list */
  constructor(epochs: readonly EpochRecord[] = [], options: HistoryOptions = {}) {
    checkOptions('History', options, HISTORY_NAMES);
    if (!Array.isArray(epochs)) {
      throw new ArgumentError(`History: the epochs are ${inWords(epochs)}, expected a list`);
    }
    this.#epochs = [...epochs];
    this.#goalOf = options.goalOf ?? (() => 'min');
  }

  /** All epochs that ended, in order. */
  get epochs(): readonly EpochRecord[] {
    return this.#epochs;
  }

  /** The last epoch that ended. */
  get last(): EpochRecord | undefined {
    return this.#epochs.at(-1);
  }

  /** @internal */
  push(record: EpochRecord): void {
    this.#epochs.push(record);
  }

  /** @internal */
  replace(epochs: readonly EpochRecord[]): void {
    this.#epochs = [...epochs];
  }

  /**
   * A value of every epoch; NaN where an epoch has none.
   * @throws ArgumentError for a name that no epoch knows
   */
  values(name: ValueName<N>): number[] {
    if (!this.#epochs.some(({ values }) => Object.hasOwn(values, name))) {
      const known = Object.keys(this.last?.values ?? {}).join(', ') || 'none so far';
      const asked = typeof name === 'string' ? JSON.stringify(name) : inWords(name);
      throw new ArgumentError(`History: there is no value ${asked}; there are: ${known}`);
    }
    return this.#epochs.map(({ values }) =>
      Object.hasOwn(values, name) ? (values[name] ?? Number.NaN) : Number.NaN,
    );
  }

  /**
   * The best epoch by a value; the first of equal ones.
   * @throws ArgumentError for a name that no epoch knows, or an unknown option
   */
  best(name: ValueName<N>, options: BestOptions = {}): BestEpoch {
    checkOptions('History.best', options, BEST_NAMES);
    const { goal = this.#goalOf(name) } = options;
    let best: BestEpoch = { epoch: 0, value: Number.NaN };
    for (const [i, value] of this.values(name).entries()) {
      const isBetter = goal === 'min' ? value < best.value : value > best.value;
      if (isBetter || (Number.isNaN(best.value) && !Number.isNaN(value))) {
        best = { epoch: this.#epochs[i]?.epoch ?? 0, value };
      }
    }
    return best;
  }

  /**
   * The epoch at which the network began to learn its training data by heart: validation loss turned (it was
   * lowest the epoch before, and is more than 1 % higher on average in all epochs since, at least two) while training
   * loss went on falling. Null if that did not happen.
   */
  get overfittingSince(): number | null {
    const last = this.last;
    if (last === undefined || !Object.hasOwn(last.values, 'valLoss')) return null;
    const { epoch, value } = this.best('valLoss', { goal: 'min' });
    const at = this.#epochs.findIndex((record) => record.epoch === epoch);
    const later = this.#epochs.slice(at + 1);
    if (at < 0 || later.length < TURN_EPOCHS) return null;
    const rises = later.map((record) => (record.values.valLoss ?? Number.NaN) - value);
    const mean = rises.reduce((a, b) => a + b, 0) / rises.length;
    const isWorse = mean > TURN_RISE * Math.abs(value) && (rises.at(-1) ?? 0) > 0;
    const isFalling = (last.values.loss ?? 0) < (this.#epochs[at]?.values.loss ?? 0);
    return isWorse && isFalling ? epoch + 1 : null;
  }

  /** How it went, in a few lines of text that can be shown on a terminal, whatever the names of values are. */
  summary(): string {
    const last = this.last;
    if (last === undefined) return 'no epoch ended';
    const seconds = this.#epochs.reduce((sum, record) => sum + record.seconds, 0);
    const number = (value: number): string =>
      typeof value === 'number'
        ? String(Number(value.toPrecision(4)))
        : terminalName(inWords(value));
    const values = Object.entries(last.values)
      .slice(0, MOST_IN_SUMMARY)
      .map(([name, value]) => `${terminalName(name)} ${number(value)}`);
    const lines = [`${number(last.epoch)} epochs, ${number(seconds)} s: ${values.join(', ')}`];
    if (Object.hasOwn(last.values, 'valLoss')) {
      const { epoch, value } = this.best('valLoss');
      lines.push(`lowest validation loss ${number(value)} at epoch ${epoch}`);
    }
    const since = this.overfittingSince;
    if (since !== null) {
      lines.push(
        `overfitting from epoch ${since} on: validation loss turned while training loss went on falling; ` +
          'stop earlier (EarlyStopping), or add data, dropout or weight decay',
      );
    }
    return lines.join('\n');
  }
}

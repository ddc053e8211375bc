import { shown } from '../arguments.js';
import { backend } from '../backend/select.js';
import { ArgumentError, CheckpointError } from '../errors.js';
import { Optimizer, type ParamGroup } from './optimizer.js';

/** When a schedule is meant to be stepped: after each batch, or after each epoch. `fit` reads it. */
export type ScheduleInterval = 'batch' | 'epoch';

/** Options of every schedule. */
export interface ScheduleOptions {
  /** When to step. Default: 'batch' for CyclicLR and OneCycleLR, 'epoch' for the others. */
  interval?: ScheduleInterval;
}

/** Where a schedule stands, as plain JSON. */
export interface ScheduleState {
  /** The class, such as 'StepLR'. */
  readonly type: string;
  /** Steps since the start, batches or epochs. */
  readonly lastEpoch: number;
  /** Learning rates that it starts from, one a group. */
  readonly baseLrs: readonly number[];
  /** Learning rates that it gave last, one a group. */
  readonly lastLr: readonly number[];
  /** What the class itself remembers. */
  readonly own?: unknown;
}

/** The rate that each group had when its first schedule was made. Later schedules start from it. */
const initialRates = new WeakMap<ParamGroup<{ lr: number }>, number>();

/** @internal */
export function initialRate(group: ParamGroup<{ lr: number }>): number {
  return initialRates.get(group) ?? group.lr;
}

/** @internal */
export function setInitialRate(group: ParamGroup<{ lr: number }>, rate: number): void {
  initialRates.set(group, rate);
}

function isRates(value: unknown, count: number): boolean {
  return Array.isArray(value) && value.length === count && value.every(Number.isFinite);
}

/** An option for each group: given as one number for all, or as a list. Throws for a list of another length. */
export function perGroup<T>(
  owner: string,
  name: string,
  value: T | readonly T[],
  optimizer: Optimizer,
): readonly T[] {
  const count = optimizer.paramGroups.length;
  if (!Array.isArray(value)) return new Array<T>(count).fill(value as T);
  if (value.length !== count) {
    throw new ArgumentError(
      `${owner}: ${name} has ${value.length} values, expected one, or one for each of ${count} groups`,
    );
  }
  return value;
}

/** Options of a group that schedules set. */
const SCHEDULED: readonly string[] = ['lr', 'momentum', 'betas'];

/**
 * Base of the learning-rate schedules, which follow `torch.optim.lr_scheduler`: making one sets the first rate,
 * each `step()` the next, after `optimizer.step()`. Most compute a group's next rate from its present one, as
 * PyTorch does, so that schedules combine, and a rate set by hand is kept.
 *
 * @example
 * const schedule = new optim.StepLR(optimizer, 30);
 * for (let epoch = 0; epoch < 90; epoch++) {
 *   await trainOneEpoch(model, optimizer);
 *   schedule.step();
 * }
 */
export abstract class LRScheduler {
  readonly optimizer: Optimizer;
  /** When it is meant to be stepped. */
  readonly interval: ScheduleInterval;
  #lastEpoch = 0;
  #baseLrs: readonly number[];
  #lastLr: readonly number[];

  /** A subclass calls {@link begin} at the end of its constructor. */
  protected constructor(optimizer: Optimizer, interval: ScheduleInterval | undefined) {
    const name = new.target.name;
    if (!(optimizer instanceof Optimizer)) {
      throw new ArgumentError(`${name}: got a ${typeof optimizer}, expected an Optimizer`);
    }
    if (interval !== undefined && interval !== 'batch' && interval !== 'epoch') {
      throw new ArgumentError(
        `${name}: interval is ${shown(interval)}, expected 'batch' or 'epoch'`,
      );
    }
    this.optimizer = optimizer;
    this.interval = interval ?? 'epoch';
    for (const group of optimizer.paramGroups) setInitialRate(group, initialRate(group));
    this.#baseLrs = optimizer.paramGroups.map(initialRate);
    this.#lastLr = optimizer.paramGroups.map(({ lr }) => lr);
  }

  /** Steps since the start: epochs, or batches. */
  get lastEpoch(): number {
    return this.#lastEpoch;
  }

  /** Learning rates that it starts from, one a group. */
  get baseLrs(): readonly number[] {
    return this.#baseLrs;
  }

  protected get name(): string {
    return this.constructor.name;
  }

  /** The learning rates that it set last, one a group. */
  getLastLr(): readonly number[] {
    return this.#lastLr;
  }

  /**
   * The next rate of a group.
   * @param lr its present rate
   * @param base the rate that it started from
   * @param group its index
   */
  protected abstract rate(lr: number, base: number, group: number): number;

  /** The first rate, at step 0. */
  protected firstRate(lr: number, _base: number, _group: number): number {
    return lr;
  }

  /** Goes to step 0, from the rates that the groups have now. @internal */
  begin(): void {
    this.#lastEpoch = 0;
    this.#apply((lr, base, group) => this.firstRate(lr, base, group));
  }

  /** Starts over from the base rates. @internal */
  restart(): void {
    backend().whenLeftOut(this.#undo());
    for (const [i, group] of this.#groups()) group.lr = this.#baseLrs[i] ?? group.lr;
    this.begin();
  }

  /**
   * Sets the rates of the next batch or epoch.
   * @param metric what ReduceLROnPlateau watches; the other schedules ignore it
   */
  step(_metric?: number): void {
    backend().whenLeftOut(this.#undo());
    this.#lastEpoch++;
    this.#apply((lr, base, group) => this.rate(lr, base, group));
  }

  /** Gives a function that goes back to the present state, in case the optimiser's last step was skipped. */
  #undo(): () => void {
    const [lastEpoch, lastLr] = [this.#lastEpoch, this.#lastLr];
    const before = this.optimizer.paramGroups.map((group) => {
      const options = Object.entries(group).filter(([name]) => SCHEDULED.includes(name));
      return { group, options: Object.fromEntries(options) };
    });
    return () => {
      this.#lastEpoch = lastEpoch;
      this.#lastLr = lastLr;
      for (const { group, options } of before) Object.assign(group, options);
    };
  }

  #apply(next: (lr: number, base: number, group: number) => number): void {
    const groups = [...this.#groups()];
    const rates = groups.map(([i, group]) => next(group.lr, this.#baseLrs[i] ?? group.lr, i));
    const bad = rates.find((lr) => !Number.isFinite(lr));
    if (bad !== undefined) {
      throw new ArgumentError(
        `${this.name}: the learning rate of step ${this.#lastEpoch} is ${bad}, expected a finite number`,
      );
    }
    this.setRates(rates);
  }

  /** Gives each group its rate. */
  protected setRates(rates: readonly number[]): void {
    for (const [i, group] of this.#groups()) group.lr = rates[i] ?? group.lr;
    this.#lastLr = rates;
  }

  #groups(): IterableIterator<[number, ParamGroup<{ lr: number }>]> {
    const { paramGroups } = this.optimizer;
    if (paramGroups.length !== this.#baseLrs.length) {
      throw new ArgumentError(
        `${this.name}: the optimiser has ${paramGroups.length} groups now, ` +
          `the schedule was made for ${this.#baseLrs.length}; make it after addParamGroup()`,
      );
    }
    return paramGroups.entries();
  }

  /** Sets the base rates, for schedules that have them as an option. */
  protected setBaseLrs(rates: readonly number[]): void {
    for (const [i, group] of this.#groups()) setInitialRate(group, rates[i] ?? group.lr);
    this.#baseLrs = rates;
  }

  /** What a class remembers beyond the count of its steps, as plain JSON. */
  protected ownState(): unknown {
    return undefined;
  }

  /** What is wrong with {@link ownState} of a saved schedule. */
  protected ownFaults(own: unknown): string[] {
    return own === undefined ? [] : ['own is unexpected'];
  }

  /** Takes over what {@link ownState} gave, once it was found right. */
  protected loadOwn(_own: unknown): void {}

  /**
   * Where it stands. Its options are not part of it, nor are the present rates and momenta, which are the
   * optimiser's: save both.
   */
  stateDict(): ScheduleState {
    const own = this.ownState();
    return {
      type: this.name,
      lastEpoch: this.#lastEpoch,
      baseLrs: [...this.#baseLrs],
      lastLr: [...this.#lastLr],
      ...(own === undefined ? {} : { own }),
    };
  }

  /**
   * Goes on from a saved state of a schedule of the same class. Make the schedule first, then load the optimiser's
   * state (making a schedule changes the rates), then this.
   * @throws CheckpointError that lists what does not fit; nothing is loaded then
   */
  loadStateDict(saved: ScheduleState): void {
    const faults = this.stateFaults(saved);
    if (faults.length > 0) {
      const list = faults.map((fault) => `\n  ${fault}`).join('');
      throw new CheckpointError(
        `loadStateDict: this is no state of this ${this.name}; nothing was loaded${list}`,
      );
    }
    this.restore(saved);
  }

  /** What is wrong with a saved state, all of it. @internal */
  stateFaults(saved: unknown): string[] {
    if (typeof saved !== 'object' || saved === null) return ['it is no object'];
    const state: Partial<Record<keyof ScheduleState, unknown>> = saved;
    if (state.type !== this.name) return [`it is one of ${shown(state.type)}`];
    const faults: string[] = [];
    if (!Number.isSafeInteger(state.lastEpoch) || Number(state.lastEpoch) < 0) {
      faults.push(`lastEpoch is ${shown(state.lastEpoch)}, expected a count`);
    }
    const count = this.optimizer.paramGroups.length;
    for (const key of ['baseLrs', 'lastLr'] as const) {
      if (!isRates(state[key], count)) {
        const given: unknown = state[key];
        const written = Array.isArray(given) ? given.map(shown).join(',') : shown(given);
        faults.push(`${key} is ${written}, expected ${count} finite numbers`);
      }
    }
    return [...faults, ...this.ownFaults(state.own)];
  }

  /** Takes over a state without faults. @internal */
  restore(saved: ScheduleState): void {
    this.#lastEpoch = saved.lastEpoch;
    this.#baseLrs = [...saved.baseLrs];
    this.#lastLr = [...saved.lastLr];
    this.loadOwn(saved.own);
  }
}

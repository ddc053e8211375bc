import { ArgumentError } from '../errors.js';
import { isJsonObject, type Json } from '../io/json.js';
import { isCount } from '../io/savedState.js';
import { checkChoice, checkInteger } from '../ops/kit/options.js';
import { checkOptions, inWords, type OptionNames } from '../options.js';
import type { Goal } from './goal.js';
import type { Optimizer } from './optimizer.js';
import { checkNotNegative } from './options.js';
import { LRScheduler, perGroup, type ScheduleOptions } from './schedule.js';

export interface ReduceLROnPlateauOptions extends ScheduleOptions {
  /** Whether less or more of the metric is better. Default: 'min'. */
  goal?: Goal;
  /** Factor of a reduction, below 1. Default: 0.1. */
  factor?: number;
  /** The rate is reduced after more than this many steps without improvement. Default: 10. */
  patience?: number;
  /** What counts as better: by this much. Default: 1e-4. */
  threshold?: number;
  /** Whether that is a share of the best so far, or a difference. Default: 'rel'. */
  thresholdMode?: 'rel' | 'abs';
  /** Steps to wait after a reduction before counting again. Default: 0. */
  cooldown?: number;
  /** Lowest rate, for all groups or for each. Default: 0. */
  minLr?: number | readonly number[];
  /** A smaller reduction than this is left out. Default: 1e-8. */
  eps?: number;
}

const NAMES: OptionNames<ReduceLROnPlateauOptions> = {
  goal: true,
  factor: true,
  patience: true,
  threshold: true,
  thresholdMode: true,
  cooldown: true,
  minLr: true,
  eps: true,
  interval: true,
};

interface Watch {
  /** Null before the first step. */
  best: number | null;
  badEpochs: number;
  cooldown: number;
}

/**
 * Reduces the rate when a metric has stopped improving. `step` takes the metric, a validation loss most often.
 *
 * @example
 * const schedule = new optim.ReduceLROnPlateau(optimizer, { patience: 3 });
 * schedule.step(validationLoss);
 */
export class ReduceLROnPlateau extends LRScheduler {
  readonly #options: Required<Omit<ReduceLROnPlateauOptions, 'minLr' | 'interval'>>;
  readonly #minLrs: readonly number[];
  #watch: Watch = { best: null, badEpochs: 0, cooldown: 0 };

  constructor(optimizer: Optimizer, options: ReduceLROnPlateauOptions = {}) {
    const owner = 'ReduceLROnPlateau';
    checkOptions(owner, options, NAMES);
    super(optimizer, options.interval);
    const { goal = 'min', factor = 0.1, patience = 10, threshold = 1e-4 } = options;
    const { thresholdMode = 'rel', cooldown = 0, minLr = 0, eps = 1e-8 } = options;
    checkChoice(goal, ['min', 'max'], 'goal', owner);
    checkChoice(thresholdMode, ['rel', 'abs'], 'thresholdMode', owner);
    if (!(factor >= 0 && factor < 1)) {
      throw new ArgumentError(`${owner}: factor is ${factor}, expected a number from 0 to below 1`);
    }
    checkInteger(patience, 'patience', owner, 0);
    checkInteger(cooldown, 'cooldown', owner, 0);
    checkNotNegative(owner, 'threshold', threshold);
    checkNotNegative(owner, 'eps', eps);
    this.#options = { goal, factor, patience, threshold, thresholdMode, cooldown, eps };
    this.#minLrs = perGroup(owner, 'minLr', minLr, optimizer);
    for (const rate of this.#minLrs) checkNotNegative(owner, 'minLr', rate);
    this.begin();
  }

  /** @internal */
  override begin(): void {
    this.#watch = { best: null, badEpochs: 0, cooldown: 0 };
    super.begin();
  }

  /** @param metric what is watched; NaN is no improvement */
  override step(metric?: number): void {
    if (typeof metric !== 'number') {
      throw new ArgumentError(
        `ReduceLROnPlateau: step(metric) got ${inWords(metric)}, expected the number to watch`,
      );
    }
    const watch = this.#watch;
    if (this.#isBetter(metric, watch.best)) {
      watch.best = metric;
      watch.badEpochs = 0;
    } else watch.badEpochs++;
    if (watch.cooldown > 0) {
      watch.cooldown--;
      watch.badEpochs = 0;
    }
    super.step();
    if (watch.badEpochs > this.#options.patience) {
      watch.cooldown = this.#options.cooldown;
      watch.badEpochs = 0;
    }
  }

  protected override rate(lr: number, _base: number, group: number): number {
    const { patience, factor, eps } = this.#options;
    if (this.#watch.badEpochs <= patience) return lr;
    const reduced = Math.max(lr * factor, this.#minLrs[group] ?? 0);
    return lr - reduced > eps ? reduced : lr;
  }

  #isBetter(metric: number, best: number | null): boolean {
    const { goal, threshold, thresholdMode } = this.#options;
    if (best === null)
      return metric < Number.POSITIVE_INFINITY && metric > Number.NEGATIVE_INFINITY;
    const sign = goal === 'min' ? -1 : 1;
    const bound = thresholdMode === 'rel' ? best * (1 + sign * threshold) : best + sign * threshold;
    return goal === 'min' ? metric < bound : metric > bound;
  }

  /** @internal */
  protected override ownState(): Watch {
    return { ...this.#watch };
  }

  /** @internal */
  protected override ownFaults(own: Json | undefined): string[] {
    if (!isJsonObject(own)) return ['own is missing'];
    const { best, badEpochs, cooldown } = own;
    const faults: string[] = [];
    if (best !== null && !Number.isFinite(best)) faults.push(`best is ${inWords(best)}`);
    if (!isCount(badEpochs)) faults.push(`badEpochs is ${inWords(badEpochs)}, expected a count`);
    if (!isCount(cooldown)) faults.push(`cooldown is ${inWords(cooldown)}, expected a count`);
    return faults;
  }

  /** @internal */
  protected override loadOwn(own: Watch): void {
    this.#watch = { best: own.best, badEpochs: own.badEpochs, cooldown: own.cooldown };
  }
}

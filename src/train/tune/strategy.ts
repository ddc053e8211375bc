import { ArgumentError } from '../../errors.js';
import type { Json } from '../../io/json.js';
import { checkInteger } from '../../ops/kit/options.js';
import { checkOptions, inWords, type OptionNames } from '../../options.js';

/** A round of a search. */
export interface Rung {
  readonly trials: number;
  /** What each of its trials gets. */
  readonly budget: number;
}

/** How much is spent on which trials: rungs, of which each keeps the best trials of the one before. */
export interface Strategy {
  /** Trials of each rung, all of them first, and the budget of each of its trials. */
  rungs(trials: number): readonly Rung[];
  /** All about it, to tell whether a saved search had the same. */
  describe(): Json;
}

export interface RandomSearchOptions {
  /** What every trial gets; it may read it as epochs. Default: 1. */
  budget?: number;
}

const RANDOM_NAMES: OptionNames<RandomSearchOptions> = { budget: true };

/**
 * Every trial gets the same budget.
 * @throws ArgumentError for options that are unknown or out of range
 */
export function randomSearch(options: RandomSearchOptions = {}): Strategy {
  checkOptions('randomSearch', options, RANDOM_NAMES);
  const { budget = 1 } = options;
  checkInteger(budget, 'budget', 'randomSearch', 1);
  return {
    rungs: (trials) => [{ trials, budget }],
    describe: () => ({ kind: 'random', budget }),
  };
}

export interface SuccessiveHalvingOptions {
  /** What each trial gets at first, epochs for example. Default: 1. */
  minBudget?: number;
  /** One in so many goes on, with so many times the budget. Default: 3. */
  eta?: number;
}

const HALVING_NAMES: OptionNames<SuccessiveHalvingOptions> = {
  minBudget: true,
  eta: true,
};

/**
 * All trials get a small budget; the best third of them three times as much, from the start again, and so on (Jamieson
 * and Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization", 2016).
 *
 * @param maxBudget what the last ones get at most
 * @throws ArgumentError for options that are unknown or out of range
 */
export function successiveHalving(
  maxBudget: number,
  options: SuccessiveHalvingOptions = {},
): Strategy {
  checkOptions('successiveHalving', options, HALVING_NAMES);
  const { minBudget = 1, eta = 3 } = options;
  checkInteger(minBudget, 'minBudget', 'successiveHalving', 1);
  checkInteger(maxBudget, 'maxBudget', 'successiveHalving', minBudget);
  if (!(Number.isFinite(eta) && eta > 1)) {
    throw new ArgumentError(`successiveHalving: eta is ${inWords(eta)}, expected a number > 1`);
  }
  return {
    rungs(trials) {
      const rungs = [{ trials, budget: minBudget }];
      for (let rung = 1; ; rung++) {
        const left = Math.floor(trials / eta ** rung);
        const budget = Math.round(minBudget * eta ** rung);
        if (left < 1 || budget > maxBudget) return rungs;
        rungs.push({ trials: left, budget });
      }
    },
    describe: () => ({ kind: 'successiveHalving', minBudget, maxBudget, eta }),
  };
}

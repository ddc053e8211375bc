/** The search for hyper-parameters: spaces to draw from, strategies, trials in threads of their own. */
export { SearchResult } from './result.js';
export { type SearchOptions, search } from './search.js';
export {
  choice,
  type Drawn,
  integer,
  logUniform,
  type Range,
  type Space,
  uniform,
} from './space.js';
export type { TrialRun } from './store.js';
export {
  type RandomSearchOptions,
  type Rung,
  randomSearch,
  type Strategy,
  type SuccessiveHalvingOptions,
  successiveHalving,
} from './strategy.js';
export type { Trial, TrialContext } from './trial.js';

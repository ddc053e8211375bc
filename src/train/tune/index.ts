export { type Goal, SearchResult } from './result.js';
export type { Trial, TrialContext } from './run.js';
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
  randomSearch,
  type Strategy,
  type SuccessiveHalvingOptions,
  successiveHalving,
} from './strategy.js';

import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { isDeepStrictEqual } from 'node:util';
import { ArgumentError, CheckpointError } from '../../errors.js';
import { checkChoice, checkInteger } from '../../ops/kit/options.js';
import type { Goal } from '../../optim/goal.js';
import { checkOptions, inWords, type OptionNames } from '../../options.js';
import { Generator, randomUint32 } from '../../tensor/random.js';
import { byRank, SearchResult } from './result.js';
import { moduleOf, runTrial } from './run.js';
import { type Drawn, draw, type Space } from './space.js';
import { Stop } from './stop.js';
import { ResultStore, type TrialRun } from './store.js';
import { randomSearch, type Strategy } from './strategy.js';

export interface SearchOptions<S extends Space> {
  /** Hyper-parameters by name, and where each is drawn from. */
  space: S;
  /** A module, by its URL or path, that exports the {@link Trial}; each run gets a thread of its own. */
  trial: URL | string;
  /** Name of the export. Default: 'default'. */
  exportName?: string;
  /** How many settings to try. */
  trials: number;
  /** Default: randomSearch(). */
  strategy?: Strategy;
  /** Whether the least or the greatest score is the best. Default: 'min'. */
  goal?: Goal;
  /** The same seed draws the same settings. Default: 0. */
  seed?: number;
  /** Trials at a time. Default: half the processors. */
  workers?: number;
  /** Where results are kept after each run; if it is there already, the search goes on from it. */
  file?: string;
  /** Ends the search; what has been found by then is returned. */
  signal?: AbortSignal | undefined;
  /** Called after each run. */
  onRun?: (run: TrialRun<Drawn<S>>) => void;
}

const NAMES: OptionNames<SearchOptions<Space>> = {
  space: true,
  trial: true,
  exportName: true,
  trials: true,
  strategy: true,
  goal: true,
  seed: true,
  workers: true,
  file: true,
  signal: true,
  onRun: true,
};

/** A setting to try. */
interface Candidate<P> {
  readonly trial: number;
  readonly params: P;
  readonly seed: number;
}

/** Blocks of random numbers set aside for a trial: more than a space has ranges. */
const BLOCKS_PER_TRIAL = 2 ** 20;

function candidates<S extends Space>(
  space: S,
  trials: number,
  seed: number,
): Candidate<Drawn<S>>[] {
  const generator = new Generator(seed);
  return Array.from({ length: trials }, (_, trial) => {
    // A place of its own for each trial, so that one more hyper-parameter or trial leaves the others alone.
    generator.setState({ seed, counter: trial * BLOCKS_PER_TRIAL });
    const own = randomUint32(generator);
    return { trial, params: draw(space, generator), seed: own };
  });
}

/**
 * Runs `task` on each item, `workers` at a time, until one says false; true if all have run. After an error, it calls
 * `stop` and waits for what is under way.
 */
async function inParallel<T>(
  items: readonly T[],
  workers: number,
  task: (item: T) => Promise<boolean>,
  stop: () => void,
): Promise<boolean> {
  const queue = [...items];
  let goesOn = true;
  const work = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined && goesOn; item = queue.shift()) {
      try {
        if (!(await task(item))) goesOn = false;
      } catch (error) {
        goesOn = false;
        stop();
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: workers }, work));
  for (const each of ended) if (each.status === 'rejected') throw each.reason;
  return goesOn;
}

/**
 * Looks for good hyper-parameters: draws settings at random, runs a trial of each in worker threads, and tells which
 * scored best. Random search finds good settings sooner than a grid (Bergstra and Bengio, "Random search for
 * hyper-parameter optimization", 2012). A trial that throws, ends its thread or returns no number is recorded as a
 * failure. With `file`, a search that was killed goes on where it was.
 *
 * @throws ArgumentError for options that are unknown or out of range, or a file of another search
 * @throws CheckpointError for a damaged file, or one that another search writes
 * @throws WriteError if the file cannot be written
 *
 * @example
 * // trial.js: export default async ({ params, budget, seed }) => { ...; return validationLoss; };
 * const found = await tune.search({
 *   space: { lr: tune.logUniform(1e-4, 1e-1), hidden: tune.choice([16, 32, 64]) },
 *   trial: new URL('./trial.js', import.meta.url),
 *   trials: 20,
 *   strategy: tune.successiveHalving(9),
 *   file: 'search.json',
 * });
 * console.log(found.table());
 */
export async function search<S extends Space>(options: SearchOptions<S>): Promise<SearchResult<S>> {
  checkOptions('search', options, NAMES);
  const { space, trial, trials, goal = 'min', seed = 0, onRun } = options;
  const { strategy = randomSearch(), exportName = 'default', file } = options;
  const { workers = Math.max(1, availableParallelism() >> 1) } = options;
  if (typeof space !== 'object' || space === null) {
    throw new ArgumentError(`search: the space is ${inWords(space)}, expected ranges by name`);
  }
  if (Object.keys(space).length === 0) throw new ArgumentError('search: the space is empty');
  checkInteger(trials, 'trials', 'search', 1);
  checkInteger(seed, 'seed', 'search', 0);
  checkInteger(workers, 'workers', 'search', 1);
  checkChoice(goal, ['min', 'max'], 'goal', 'search');

  const described = Object.fromEntries(
    Object.entries(space).map(([name, range]) => [name, range.describe()]),
  );
  const identity = { seed, goal, space: described, strategy: strategy.describe(), trials };
  const store = new ResultStore(file, identity);
  const url = await moduleOf(trial);
  const all = candidates(space, trials, seed);
  const stop = new Stop();
  const runs = new Map<string, TrialRun<Drawn<S>>>();

  const finish = async (candidate: Candidate<Drawn<S>>, budget: number): Promise<boolean> => {
    const key = `${candidate.trial}/${budget}`;
    const known = store.find(candidate.trial, budget);
    if (known !== undefined) {
      if (!isDeepStrictEqual(known.params, JSON.parse(JSON.stringify(candidate.params)))) {
        throw new CheckpointError(
          `search: ${file} is damaged: trial ${candidate.trial} has other parameters than its seed gives`,
        );
      }
      runs.set(key, { ...known, params: candidate.params });
      return true;
    }
    if (stop.isSet) return false;
    const start = performance.now();
    const context = { ...candidate, budget };
    const outcome = await runTrial({ url, name: exportName }, context, stop);
    if (outcome === 'aborted') return false;
    const seconds = (performance.now() - start) / 1e3;
    const result = 'score' in outcome ? outcome : { score: null, error: outcome.error };
    const run = { trial: candidate.trial, params: candidate.params, budget, ...result, seconds };
    runs.set(key, run);
    await store.add(run);
    onRun?.(run);
    return true;
  };

  await store.open();
  const unfollow = stop.follow(options.signal);
  try {
    let left = all;
    for (const rung of strategy.rungs(trials)) {
      left = left.slice(0, rung.trials);
      const task = (each: Candidate<Drawn<S>>) => finish(each, rung.budget);
      const isWhole = await inParallel(left, workers, task, () => stop.set());
      if (!isWhole) return new SearchResult(space, goal, [...runs.values()], 'aborted');
      const ranked = [...runs.values()].filter(({ budget }) => budget === rung.budget);
      left = ranked
        .filter(({ score }) => score !== null)
        .sort(byRank(goal))
        .flatMap((run) => all[run.trial] ?? []);
    }
    return new SearchResult(space, goal, [...runs.values()], 'done');
  } finally {
    unfollow();
    await store.close();
  }
}

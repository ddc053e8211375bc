import type { JsonObject } from '../../io/json.js';

/** What a trial is told. */
export interface TrialContext<P = JsonObject> {
  /** The hyper-parameters to try. */
  readonly params: P;
  /** How much to spend, epochs for example; see the strategies. */
  readonly budget: number;
  /** For manualSeed(): the same whenever this trial runs, another for each trial. */
  readonly seed: number;
  /** Number of the trial, from 0. */
  readonly trial: number;
  /** Aborted when the search is; a trial that goes on is ended a little later. */
  readonly signal: AbortSignal;
}

/** A trial: trains with the hyper-parameters, and returns the score to compare by. */
export type Trial<P = JsonObject> = (context: TrialContext<P>) => number | Promise<number>;

/** What the thread of a trial is started with. */
export interface TrialOrder {
  /** The module that exports the trial, and under which name. */
  readonly url: string;
  readonly name: string;
  readonly context: Omit<TrialContext, 'signal'>;
}

/** What the thread of a trial has to say; the trial may return whatever it likes. */
export type TrialReport = { readonly score: unknown } | { readonly error: string };

/** What `fit` needs of a learning-rate schedule; those of `optim` are such. */
export interface Scheduler {
  /** When it moves on: after each update of the weights, or after each epoch (the default). */
  readonly interval?: 'batch' | 'epoch';
  /** Moves on. By the epoch it is given the monitored value, which most have no use for. */
  step(metric?: number): void;
  /** Where it is, plain JSON. */
  stateDict(): object;
  /** @throws CheckpointError if the state does not fit, before anything changes */
  loadStateDict(state: object): void;
}

/** One schedule or several. */
export type Schedules = Scheduler | readonly Scheduler[];

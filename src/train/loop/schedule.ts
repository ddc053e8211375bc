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
  /**
   * Checks a saved state, and returns what takes it over, which cannot fail: a checkpoint is loaded once all of its
   * parts were found right. Without it, `loadStateDict` is tried, and undone if another part does not fit.
   */
  prepareStateDict?(state: object): () => void;
}

/** One schedule or several. */
export type Schedules = Scheduler | readonly Scheduler[];

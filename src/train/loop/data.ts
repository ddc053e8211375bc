import { ArgumentError } from '../../errors.js';
import type { Json } from '../../io/json.js';

/**
 * Batches, an epoch of them for each time they are gone through: a `DataLoader`, an array, or your own. A batch is
 * `[...inputs, target]`, or whatever your `step` function takes.
 */
export interface TrainingData<B> {
  [Symbol.asyncIterator]?(): AsyncIterator<B>;
  [Symbol.iterator]?(): Iterator<B>;
  /** Batches of an epoch. */
  readonly length?: number;
  /** Where it is, the epoch under way and the next batch, as JSON. Without it, `resume` passes over batches. */
  stateDict?(): Json;
  /** @throws CheckpointError if the state does not fit, before anything changes */
  loadStateDict?(state: Json): void;
  /**
   * Checks a saved state, and returns what takes it over, which cannot fail: a checkpoint is loaded once all of its
   * parts were found right. Without it, `loadStateDict` is tried, and undone if another part does not fit.
   */
  prepareStateDict?(state: Json): () => void;
}

/**
 * One epoch of data.
 * @throws ArgumentError if they cannot be gone through
 */
export function batchesOf<B>(data: TrainingData<B>): AsyncIterable<B> | Iterable<B> {
  const { [Symbol.asyncIterator]: asyncly, [Symbol.iterator]: syncly } = data ?? {};
  if (asyncly !== undefined) return { [Symbol.asyncIterator]: () => asyncly.call(data) };
  if (syncly !== undefined) return { [Symbol.iterator]: () => syncly.call(data) };
  throw new ArgumentError(
    'fit: the data cannot be gone through; expected a DataLoader, or an array of batches',
  );
}

/**
 * Tells the runs of a search to end. As AbortController, which is no part of every vm context; and whose signals of
 * two contexts cannot be joined.
 */
export class Stop {
  readonly #listeners = new Set<() => void>();
  #isSet = false;

  /** Whether it was {@link set}. */
  get isSet(): boolean {
    return this.#isSet;
  }

  set(): void {
    if (this.#isSet) return;
    this.#isSet = true;
    for (const listener of this.#listeners) listener();
  }

  /** Calls `listener` once it is set: at once if it is already. Returns what takes the listener away. */
  listen(listener: () => void): () => void {
    if (this.#isSet) listener();
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Is set when a signal is aborted. Returns what lets go of the signal. */
  follow(signal: AbortSignal | undefined): () => void {
    const set = (): void => this.set();
    if (signal?.aborted) set();
    signal?.addEventListener('abort', set, { once: true });
    return () => signal?.removeEventListener('abort', set);
  }
}

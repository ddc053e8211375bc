/** How much tensors may take on top of what is known to be in use, before garbage is looked for among them. */
const ALLOWANCE_BYTES = 128 * 2 ** 20;

/**
 * Decides when the collector should look for lost tensors. V8 does not know how large they are, so left alone it
 * collects too late, and JavaScript's collector is the only one who knows that a tensor is lost.
 *
 * It looks whenever tensors have grown by an allowance, or by half, if that is more, since all garbage was last
 * known to be gone. So a loop that loses its tensors has at most this much garbage, and a program that keeps what it
 * makes is asked at ever longer intervals. The young generation comes first, where a loop's garbage is; all of the
 * heap only when too little was found there.
 */
export class GarbageBudget {
  readonly #allowance: number;
  /** What was live after the last collection of everything. */
  #inUse = 0;

  constructor(allowance = ALLOWANCE_BYTES) {
    this.#allowance = allowance;
  }

  get #growth(): number {
    return Math.max(this.#allowance, this.#inUse / 2);
  }

  /** Whether to collect before there are so many bytes in tensors. */
  isSpent(bytes: number): boolean {
    return bytes > this.#inUse + this.#growth;
  }

  /**
   * Collects.
   * @param collect collects the young generation or everything; the bytes that are in tensors then
   */
  collect(collect: (what: 'young' | 'all') => number): void {
    if (collect('young') > this.#inUse + this.#growth / 2) this.#inUse = collect('all');
  }
}

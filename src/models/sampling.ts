import { ArgumentError } from '../errors.js';
import { Draws } from '../numeric/draws.js';
import { checkInteger } from '../ops/kit/options.js';
import { checkOptions, type OptionNames } from '../options.js';
import { randomUint32 } from '../tensor/random.js';

export interface SamplingOptions {
  /** Always takes the likeliest. Default: false. */
  greedy?: boolean;
  /** Divides the logits: below 1 plays safe, above 1 dares more. Default: 1. */
  temperature?: number;
  /** Chooses among so many of the likeliest only. Default: all. */
  topK?: number;
  /**
   * The same seed draws the same, on both backends. An integer from 0 to 2⁵³ − 1; by default drawn from the default
   * generator (`manualSeed`).
   */
  seed?: number;
}

/** The names of these options. */
export const SAMPLING: OptionNames<SamplingOptions> = {
  greedy: true,
  temperature: true,
  topK: true,
  seed: true,
};

/** Draws classes from logits, one after the other. */
export class Sampler {
  readonly #temperature: number;
  readonly #topK: number;
  readonly #greedy: boolean;
  readonly #draws: Draws;

  /** @throws ArgumentError for options out of range */
  constructor(options: SamplingOptions = {}) {
    checkOptions('sampling', options, SAMPLING);
    const { greedy = false, temperature = 1, topK = Number.POSITIVE_INFINITY } = options;
    if (!(temperature > 0 && Number.isFinite(temperature))) {
      throw new ArgumentError(
        `sampling: temperature is ${temperature}, expected a number > 0 (greedy: true always takes the likeliest)`,
      );
    }
    if (topK !== Number.POSITIVE_INFINITY) checkInteger(topK, 'topK', 'sampling', 1);
    const seed = options.seed ?? randomUint32();
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new ArgumentError(`sampling: seed is ${seed}, expected an integer from 0 to 2^53 − 1`);
    }
    this.#temperature = temperature;
    this.#topK = topK;
    this.#greedy = greedy;
    this.#draws = new Draws(seed);
  }

  /**
   * The next class. Each call uses one random number, so that a draw does not depend on the options before it.
   * @throws ArgumentError if there are no logits, or one is NaN or +∞
   */
  next(logits: ArrayLike<number>): number {
    const share = this.#draws.uniform();
    const best = likeliest(logits);
    if (this.#greedy) return best;
    const top = logits[best] ?? 0;
    const order = this.#topK < logits.length ? topOf(logits, this.#topK) : null;
    const count = order?.length ?? logits.length;
    const classOf = (i: number): number => order?.[i] ?? i;
    // float64, so that both backends, whose logits differ in their last bits, draw the same.
    const weights = Float64Array.from({ length: count }, (_, i) =>
      Math.exp(((logits[classOf(i)] ?? 0) - top) / this.#temperature),
    );
    let left = share * weights.reduce((a, b) => a + b);
    for (const [i, weight] of weights.entries()) {
      left -= weight;
      if (left < 0) return classOf(i);
    }
    return best;
  }
}

/** The first of the largest. */
function likeliest(logits: ArrayLike<number>): number {
  let best = 0;
  for (let i = 0; i < logits.length; i++) {
    const logit = logits[i] ?? Number.NaN;
    if (Number.isNaN(logit) || logit === Number.POSITIVE_INFINITY) {
      throw new ArgumentError(`sampling: logit ${i} is ${logit}: the model has diverged`);
    }
    if (logit > (logits[best] ?? 0)) best = i;
  }
  if (logits.length === 0 || logits[best] === Number.NEGATIVE_INFINITY) {
    throw new ArgumentError('sampling: there is no logit above −∞ to choose');
  }
  return best;
}

/** The classes of the k largest logits, in their order; of equal ones the first. */
function topOf(logits: ArrayLike<number>, k: number): Int32Array {
  const order = Int32Array.from({ length: logits.length }, (_, i) => i);
  order.sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0) || a - b);
  return order.slice(0, k).sort();
}

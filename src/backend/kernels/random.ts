import type { FloatArray, IndexArray, MaskArray } from './types.js';

/**
 * Random numbers. See index.ts for the conventions.
 *
 * Philox-4x32-10 (Salmon et al. 2011): key = (seedLow, seedHigh); element i takes lane i mod 4 of the block whose
 * 128-bit counter is (counter + floor(i / 4), as low and high word, then 0, 0). counter < 2⁵³.
 */
export interface RandomKernels {
  /** Uniform on [low, high): low + (high − low)·(u >>> 8)·2⁻²⁴, rounded below high. */
  randomUniform(
    out: FloatArray,
    n: number,
    seedLow: number,
    seedHigh: number,
    counter: number,
    low: number,
    high: number,
  ): void;
  /**
   * Normal, by Box-Muller in float64 on lane pairs (0,1) and (2,3): u = ((a >>> 8) + 1)·2⁻²⁴,
   * v = (b >>> 8)·2⁻²⁴, r = √(−2 ln u), the pair is (r cos 2πv, r sin 2πv).
   */
  randomNormal(
    out: FloatArray,
    n: number,
    seedLow: number,
    seedHigh: number,
    counter: number,
    mean: number,
    std: number,
  ): void;
  /** Integers on [low, high): low + floor(u·(high − low)/2³²), exact in 64 bits; high − low ≤ 2³². */
  randomInteger(
    out: IndexArray,
    n: number,
    seedLow: number,
    seedHigh: number,
    counter: number,
    low: number,
    high: number,
  ): void;
  /**
   * Inverted dropout: mask[i] = u[i] ≥ p (u uniform on [0, 1) as above), out = mask ? x / (1 − p) : 0. The
   * mask of element i is that of element floor(i / inner), so that inner > 1 drops whole channels.
   */
  dropout(
    out: FloatArray,
    mask: MaskArray,
    x: FloatArray,
    n: number,
    inner: number,
    seedLow: number,
    seedHigh: number,
    counter: number,
    p: number,
  ): void;
  /** out = mask[floor(i / inner)] ? x·scale : 0. */
  maskScale(
    out: FloatArray,
    x: FloatArray,
    mask: MaskArray,
    n: number,
    inner: number,
    scale: number,
  ): void;
}

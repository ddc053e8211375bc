/**
 * Philox-4x32-10, a counter-based generator: Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers:
 * as easy as 1, 2, 3".
 */

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;
const TWO_32 = 2 ** 32;

/** Words that a block of the generator gives. */
export const PHILOX_LANES = 4;

/**
 * Upper half of the 64-bit product of two unsigned 32-bit integers, by 16-bit halves; as a signed integer,
 * so that all of it stays in V8's fast integers.
 */
export function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  // Neither sum exceeds 32 bits: (2¹⁶ − 1)² + 2¹⁶ − 1 < 2³².
  const low = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const middle = (Math.imul(aLow, bHigh) + (low & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (low >>> 16) + (middle >>> 16)) | 0;
}

/** Fills words with `blocks` blocks of four, the first at the given counter (an integer below 2⁵³). */
export function philox(
  words: Uint32Array,
  blocks: number,
  seedLow: number,
  seedHigh: number,
  counter: number,
): void {
  for (let block = 0; block < blocks; block++) {
    const position = counter + block;
    let x0 = position | 0;
    let x1 = Math.floor(position / TWO_32) | 0;
    let x2 = 0;
    let x3 = 0;
    let key0 = seedLow | 0;
    let key1 = seedHigh | 0;
    for (let round = 0; round < ROUNDS; round++) {
      const high0 = multiplyHigh(MULTIPLIER_0, x0);
      const high1 = multiplyHigh(MULTIPLIER_1, x2);
      const low0 = Math.imul(MULTIPLIER_0, x0);
      const low1 = Math.imul(MULTIPLIER_1, x2);
      x0 = high1 ^ x1 ^ key0;
      x1 = low1;
      x2 = high0 ^ x3 ^ key1;
      x3 = low0;
      key0 = (key0 + WEYL_0) | 0;
      key1 = (key1 + WEYL_1) | 0;
    }
    const o = block * PHILOX_LANES;
    words[o] = x0;
    words[o + 1] = x1;
    words[o + 2] = x2;
    words[o + 3] = x3;
  }
}

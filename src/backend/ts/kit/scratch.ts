import { isFloat64Array } from 'node:util/types';
import { allocating } from '../../../numeric/allocation.js';
import type { FloatArray } from '../../kernels/index.js';

const arenas: Scratch[] = [];

/**
 * Working memory of one kernel family: grows to the largest request, contents undefined. A request
 * invalidates what the same arena gave before.
 */
export class Scratch {
  #buffer = new ArrayBuffer(0);
  #float32 = new Float32Array(0);
  #float64 = new Float64Array(0);

  constructor() {
    arenas.push(this);
  }

  get bytes(): number {
    return this.#buffer.byteLength;
  }

  float64(length: number): Float64Array {
    this.#reserve(8 * length);
    return this.#float64;
  }

  /** At least `length` elements of the kind of `model`. */
  like(model: FloatArray, length: number): FloatArray {
    if (isFloat64Array(model)) return this.float64(length);
    this.#reserve(4 * length);
    return this.#float32;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#buffer.byteLength) return;
    this.#buffer = allocating(
      'the work of a kernel',
      bytes,
      () => new ArrayBuffer(Math.ceil(bytes / 4096) * 4096),
    );
    this.#float32 = new Float32Array(this.#buffer);
    this.#float64 = new Float64Array(this.#buffer);
  }
}

/** Bytes held by all arenas. */
export function scratchBytes(): number {
  let bytes = 0;
  for (const arena of arenas) bytes += arena.bytes;
  return bytes;
}

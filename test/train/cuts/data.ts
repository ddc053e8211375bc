import { type Tensor, tensor } from '../../../src/index.js';

/** Random numbers that a seed repeats (mulberry32). */
export class Draws {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** On [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from 0 to below n. */
  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  /** From −2 to 2, with few decimals. */
  value(): number {
    return Math.round((this.next() * 4 - 2) * 1000) / 1000;
  }

  list<T>(length: number, make: (i: number) => T): T[] {
    return Array.from({ length }, (_, i) => make(i));
  }
}

/** One sample: numbers [steps][features], and what is expected of them. */
export interface Sample {
  readonly x: readonly (readonly number[])[];
  readonly target: readonly (readonly number[])[];
}

/** How samples become a batch: [N, F], [N, F, L] padded to its longest, or [T, B, F]. */
export type Layout = 'flat' | 'sequences' | 'timeFirst';

/** What the padding of targets is. */
export const PADDING = -100;

function stacked(
  samples: readonly (readonly (readonly number[])[])[],
  layout: Layout,
  padding: number,
  isClass: boolean,
): Tensor {
  const [n, steps] = [samples.length, Math.max(...samples.map((rows) => rows.length))];
  const features = samples[0]?.[0]?.length ?? 1;
  const at = (i: number, t: number, f: number): number => samples[i]?.[t]?.[f] ?? padding;
  const values: number[] = [];
  const walk = (sizes: readonly [number, number, number], pick: typeof at): void => {
    for (let a = 0; a < sizes[0]; a++)
      for (let b = 0; b < sizes[1]; b++)
        for (let c = 0; c < sizes[2]; c++) values.push(pick(a, b, c));
  };
  const own = (shape: number[]): number[] => (isClass ? shape.filter((s) => s >= 0) : shape);
  // The axis of features is left out of class indices.
  const wide = isClass ? -1 : features;
  let shape: number[];
  if (layout === 'timeFirst') {
    walk([steps, n, features], (t, i, f) => at(i, t, f));
    shape = own([steps, n, wide]);
  } else if (layout === 'sequences') {
    walk([n, features, steps], (i, f, t) => at(i, t, f));
    shape = own([n, wide, steps]);
  } else {
    walk([n, 1, features], at);
    shape = own([n, wide]);
  }
  const data = isClass ? Int32Array.from(values) : Float32Array.from(values);
  return tensor(data, { shape }).keep();
}

/** A batch of samples. Sequences are as long as its longest, not as that of all. */
export function batchOf(
  samples: readonly Sample[],
  layout: Layout,
  areClasses: boolean,
): readonly [Tensor, Tensor] {
  const x = stacked(
    samples.map((sample) => sample.x),
    layout,
    0,
    false,
  );
  const target = stacked(
    samples.map((sample) => sample.target),
    layout,
    areClasses ? PADDING : 0,
    areClasses,
  );
  return [x, target];
}

/** Samples in pieces of given sizes, what is left in a last one. */
export function cut<T>(samples: readonly T[], sizes: readonly number[]): T[][] {
  const pieces: T[][] = [];
  let at = 0;
  for (const size of sizes) {
    if (at < samples.length) pieces.push(samples.slice(at, at + size));
    at += size;
  }
  if (at < samples.length) pieces.push(samples.slice(at));
  return pieces;
}

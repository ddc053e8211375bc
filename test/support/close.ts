import type { Shape } from '../../src/tensor/shape.js';
import { Tensor } from '../../src/tensor/tensor.js';

/** Two results are close if |actual − expected| ≤ atol + rtol·|expected| everywhere. */
export interface Tolerance {
  readonly rtol?: number;
  readonly atol?: number;
}

/** Numbers with a shape: a tensor, or values read from elsewhere. */
export type Values = Tensor | ArrayLike<number>;

function numbersOf(values: Values): ArrayLike<number> {
  return values instanceof Tensor ? values.dataSync() : values;
}

/** Row-major position of an element, `[1, 0, 2]`. */
function positionOf(index: number, shape: Shape): string {
  const position: number[] = [];
  let rest = index;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] ?? 1;
    position.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return `[${position.join(', ')}]`;
}

/** 0 for equal numbers, two NaN among them; else how far they are apart, infinite for one NaN. */
function distance(actual: number, expected: number): number {
  if (Object.is(actual, expected) || actual === expected) return 0;
  const apart = Math.abs(actual - expected);
  return Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart;
}

/**
 * Throws unless the values are close; the message tells the worst element and how many are off.
 * Defaults: rtol 1e-5, atol 1e-6, what float32 keeps over a handful of roundings.
 */
export function expectClose(
  actual: Values,
  expected: Values,
  tolerance: Tolerance = {},
  what = 'result',
): void {
  const { rtol = 1e-5, atol = 1e-6 } = tolerance;
  const [a, e] = [numbersOf(actual), numbersOf(expected)];
  const shape = actual instanceof Tensor ? actual.shape : [a.length];
  if (expected instanceof Tensor && `${expected.shape}` !== `${shape}`) {
    throw new Error(
      `${what}: shape [${shape.join(', ')}], expected [${expected.shape.join(', ')}]`,
    );
  }
  if (a.length !== e.length) {
    throw new Error(`${what}: ${a.length} elements, expected ${e.length}`);
  }
  let off = 0;
  let worst = -1;
  let worstExcess = 0;
  for (let i = 0; i < a.length; i++) {
    const wanted = e[i] ?? Number.NaN;
    const allowed = Number.isFinite(wanted) ? atol + rtol * Math.abs(wanted) : 0;
    const apart = distance(a[i] ?? Number.NaN, wanted);
    if (apart <= allowed) continue;
    off++;
    const excess = allowed > 0 ? apart / allowed : Number.POSITIVE_INFINITY;
    if (worst < 0 || excess > worstExcess) {
      worst = i;
      worstExcess = excess;
    }
  }
  if (worst < 0) return;
  const wanted = e[worst] ?? Number.NaN;
  throw new Error(
    `${what}: ${off} of ${a.length} elements are off; the worst is ${a[worst]} at ` +
      `${positionOf(worst, shape)}, expected ${wanted} ± ${(atol + rtol * Math.abs(wanted)).toPrecision(2)} ` +
      `(rtol ${rtol}, atol ${atol})`,
  );
}

/** Throws unless both have the same elements, bit for bit (but one NaN equals another). */
export function expectSame(actual: Values, expected: Values, what = 'result'): void {
  expectClose(actual, expected, { rtol: 0, atol: 0 }, what);
}

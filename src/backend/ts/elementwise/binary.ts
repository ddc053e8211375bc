import { isFloat32Array, isInt32Array } from 'node:util/types';
import { BinaryOp, type FloatArray, type Kernels } from '../../kernels/index.js';
import { broadcastRows } from '../kit/strided.js';

type Values = FloatArray | Int32Array;

/** out[o + i] = a[ia + i·aStep] ∘ b[ib + i·bStep] for i < n; a step of 0 repeats one element. */
type BinaryLoop = (
  out: Values,
  o: number,
  n: number,
  a: Values,
  ia: number,
  aStep: number,
  b: Values,
  ib: number,
  bStep: number,
) => void;

const scalar32 = new Float32Array(1);
const scalar64 = new Float64Array(1);
const scalarInteger = new Int32Array(1);

export const binary: Kernels['binary'] = (out, a, b, n, op) => {
  loopsFor(out)[op](out, 0, n, a, 0, 1, b, 0, 1);
};

export const binaryScalar: Kernels['binaryScalar'] = (out, a, scalar, n, op) => {
  if (op === BinaryOp.pow && Math.abs(scalar) === 0.5 && !isInt32Array(out)) {
    // Roots: those of −0 and −∞ are not what power makes of them.
    for (let i = 0; i < n; i++) {
      const root = Math.sqrt(a[i] as number);
      out[i] = scalar > 0 ? root : 1 / root;
    }
    return;
  }
  loopsFor(out)[op](out, 0, n, a, 0, 1, asElement(scalar, a), 0, 0);
};

export const binaryBroadcast: Kernels['binaryBroadcast'] = (out, a, b, plan, op) => {
  const rows = broadcastRows(plan);
  const [, aStep = 0, bStep = 0] = rows.steps;
  const loop = loopsFor(out)[op];
  rows.walk((o, ia, ib) => loop(out, o, rows.length, a, ia, aStep, b, ib, bStep));
};

function loopsFor(out: Values): Record<BinaryOp, BinaryLoop> {
  return isInt32Array(out) ? integerLoops : floatLoops;
}

/** The scalar, rounded to the kind of `model`, as an array that a loop can repeat. */
export function asElement(scalar: number, model: Values): Values {
  const element = isFloat32Array(model) ? scalar32 : isInt32Array(model) ? scalarInteger : scalar64;
  element[0] = scalar;
  return element;
}

/** C's pow, which knows 1 ** anything and (−1) ** ±∞ as 1 where JavaScript says NaN. */
function power(base: number, exponent: number): number {
  if (base === 1 || (base === -1 && Math.abs(exponent) === Infinity)) return 1;
  return base ** exponent;
}

/** a modulo b with the sign of b. */
function flooredRemainder(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

/** base to the exponent in wrapping 32-bit arithmetic; a negative exponent truncates 1 / baseⁿ. */
function integerPower(base: number, exponent: number): number {
  if (exponent < 0) {
    if (base === 1) return 1;
    if (base === -1) return exponent % 2 === 0 ? 1 : -1;
    return 0;
  }
  let result = 1;
  let square = base;
  for (let bits = exponent; bits > 0; bits >>>= 1) {
    if (bits & 1) result = Math.imul(result, square);
    square = Math.imul(square, square);
  }
  return result;
}

/** One loop for each function, so that V8 compiles each with its function inline. */
const floatLoops: Record<BinaryOp, BinaryLoop> = {
  [BinaryOp.add]: (out, o, n, a, ia, aStep, b, ib, bStep) => {
    for (const end = o + n; o < end; o++, ia += aStep, ib += bStep) {
      out[o] = (a[ia] as number) + (b[ib] as number);
    }
  },
  [BinaryOp.sub]: (out, o, n, a, ia, aStep, b, ib, bStep) => {
    for (const end = o + n; o < end; o++, ia += aStep, ib += bStep) {
      out[o] = (a[ia] as number) - (b[ib] as number);
    }
  },
  [BinaryOp.mul]: (out, o, n, a, ia, aStep, b, ib, bStep) => {
    for (const end = o + n; o < end; o++, ia += aStep, ib += bStep) {
      out[o] = (a[ia] as number) * (b[ib] as number);
    }
  },
  [BinaryOp.div]: (out, o, n, a, ia, aStep, b, ib, bStep) => {
    for (const end = o + n; o < end; o++, ia += aStep, ib += bStep) {
      out[o] = (a[ia] as number) / (b[ib] as number);
    }
  },
  [BinaryOp.maximum]: (out, o, n, a, ia, aStep, b, ib, bStep) => {
    for (const end = o + n; o < end; o++, ia += aStep, ib += bStep) {
      out[o] = Math.max(a[ia] as number, b[ib] as number);
    }
  },
  [BinaryOp.minimum]: (out, o, n, a, ia, aStep, b, ib, bStep) => {
    for (const end = o + n; o < end; o++, ia += aStep, ib += bStep) {
      out[o] = Math.min(a[ia] as number, b[ib] as number);
    }
  },
  [BinaryOp.pow]: (out, o, n, a, ia, aStep, b, ib, bStep) => {
    for (const end = o + n; o < end; o++, ia += aStep, ib += bStep) {
      out[o] = power(a[ia] as number, b[ib] as number);
    }
  },
  [BinaryOp.rsub]: (out, o, n, a, ia, aStep, b, ib, bStep) => {
    for (const end = o + n; o < end; o++, ia += aStep, ib += bStep) {
      out[o] = (b[ib] as number) - (a[ia] as number);
    }
  },
  [BinaryOp.rdiv]: (out, o, n, a, ia, aStep, b, ib, bStep) => {
    for (const end = o + n; o < end; o++, ia += aStep, ib += bStep) {
      out[o] = (b[ib] as number) / (a[ia] as number);
    }
  },
  [BinaryOp.rpow]: (out, o, n, a, ia, aStep, b, ib, bStep) => {
    for (const end = o + n; o < end; o++, ia += aStep, ib += bStep) {
      out[o] = power(b[ib] as number, a[ia] as number);
    }
  },
  [BinaryOp.remainder]: (out, o, n, a, ia, aStep, b, ib, bStep) => {
    for (const end = o + n; o < end; o++, ia += aStep, ib += bStep) {
      out[o] = flooredRemainder(a[ia] as number, b[ib] as number);
    }
  },
  [BinaryOp.atan2]: (out, o, n, a, ia, aStep, b, ib, bStep) => {
    for (const end = o + n; o < end; o++, ia += aStep, ib += bStep) {
      out[o] = Math.atan2(a[ia] as number, b[ib] as number);
    }
  },
  [BinaryOp.greaterHalf]: (out, o, n, a, ia, aStep, b, ib, bStep) => {
    for (const end = o + n; o < end; o++, ia += aStep, ib += bStep) {
      const x = a[ia] as number;
      const y = b[ib] as number;
      out[o] = x < y ? 0 : x === y ? 0.5 : 1;
    }
  },
};

/** Stores into Int32Array truncate and wrap float64 results; only products need 32-bit arithmetic. */
const integerLoops: Record<BinaryOp, BinaryLoop> = {
  ...floatLoops,
  [BinaryOp.mul]: (out, o, n, a, ia, aStep, b, ib, bStep) => {
    for (const end = o + n; o < end; o++, ia += aStep, ib += bStep) {
      out[o] = Math.imul(a[ia] as number, b[ib] as number);
    }
  },
  [BinaryOp.pow]: (out, o, n, a, ia, aStep, b, ib, bStep) => {
    for (const end = o + n; o < end; o++, ia += aStep, ib += bStep) {
      out[o] = integerPower(a[ia] as number, b[ib] as number);
    }
  },
  [BinaryOp.rpow]: (out, o, n, a, ia, aStep, b, ib, bStep) => {
    for (const end = o + n; o < end; o++, ia += aStep, ib += bStep) {
      out[o] = integerPower(b[ib] as number, a[ia] as number);
    }
  },
};

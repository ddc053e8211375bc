import { isFloat32Array, isFloat64Array } from 'node:util/types';
import { CompareOp, type Kernels, type MaskArray, type NumericArray } from '../../kernels/index.js';
import { broadcastRows } from '../kit/strided.js';
import { asElement } from './binary.js';

/** out[o + i] = a[ia + i·aStep] ∘ b[ib + i·bStep] ? 1 : 0 for i < n. */
type CompareLoop = (
  out: MaskArray,
  o: number,
  n: number,
  a: NumericArray,
  ia: number,
  aStep: number,
  b: NumericArray,
  ib: number,
  bStep: number,
) => void;

export const compare: Kernels['compare'] = (out, a, b, plan, op) => {
  const rows = broadcastRows(plan);
  const [, aStep = 0, bStep = 0] = rows.steps;
  const loop = loops[op];
  rows.walk((o, ia, ib) => loop(out, o, rows.length, a, ia, aStep, b, ib, bStep));
};

export const compareScalar: Kernels['compareScalar'] = (out, a, scalar, n, op) => {
  loops[op](out, 0, n, a, 0, 1, comparand(scalar, a), 0, 0);
};

const wholeNumber = new Float64Array(1);

/** Floats compare with the scalar rounded to their kind; integers with the scalar as it is (2.5, 300). */
function comparand(scalar: number, a: NumericArray): NumericArray {
  if (isFloat32Array(a) || isFloat64Array(a)) return asElement(scalar, a);
  wholeNumber[0] = scalar;
  return wholeNumber;
}

const loops: Record<CompareOp, CompareLoop> = {
  [CompareOp.eq]: (out, o, n, a, ia, aStep, b, ib, bStep) => {
    for (const end = o + n; o < end; o++, ia += aStep, ib += bStep)
      out[o] = a[ia] === b[ib] ? 1 : 0;
  },
  [CompareOp.ne]: (out, o, n, a, ia, aStep, b, ib, bStep) => {
    for (const end = o + n; o < end; o++, ia += aStep, ib += bStep)
      out[o] = a[ia] !== b[ib] ? 1 : 0;
  },
  [CompareOp.lt]: (out, o, n, a, ia, aStep, b, ib, bStep) => {
    for (const end = o + n; o < end; o++, ia += aStep, ib += bStep) {
      out[o] = (a[ia] as number) < (b[ib] as number) ? 1 : 0;
    }
  },
  [CompareOp.le]: (out, o, n, a, ia, aStep, b, ib, bStep) => {
    for (const end = o + n; o < end; o++, ia += aStep, ib += bStep) {
      out[o] = (a[ia] as number) <= (b[ib] as number) ? 1 : 0;
    }
  },
  [CompareOp.gt]: (out, o, n, a, ia, aStep, b, ib, bStep) => {
    for (const end = o + n; o < end; o++, ia += aStep, ib += bStep) {
      out[o] = (a[ia] as number) > (b[ib] as number) ? 1 : 0;
    }
  },
  [CompareOp.ge]: (out, o, n, a, ia, aStep, b, ib, bStep) => {
    for (const end = o + n; o < end; o++, ia += aStep, ib += bStep) {
      out[o] = (a[ia] as number) >= (b[ib] as number) ? 1 : 0;
    }
  },
};

export const where: Kernels['where'] = (out, condition, a, b, n) => {
  for (let i = 0; i < n; i++) out[i] = (condition[i] === 0 ? b[i] : a[i]) as number;
};

import type { Kernels, NumericArray } from '../../kernels/index.js';
import { checkIndices } from '../kit/faults.js';
import { addElements } from './rows.js';

// All indices are checked before the first write, so that a fault leaves accumulators as they were.

export const indexSelect: Kernels['indexSelect'] = (out, x, index, outer, axis, inner, count) => {
  checkIndices('indexSelect', index, count, axis);
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < count; j++) {
      const from = (o * axis + (index[j] as number)) * inner;
      copy(out, (o * count + j) * inner, x, from, inner);
    }
  }
};

export const indexAdd: Kernels['indexAdd'] = (out, x, index, outer, axis, inner, count) => {
  checkIndices('indexAdd', index, count, axis);
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < count; j++) {
      const to = (o * axis + (index[j] as number)) * inner;
      addElements(out, to, x, (o * count + j) * inner, inner);
    }
  }
};

function copy(out: NumericArray, o: number, x: NumericArray, i: number, n: number): void {
  for (let k = 0; k < n; k++) out[o + k] = x[i + k] as number;
}

export const gather: Kernels['gather'] = (out, x, index, outer, axis, inner, count) => {
  checkIndices('gather', index, outer * count * inner, axis);
  let k = 0;
  for (let o = 0; o < outer; o++) {
    const plane = o * axis * inner;
    for (let j = 0; j < count; j++) {
      for (let i = 0; i < inner; i++, k++) {
        out[k] = x[plane + (index[k] as number) * inner + i] as number;
      }
    }
  }
};

export const scatterAdd: Kernels['scatterAdd'] = (out, x, index, outer, axis, inner, count) => {
  checkIndices('scatterAdd', index, outer * count * inner, axis);
  let k = 0;
  for (let o = 0; o < outer; o++) {
    const plane = o * axis * inner;
    for (let j = 0; j < count; j++) {
      for (let i = 0; i < inner; i++, k++) {
        const to = plane + (index[k] as number) * inner + i;
        out[to] = (out[to] as number) + (x[k] as number);
      }
    }
  }
};

export const oneHot: Kernels['oneHot'] = (out, index, n, classes) => {
  checkIndices('oneHot', index, n, classes);
  out.fill(0, 0, n * classes);
  for (let i = 0; i < n; i++) out[i * classes + (index[i] as number)] = 1;
};

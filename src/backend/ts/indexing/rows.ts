import type { FloatArray, IndexArray, Kernels } from '../../kernels/index.js';
import { checkIndices } from '../kit/faults.js';
import { normOf } from '../reduce/norms.js';

/** out[o + k] += x[i + k] for k < n. */
export function addElements(out: FloatArray, o: number, x: FloatArray, i: number, n: number): void {
  for (let k = 0; k < n; k++) out[o + k] = (out[o + k] as number) + (x[i + k] as number);
}

export const coalesceRows: Kernels['coalesceRows'] = (
  rows,
  values,
  index,
  x,
  count,
  inner,
  limit,
  skip,
) => {
  const capacity = Math.min(count, limit);
  rows.fill(-1, 0, capacity);
  values.fill(0, 0, capacity * inner);
  const places = new Map<number, number>();
  for (let j = 0; j < count; j++) {
    const row = index[j] as number;
    if (row < 0 || row >= limit || row === skip) continue;
    const place = places.get(row) ?? places.size;
    places.set(row, place);
    rows[place] = row;
    addElements(values, place * inner, x, j * inner, inner);
  }
};

export const addRows: Kernels['addRows'] = (out, values, rows, count, inner, limit) => {
  forRows(rows, count, limit, (row, place) =>
    addElements(out, row * inner, values, place * inner, inner),
  );
};

export const renormRows: Kernels['renormRows'] = (
  weight,
  index,
  count,
  inner,
  limit,
  maxNorm,
  normType,
) => {
  checkIndices('renormRows', index, count, limit);
  for (const row of new Set(index.subarray(0, count))) {
    const vector = weight.subarray(row * inner, (row + 1) * inner);
    const norm = normOf(vector, inner, normType);
    if (!(norm > maxNorm)) continue;
    const factor = maxNorm / (norm + 1e-7);
    for (let k = 0; k < inner; k++) vector[k] = (vector[k] as number) * factor;
  }
};

/** visit(row, place) for every place that is used. */
export function forRows(
  rows: IndexArray,
  count: number,
  limit: number,
  visit: (row: number, place: number) => void,
): void {
  for (let place = 0; place < count; place++) {
    const row = rows[place] as number;
    if (row >= 0 && row < limit) visit(row, place);
  }
}

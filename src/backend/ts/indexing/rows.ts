import type { FloatArray, IndexArray, Kernels } from '../../kernels/index.js';
import { checkIndices } from '../kit/faults.js';
import { normOf } from '../optim/gradients.js';

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

/** Rows that are not zero, as `seen` has them: how many, which, and a mark for each row of the table. */
function findSeen(seen: IndexArray, momentum: FloatArray, inner: number, limit: number): void {
  seen.fill(0, 0, 1 + 2 * limit);
  for (let row = 0; row < limit; row++) {
    for (let k = row * inner; k < (row + 1) * inner; k++) {
      if (momentum[k] === 0) continue;
      see(seen, row, limit);
      break;
    }
  }
}

/** Puts a row into the list, if it is not there. */
function see(seen: IndexArray, row: number, limit: number): void {
  if (seen[1 + limit + row] !== 0) return;
  const size = seen[0] as number;
  seen[1 + size] = row;
  seen[1 + limit + row] = -1;
  seen[0] = size + 1;
}

export const momentumStepRows: Kernels['momentumStepRows'] = (
  param,
  momentum,
  seen,
  values,
  rows,
  count,
  inner,
  limit,
  lr,
  keep,
  add,
  own,
  ahead,
  find,
) => {
  if (find !== 0) findSeen(seen, momentum, inner, limit);
  const places = new Map<number, number>();
  forRows(rows, count, limit, (row, place) => {
    see(seen, row, limit);
    places.set(row, place);
  });
  const size = seen[0] as number;
  for (let i = 1; i <= size; i++) {
    const row = seen[i] as number;
    const place = places.get(row);
    for (let k = 0; k < inner; k++) {
      const g = place === undefined ? 0 : (values[place * inner + k] as number);
      const at = row * inner + k;
      const velocity = keep * (momentum[at] as number) + add * g;
      momentum[at] = velocity;
      param[at] = (param[at] as number) - lr * (own * g + ahead * velocity);
    }
  }
};

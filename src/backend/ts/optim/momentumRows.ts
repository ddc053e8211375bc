import {
  type FloatArray,
  type IndexArray,
  type Kernels,
  readMomentumStep,
} from '../../kernels/index.js';
import { forRows } from '../indexing/rows.js';

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
  step,
  find,
) => {
  const { lr, keep, add, own, ahead } = readMomentumStep(step);
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

// Filling, converting and copying.
import { array, copied, f32, kinds, numbers, product, real, size, small } from '../arguments.mjs';
import { rowMajor, someDims } from '../plans.mjs';

/** A strided plan from a permuted, partly reversed x into a contiguous out. */
function stridedCall(random, kind) {
  const dims = someDims(random);
  const size = product(dims);
  const xStrides = rowMajor(dims);
  let xStart = 0;
  for (let axis = 0; axis < dims.length; axis++) {
    if (random.chance(0.3) && dims[axis] > 0) {
      xStart += (dims[axis] - 1) * xStrides[axis];
      xStrides[axis] *= -1;
    }
  }
  const order = dims.map((_, axis) => axis).sort(() => random.next() - 0.5);
  const permuted = (list) => order.map((axis) => list[axis]);
  const [outStart, extra] = [random.integer(0, 3), random.integer(0, 3)];
  const outDims = permuted(dims);
  const plan = [dims.length, outStart, size > 0 ? xStart + extra : 0];
  plan.push(...outDims, ...rowMajor(outDims), ...permuted(xStrides));
  return [array(kind, outStart + size), array(kind, size + extra), copied(Int32Array.from(plan))];
}

export const memoryCalls = {
  fill: (r) => {
    const n = size(r);
    return [array(r.pick(kinds), n), ...numbers(n, r.pick([0, -1, 1e10, Number.NaN]))];
  },
  cast: (r) => {
    const n = size(r);
    return [array(r.pick(kinds), n), array(r.pick(kinds), n), ...numbers(n)];
  },
  assign: (r) => {
    const [kind, n] = [r.pick(kinds), size(r)];
    return [array(kind, n), array(kind, n), ...numbers(n)];
  },
  copyStrided: (r) => stridedCall(r, r.pick(kinds)),
  transpose: (r) => {
    const [kind, batch, rows, cols] = [r.pick(kinds), small(r), r.integer(0, 40), r.integer(0, 40)];
    const n = batch * rows * cols;
    return [array(kind, n), array(kind, n), ...numbers(batch, rows, cols)];
  },
  addScaled: (r) => {
    const n = size(r);
    return [f32(n), f32(n), ...numbers(n, real(r))];
  },
};

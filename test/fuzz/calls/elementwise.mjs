// Filling, copying and elementwise arithmetic.
import {
  array,
  copied,
  f32,
  kinds,
  numbers,
  product,
  real,
  size,
  small,
  u8,
} from '../arguments.mjs';
import { code } from '../codes.mjs';

function rowMajor(dims) {
  const strides = new Array(dims.length).fill(1);
  for (let axis = dims.length - 2; axis >= 0; axis--) {
    strides[axis] = strides[axis + 1] * dims[axis + 1];
  }
  return strides;
}

const someDims = (random) =>
  Array.from({ length: random.integer(0, 4) }, () => random.integer(random.chance(0.1) ? 0 : 1, 5));

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

function broadcastArguments(random, outKind, kind) {
  const dims = someDims(random);
  const operand = () => {
    const own = dims.map((dim) => (random.chance(0.3) ? 1 : dim));
    const strides = rowMajor(own).map((stride, axis) => (own[axis] === 1 ? 0 : stride));
    return { length: product(own), strides };
  };
  const [a, b] = [operand(), operand()];
  const plan = [dims.length, ...dims, ...a.strides, ...b.strides];
  return [
    array(outKind, product(dims)),
    array(kind, a.length),
    array(kind, b.length),
    copied(Int32Array.from(plan)),
  ];
}

export const elementwiseCalls = {
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
  unary: (r) => {
    const [n, kind] = [size(r), r.pick([Float32Array, Int32Array])];
    return [
      array(kind, n),
      array(kind, n),
      ...numbers(n),
      code(r, 'unary', kind),
      ...numbers(real(r), 1),
    ];
  },
  unaryGrad: (r) => {
    const n = size(r);
    return [f32(n), f32(n), f32(n), ...numbers(n), code(r, 'unaryGrad'), ...numbers(real(r), 1)];
  },
  binary: (r) => {
    const [n, kind] = [size(r), r.pick([Float32Array, Int32Array])];
    return [array(kind, n), array(kind, n), array(kind, n), ...numbers(n), code(r, 'binary', kind)];
  },
  binaryScalar: (r) => {
    const [n, kind] = [size(r), r.pick([Float32Array, Int32Array])];
    return [array(kind, n), array(kind, n), ...numbers(real(r), n), code(r, 'binary', kind)];
  },
  binaryBroadcast: (r) => {
    const kind = r.pick([Float32Array, Int32Array]);
    return [...broadcastArguments(r, kind, kind), code(r, 'binary', kind)];
  },
  compare: (r) => [...broadcastArguments(r, Uint8Array, r.pick(kinds)), code(r, 'compare')],
  compareScalar: (r) => {
    const n = size(r);
    return [u8(n), array(r.pick(kinds), n), ...numbers(real(r), n), code(r, 'compare')];
  },
  where: (r) => {
    const [n, kind] = [size(r), r.pick(kinds)];
    return [array(kind, n), u8(n), array(kind, n), array(kind, n), ...numbers(n)];
  },
};

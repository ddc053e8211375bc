// Elementwise arithmetic.
import { array, copied, f32, kinds, numbers, product, real, size, u8 } from '../arguments.mjs';
import { code } from '../codes.mjs';
import { rowMajor, someDims } from '../plans.mjs';

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
  unary: (r, addon) => {
    const [n, kind] = [size(r), r.pick([Float32Array, Int32Array])];
    return [
      array(kind, n),
      array(kind, n),
      ...numbers(n),
      code(r, addon, 'UnaryOp', kind),
      ...numbers(real(r), 1),
    ];
  },
  unaryGrad: (r, addon) => {
    const n = size(r);
    return [
      f32(n),
      f32(n),
      f32(n),
      ...numbers(n),
      code(r, addon, 'UnaryGradOp'),
      ...numbers(real(r), 1),
    ];
  },
  binary: (r, addon) => {
    const [n, kind] = [size(r), r.pick([Float32Array, Int32Array])];
    return [
      array(kind, n),
      array(kind, n),
      array(kind, n),
      ...numbers(n),
      code(r, addon, 'BinaryOp', kind),
    ];
  },
  binaryScalar: (r, addon) => {
    const [n, kind] = [size(r), r.pick([Float32Array, Int32Array])];
    return [
      array(kind, n),
      array(kind, n),
      ...numbers(real(r), n),
      code(r, addon, 'BinaryOp', kind),
    ];
  },
  binaryBroadcast: (r, addon) => {
    const kind = r.pick([Float32Array, Int32Array]);
    return [...broadcastArguments(r, kind, kind), code(r, addon, 'BinaryOp', kind)];
  },
  compare: (r, addon) => [
    ...broadcastArguments(r, Uint8Array, r.pick(kinds)),
    code(r, addon, 'CompareOp'),
  ],
  compareScalar: (r, addon) => {
    const n = size(r);
    return [u8(n), array(r.pick(kinds), n), ...numbers(real(r), n), code(r, addon, 'CompareOp')];
  },
  where: (r) => {
    const [n, kind] = [size(r), r.pick(kinds)];
    return [array(kind, n), u8(n), array(kind, n), array(kind, n), ...numbers(n)];
  },
};

import * as ops from '../../src/ops/index.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { composed, each, eachPair, entriesOf, type OpCase, type OpName } from './case.js';

/** Functions of one argument without parameters. */
export const UNARY = {
  neg: ops.neg,
  abs: ops.abs,
  sign: ops.sign,
  square: ops.square,
  sqrt: ops.sqrt,
  rsqrt: ops.rsqrt,
  reciprocal: ops.reciprocal,
  exp: ops.exp,
  expm1: ops.expm1,
  log: ops.log,
  log1p: ops.log1p,
  sin: ops.sin,
  cos: ops.cos,
  tan: ops.tan,
  erf: ops.erf,
  floor: ops.floor,
  ceil: ops.ceil,
  round: ops.round,
};
const BINARY = {
  add: ops.add,
  sub: ops.sub,
  mul: ops.mul,
  div: ops.div,
  pow: ops.pow,
  atan2: ops.atan2,
  maximum: ops.maximum,
  minimum: ops.minimum,
};
const COMPARE = {
  equal: ops.equal,
  notEqual: ops.notEqual,
  less: ops.less,
  lessEqual: ops.lessEqual,
  greater: ops.greater,
  greaterEqual: ops.greaterEqual,
};

const TIES = 'equal operands are a kink';

function comparisons(name: OpName, fn: (a: Tensor, b: ops.TensorLike) => Tensor): OpCase {
  return {
    name,
    ops: [name],
    fn: (a, b, c, d, e, f, g, h) => [
      fn(a, b),
      fn(c, d),
      fn(e, f),
      fn(g, h),
      fn(a, 1),
      fn(c, 0.5),
      fn(h, 1),
    ],
  };
}

const withNumbers =
  (fn: (x: Tensor) => Tensor[]): OpCase['fn'] =>
  (...xs) =>
    xs.flatMap(fn);

export const elementwise: readonly OpCase[] = [
  ...entriesOf(UNARY).map(([name, fn]): OpCase => ({ name, ops: [name], fn: each(fn) })),
  ...entriesOf(UNARY).map(
    ([name, fn]): OpCase => ({
      name: `${name} of special values`,
      ops: [name],
      fn: each(fn),
    }),
  ),
  {
    name: 'sin and cos of large angles',
    ops: ['sin', 'cos'],
    fn: (x) => [ops.sin(x), ops.cos(x)],
  },
  {
    name: 'expm1 and log1p near zero',
    ops: ['expm1', 'log1p'],
    fn: (x) => [ops.expm1(x), ops.log1p(x)],
    tolerance: { atol: 0, reason: 'relative accuracy near zero is what these two are for' },
  },
  {
    name: 'unary on int32',
    ops: ['neg', 'abs', 'sign', 'square'],
    fn: (x) => [ops.neg(x), ops.abs(x), ops.sign(x), ops.square(x)],
  },
  {
    name: 'unary floats of int32',
    ops: ['exp', 'sqrt'],
    fn: composed((x) => [ops.exp(x), ops.sqrt(ops.abs(x))]),
  },
  { name: 'round half to even', ops: ['round'], fn: each(ops.round) },
  ...entriesOf(BINARY).map(([name, fn]): OpCase => ({ name, ops: [name], fn: eachPair(fn) })),
  { name: 'maximum of equals', ops: ['maximum'], fn: eachPair(ops.maximum), noGradcheck: TIES },
  { name: 'minimum of equals', ops: ['minimum'], fn: eachPair(ops.minimum), noGradcheck: TIES },
  {
    name: 'maximum and minimum of NaN',
    ops: ['maximum', 'minimum'],
    fn: (a, b) => [ops.maximum(a, b), ops.minimum(a, b)],
  },
  { name: 'remainder', ops: ['remainder'], fn: eachPair(ops.remainder) },
  {
    name: 'pow at zero',
    ops: ['pow'],
    fn: eachPair(ops.pow),
    noGradcheck: 'a base below zero has no real power',
  },
  {
    name: 'pow of negative bases',
    ops: ['pow'],
    fn: eachPair(ops.pow),
  },
  {
    name: 'add numbers',
    ops: ['add'],
    fn: withNumbers((x) => [ops.add(x, 2.5), ops.add(-1.25, x)]),
  },
  {
    name: 'sub numbers',
    ops: ['sub'],
    fn: withNumbers((x) => [ops.sub(x, 2.5), ops.sub(1.25, x)]),
  },
  {
    name: 'mul numbers',
    ops: ['mul'],
    fn: withNumbers((x) => [ops.mul(x, 2.5), ops.mul(-0.5, x)]),
  },
  { name: 'div numbers', ops: ['div'], fn: withNumbers((x) => [ops.div(x, 2.5), ops.div(3, x)]) },
  {
    name: 'pow numbers',
    ops: ['pow'],
    fn: (x) => [...[2, 3, 0.5, -1.5, 0, 1].map((p) => ops.pow(x, p)), ops.pow(2.5, x)],
  },
  {
    name: 'pow integer exponents of negative bases',
    ops: ['pow'],
    fn: (x) => [2, 3, -2, 1].map((p) => ops.pow(x, p)),
  },
  {
    name: 'maximum and minimum of numbers',
    ops: ['maximum', 'minimum'],
    fn: (x) => [ops.maximum(x, 0.5), ops.minimum(0.5, x), ops.maximum(-1, x), ops.minimum(x, -1)],
  },
  {
    name: 'remainder of numbers',
    ops: ['remainder'],
    fn: (x) => [ops.remainder(x, 0.7), ops.remainder(x, -2)],
  },
  {
    name: 'sums of an operand with itself',
    ops: ['add', 'mul', 'sub', 'div'],
    fn: (x) => [ops.add(x, x), ops.mul(x, x), ops.sub(x, x), ops.div(x, x)],
  },
  {
    name: 'int32 arithmetic',
    ops: ['add', 'sub', 'mul', 'maximum', 'minimum'],
    fn: (...inputs) => {
      const { add, sub, mul, maximum, minimum } = ops;
      const results = [add, sub, mul, maximum, minimum].map((op) =>
        [eachPair(op)(...inputs)].flat(),
      );
      const pairs = inputs.length / 2;
      return Array.from({ length: pairs }, (_, i) =>
        results.flatMap((r) => r.slice(i, i + 1)),
      ).flat();
    },
  },
  {
    name: 'int32 division and remainder',
    ops: ['div', 'remainder'],
    fn: (a, b) => [ops.div(a, b), ops.remainder(a, b)],
  },
  {
    name: 'int32 with numbers',
    ops: ['add', 'sub', 'mul', 'div', 'maximum', 'remainder'],
    fn: (x) => [
      ops.add(x, 2),
      ops.sub(2, x),
      ops.mul(x, 3),
      ops.mul(x, 0.5),
      ops.add(x, 0.5),
      ops.div(x, 4),
      ops.maximum(x, 1),
      ops.remainder(x, 4),
    ],
  },
  {
    name: 'uint8 computes as int32',
    ops: ['add', 'sub', 'mul', 'neg'],
    fn: (a, b) => [ops.add(a, b), ops.sub(a, b), ops.mul(a, 2), ops.neg(a)],
  },
  {
    name: 'int32 promotes to floats',
    ops: ['add', 'mul', 'div'],
    fn: (a, b) => [ops.add(a, b), ops.mul(b, a), ops.div(a, b)],
  },
  { name: 'int32 wraps', ops: ['add', 'mul'], fn: (a) => [ops.add(a, a), ops.mul(a, 3)] },
  ...entriesOf(COMPARE).map(([name, fn]) => comparisons(name, fn)),
  {
    name: 'equal to a number that float32 rounds',
    ops: ['equal', 'greaterEqual'],
    fn: (x) => [ops.equal(x, 0.1), ops.greaterEqual(x, 0.1)],
  },
  {
    name: 'isNan and logicalNot',
    ops: ['isNan', 'logicalNot'],
    fn: (x, mask) => [ops.isNan(x), ops.logicalNot(mask)],
  },
  {
    name: 'where',
    ops: ['where'],
    fn: (m, a, b, n, c, d) => [ops.where(m, a, b), ops.where(n, c, d)],
  },
  {
    name: 'where broadcasts',
    ops: ['where'],
    fn: (m, a, b, n) => [
      ops.where(m, a, b),
      ops.where(m, a, 0),
      ops.where(m, 1.5, b),
      ops.where(n, a, 2),
    ],
  },
  {
    name: 'where of int32',
    ops: ['where', 'neg'],
    fn: composed((m, a) => [ops.where(m, a, 7), ops.where(m, a, ops.neg(a))]),
  },
  {
    name: 'cast',
    ops: ['cast'],
    fn: (x, i, u) => [
      ops.cast(x, 'int32'),
      ops.cast(i, x.dtype),
      ops.cast(i, 'uint8'),
      ops.cast(u, 'int32'),
      ops.cast(u, x.dtype),
    ],
  },
];

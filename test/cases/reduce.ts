import { sumTo } from '../../src/ops/broadcast.js';
import * as ops from '../../src/ops/index.js';
import type { Shape } from '../../src/tensor/shape.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { each, entriesOf, type OpCase, type OpName } from './case.js';

type Plan = readonly [shape: Shape, axes: readonly number[] | undefined, keepDims: boolean];

// As in test/fixtures/op_cases/reduce.py.
const PLANS: readonly Plan[] = [
  [[3, 4, 5], undefined, false],
  [[3, 4, 5], [0], false],
  [[3, 4, 5], [1], true],
  [[3, 4, 5], [2], false],
  [[3, 4, 5], [0, 2], false],
  [[3, 4, 5], [0, 1], true],
  [[2, 3, 2, 2], [1], false],
  [[2, 3, 2, 2], [2, 3], true],
  [[2, 3, 2, 2], [0, 2, 3], false],
  [[2, 3, 2, 2], [0, 3], false],
  [[2, 3, 2, 2], undefined, true],
  [[7], [0], false],
  [[], undefined, false],
  [[4, 1, 3], [1], false],
];
const MANY = PLANS.filter(([shape]) => shape.length > 0 && shape[1] !== 1);
const EMPTY: readonly Plan[] = [
  [[0, 3], [0], false],
  [[0, 3], [1], false],
  [[2, 0], undefined, false],
];

type Reduction = (
  x: Tensor,
  axes: readonly number[] | undefined,
  options: ops.ReduceOptions,
) => Tensor;

/** Reduces each input along the axes of its plan. */
function planned(fn: Reduction, plans = PLANS): OpCase['fn'] {
  return (...inputs) =>
    plans.flatMap(([, axes, keepDims], i) =>
      inputs.slice(i, i + 1).map((x) => fn(x, axes, { keepDims })),
    );
}

const REDUCTIONS: readonly [name: string, op: OpName, fn: Reduction][] = [
  ['sum', 'sum', ops.sum],
  ['mean', 'mean', ops.mean],
  ['prod', 'prod', ops.prod],
  ['sumSquares', 'sumSquares', ops.sumSquares],
  ['norm', 'norm', (x, axes, options) => ops.norm(x, axes, { ...options, p: 2 })],
  ['norm 1', 'norm', (x, axes, options) => ops.norm(x, axes, { ...options, p: 1 })],
  ['norm 3', 'norm', (x, axes, options) => ops.norm(x, axes, { ...options, p: 3 })],
  [
    'norm infinity',
    'norm',
    (x, axes, options) => ops.norm(x, axes, { ...options, p: Number.POSITIVE_INFINITY }),
  ],
  ['max', 'max', ops.max],
  ['min', 'min', ops.min],
];

const { sum, mean, prod, sumSquares, argmax, argmin } = ops;

const ofNothing = entriesOf({ sum, mean, prod, sumSquares }).map(
  ([name, fn]): OpCase => ({
    name: `${name} of nothing`,
    ops: [name],
    fn: planned(fn, EMPTY),
    noGradcheck: 'there is no element to nudge',
  }),
);

const argReductions = entriesOf({ argmax, argmin }).map(
  ([name, fn]): OpCase => ({
    name,
    ops: [name],
    fn: (...inputs) =>
      inputs.flatMap((x) => [
        fn(x),
        fn(x, 0),
        fn(x, -1),
        fn(x, 0, { keepDims: true }),
        ...(x.rank > 1 ? [fn(x, 1)] : []),
      ]),
  }),
);

export const reduce: readonly OpCase[] = [
  ...REDUCTIONS.map(([name, op, fn]): OpCase => ({ name, ops: [op], fn: planned(fn) })),
  {
    name: 'variance',
    ops: ['variance'],
    fn: planned(ops.variance, MANY),
  },
  {
    name: 'variance of populations',
    ops: ['variance'],
    fn: planned((x, axes, options) => ops.variance(x, axes, { ...options, correction: 0 }), MANY),
  },
  {
    name: 'std',
    ops: ['std'],
    fn: planned(ops.std, MANY),
  },
  {
    name: 'variance far from zero',
    ops: ['variance'],
    fn: (x) => [ops.variance(x), ops.variance(x, 1)],
    tolerance: { rtol: 1e-3, reason: 'the inputs themselves keep four digits of their variation' },
  },
  { name: 'variance of one', ops: ['variance'], fn: (x) => ops.variance(x, 1) },
  ...ofNothing,
  {
    name: 'max and min along a kept axis of no rows',
    ops: ['max', 'min'],
    fn: (x) => [ops.max(x, 1), ops.min(x, 1)],
    noGradcheck: 'there is no element to nudge',
  },
  {
    name: 'reductions over no axes',
    ops: ['sum', 'mean', 'sumSquares'],
    fn: (x) => [ops.sum(x, []), ops.mean(x, []), ops.sumSquares(x, [])],
  },
  {
    name: 'prod with zeros',
    ops: ['prod'],
    fn: (x) => [ops.prod(x, 1), ops.prod(x, 0, { keepDims: true })],
  },
  {
    name: 'max and min of equals',
    ops: ['max', 'min'],
    fn: (x) => [ops.max(x, 1), ops.min(x, 0), ops.max(x)],
    noGradcheck: 'equal elements are a kink',
  },
  {
    name: 'norm of zeros',
    ops: ['norm'],
    fn: (x) => ops.norm(x, 1),
    noGradcheck: 'zero is a kink',
  },
  {
    name: 'reductions of NaN and infinities',
    ops: ['sum', 'mean', 'max', 'min', 'prod'],
    fn: (x) =>
      [0, 1].flatMap((axis) =>
        [ops.sum, ops.mean, ops.max, ops.min, ops.prod].map((op) => op(x, axis)),
      ),
  },
  {
    name: 'reductions of int32',
    ops: ['sum', 'max', 'min', 'prod'],
    fn: (x) => [
      ...[0, 1].flatMap((axis) => [ops.sum, ops.max, ops.min, ops.prod].map((op) => op(x, axis))),
      ops.sum(x),
    ],
  },
  {
    name: 'sums of uint8',
    ops: ['sum', 'max'],
    fn: (x) => [ops.sum(x), ops.sum(x, 0), ops.max(x, 1)],
  },
  { name: 'sums of int32 wrap', ops: ['sum'], fn: each((x) => ops.sum(x, 1)) },
  ...argReductions,
  {
    name: 'sumTo',
    ops: ['sum'],
    fn: (a, b, c, d) => [sumTo(a, [3, 1]), sumTo(b, []), sumTo(c, [3, 2, 2]), sumTo(d, [2, 2])],
  },
];

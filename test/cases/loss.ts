import * as ops from '../../src/ops/index.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import type { OpCase, OpName } from './case.js';

const REDUCTIONS = ['mean', 'sum', 'none'] as const;
type Reduction = (typeof REDUCTIONS)[number];

/** A case that asks for the mean, the sum and all of the losses. */
function eachReduction(
  name: string,
  op: OpName,
  loss: (reduction: Reduction, ...inputs: Tensor[]) => Tensor,
): OpCase {
  return { name, ops: [op], fn: (...inputs) => REDUCTIONS.map((r) => loss(r, ...inputs)) };
}

type TwoInputs = (reduction: Reduction, x: Tensor, t: Tensor) => Tensor;
const mse: TwoInputs = (reduction, x, t) => ops.mseLoss(x, t, { reduction });
const l1: TwoInputs = (reduction, x, t) => ops.l1Loss(x, t, { reduction });
const huber =
  (delta?: number): TwoInputs =>
  (reduction, x, t) =>
    ops.huberLoss(x, t, { reduction, ...(delta === undefined ? {} : { delta }) });
const smoothL1 =
  (beta?: number): TwoInputs =>
  (reduction, x, t) =>
    ops.smoothL1Loss(x, t, { reduction, ...(beta === undefined ? {} : { beta }) });

const regression: readonly OpCase[] = [
  eachReduction('mseLoss', 'mseLoss', mse),
  eachReduction('mseLoss of images', 'mseLoss', mse),
  { name: 'mseLoss of a scalar', ops: ['mseLoss'], fn: (x, t) => ops.mseLoss(x, t) },
  { name: 'mseLoss of integers', ops: ['mseLoss'], fn: (x, t) => ops.mseLoss(x, t) },
  eachReduction('l1Loss', 'l1Loss', l1),
  eachReduction('l1Loss of images', 'l1Loss', l1),
  eachReduction('huberLoss', 'huberLoss', huber()),
  eachReduction('huberLoss delta 0.5', 'huberLoss', huber(0.5)),
  eachReduction('smoothL1Loss', 'smoothL1Loss', smoothL1()),
  eachReduction('smoothL1Loss beta 2', 'smoothL1Loss', smoothL1(2)),
  eachReduction('smoothL1Loss beta 0', 'smoothL1Loss', smoothL1(0)),
];

const binary: readonly OpCase[] = [
  eachReduction('bceLoss', 'bceLoss', (reduction, x, t) => ops.bceLoss(x, t, { reduction })),
  eachReduction('bceLoss with weight', 'bceLoss', (reduction, x, t, weight) =>
    ops.bceLoss(x, t, { reduction, weight }),
  ),
  { name: 'bceLoss of images', ops: ['bceLoss'], fn: (x, t) => ops.bceLoss(x, t) },
  {
    name: 'bceLoss of certainty',
    ops: ['bceLoss'],
    fn: (x, t) => ops.bceLoss(x, t, { reduction: 'none' }),
    noGradcheck: 'probabilities end at 0 and 1',
  },
  eachReduction('bceWithLogitsLoss', 'bceWithLogitsLoss', (reduction, x, t) =>
    ops.bceWithLogitsLoss(x, t, { reduction }),
  ),
  {
    name: 'bceWithLogitsLoss far out',
    ops: ['bceWithLogitsLoss'],
    fn: (x, t) => ops.bceWithLogitsLoss(x, t, { reduction: 'none' }),
    noGradcheck: 'differences of numbers near 1e4 keep too few digits',
  },
  eachReduction(
    'bceWithLogitsLoss with posWeight',
    'bceWithLogitsLoss',
    (reduction, x, t, posWeight, weight) =>
      ops.bceWithLogitsLoss(x, t, { reduction, posWeight, weight }),
  ),
  {
    name: 'bceWithLogitsLoss of images',
    ops: ['bceWithLogitsLoss'],
    fn: (x, t, posWeight) => ops.bceWithLogitsLoss(x, t, { posWeight }),
  },
  {
    name: 'bceWithLogitsLoss of uint8',
    ops: ['bceWithLogitsLoss'],
    fn: (x, t) => ops.bceWithLogitsLoss(x, t),
  },
];

function crossEntropy(name: string, options: ops.CrossEntropyOptions = {}): OpCase {
  return eachReduction(name, 'crossEntropy', (reduction, x, t, weight) =>
    ops.crossEntropy(x, t, { ...options, reduction, ...(weight ? { weight } : {}) }),
  );
}

function meanCrossEntropy(name: string): OpCase {
  return { name, ops: ['crossEntropy'], fn: (x, t) => ops.crossEntropy(x, t) };
}

const classes: readonly OpCase[] = [
  crossEntropy('crossEntropy'),
  crossEntropy('crossEntropy with weight'),
  crossEntropy('crossEntropy with ignoreIndex', { ignoreIndex: 1 }),
  meanCrossEntropy('crossEntropy ignores -100'),
  crossEntropy('crossEntropy with label smoothing', { labelSmoothing: 0.1, ignoreIndex: 2 }),
  crossEntropy('crossEntropy with label smoothing alone', { labelSmoothing: 0.2 }),
  meanCrossEntropy('crossEntropy of one sample'),
  crossEntropy('crossEntropy of images', { ignoreIndex: 0, labelSmoothing: 0.1 }),
  crossEntropy('crossEntropy of sequences'),
  crossEntropy('crossEntropy of probabilities', { labelSmoothing: 0.1 }),
  meanCrossEntropy('crossEntropy of probabilities of images'),
  {
    name: 'crossEntropy of large logits',
    ops: ['crossEntropy'],
    fn: (x, t) => ops.crossEntropy(x, t, { reduction: 'none' }),
    noGradcheck: 'differences of numbers near 1e4 keep too few digits',
  },
  meanCrossEntropy('crossEntropy of uint8 targets'),
  eachReduction('nllLoss', 'nllLoss', (reduction, x, t) => ops.nllLoss(x, t, { reduction })),
  eachReduction('nllLoss with weight and ignoreIndex', 'nllLoss', (reduction, x, t, weight) =>
    ops.nllLoss(x, t, { reduction, weight, ignoreIndex: 2 }),
  ),
  eachReduction('nllLoss of images', 'nllLoss', (reduction, x, t) =>
    ops.nllLoss(x, t, { reduction }),
  ),
  { name: 'nllLoss of one sample', ops: ['nllLoss'], fn: (x, t) => ops.nllLoss(x, t) },
];

const distributions: readonly OpCase[] = [
  ...(['mean', 'sum', 'none', 'batchmean'] as const).map(
    (reduction): OpCase => ({
      name: `klDivLoss ${reduction}`,
      ops: ['klDivLoss'],
      fn: (x, t) => ops.klDivLoss(x, t, { reduction }),
    }),
  ),
  {
    name: 'klDivLoss of log targets',
    ops: ['klDivLoss'],
    fn: (x, t) => ops.klDivLoss(x, t, { reduction: 'batchmean', logTarget: true }),
  },
  {
    name: 'klDivLoss with zeros',
    ops: ['klDivLoss'],
    fn: (x, t) => ops.klDivLoss(x, t, { reduction: 'none' }),
  },
];

export const loss: readonly OpCase[] = [...regression, ...binary, ...classes, ...distributions];

import { describe, expect, it } from 'vitest';
import { ArgumentError } from '../../src/errors.js';
import * as ops from '../../src/ops/index.js';
import '../../src/ops/methods.js';

const x = ops.ones([2, 3]);
const index = ops.tensor([0, 1], { dtype: 'int32' });

/** Every op of tensors and losses that takes options, called with some. */
const CALLS: Readonly<Record<string, (options: never) => unknown>> = {
  arange: (options) => ops.arange(3, options),
  argmax: (options) => ops.argmax(x, 0, options),
  argmin: (options) => ops.argmin(x, 0, options),
  bceLoss: (options) => ops.bceLoss(x, x, options),
  bceWithLogitsLoss: (options) => ops.bceWithLogitsLoss(x, x, options),
  bernoulli: (options) => ops.bernoulli([2], 0.5, options),
  clamp: (options) => ops.clamp(x, options),
  crossEntropy: (options) => ops.crossEntropy(x, index, options),
  dropout: (options) => ops.dropout(x, 0.5, options),
  dropout1d: (options) => ops.dropout1d(x, 0.5, options),
  dropout2d: (options) => ops.dropout2d(ops.ones([1, 2, 3]), 0.5, options),
  dropout3d: (options) => ops.dropout3d(ops.ones([1, 1, 2, 3]), 0.5, options),
  elu: (options) => ops.elu(x, options),
  embedding: (options) => ops.embedding(index, x, options),
  eye: (options) => ops.eye(2, options),
  full: (options) => ops.full([2], 1, options),
  gelu: (options) => ops.gelu(x, options),
  hardtanh: (options) => ops.hardtanh(x, options),
  huberLoss: (options) => ops.huberLoss(x, x, options),
  indexAdd: (options) => ops.indexAdd(x, 0, index, x, options),
  klDivLoss: (options) => ops.klDivLoss(x, x, options),
  l1Loss: (options) => ops.l1Loss(x, x, options),
  leakyRelu: (options) => ops.leakyRelu(x, options),
  linspace: (options) => ops.linspace(0, 1, 2, options),
  logSumExp: (options) => ops.logSumExp(x, 0, options),
  max: (options) => ops.max(x, 0, options),
  mean: (options) => ops.mean(x, 0, options),
  min: (options) => ops.min(x, 0, options),
  mseLoss: (options) => ops.mseLoss(x, x, options),
  nllLoss: (options) => ops.nllLoss(x, index, options),
  norm: (options) => ops.norm(x, 0, options),
  normal: (options) => ops.normal([2], options),
  oneHot: (options) => ops.oneHot(index, 2, options),
  ones: (options) => ops.ones([2], options),
  prod: (options) => ops.prod(x, 0, options),
  rand: (options) => ops.rand([2], options),
  randint: (options) => ops.randint(0, 2, [2], options),
  randn: (options) => ops.randn([2], options),
  smoothL1Loss: (options) => ops.smoothL1Loss(x, x, options),
  softplus: (options) => ops.softplus(x, options),
  std: (options) => ops.std(x, 0, options),
  sum: (options) => ops.sum(x, 0, options),
  sumSquares: (options) => ops.sumSquares(x, 0, options),
  tensor: (options) => ops.tensor([1], options),
  uniform: (options) => ops.uniform([2], options),
  variance: (options) => ops.variance(x, 0, options),
  zeros: (options) => ops.zeros([2], options),
};

describe('options', () => {
  it.each(Object.entries(CALLS))('of %s have known names', (name, call) => {
    expect(() => call({} as never)).not.toThrow();
    const unknown = () => call({ nonsense: 1 } as never);
    expect(unknown).toThrow(ArgumentError);
    expect(unknown).toThrow(`${name}: nonsense: unknown option, `);
    const noObject = () => call(null as never);
    expect(noObject).toThrow(`${name}: the options are null, expected an object such as { `);
  });

  it('are no trailing flags or numbers', () => {
    const flag = () => ops.sum(x, 0, true as never);
    expect(flag).toThrow(ArgumentError);
    expect(flag).toThrow('sum: the options are true, expected an object such as { keepDims: ... }');
    expect(() => x.argmax(0, true as never)).toThrow('argmax: the options are true');
    expect(() => ops.indexAdd(x, 0, index, x, 2 as never)).toThrow('such as { alpha: ... }');
  });

  it('are named as the ones that were probably meant', () => {
    expect(() => ops.mean(x, 0, { keepdim: true } as never)).toThrow(
      'mean: keepdim: unknown option, did you mean keepDims?',
    );
  });
});

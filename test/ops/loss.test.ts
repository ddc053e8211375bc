import { describe, expect, it } from 'vitest';
import { backward, grad } from '../../src/autograd/backward.js';
import { synchronizeSync } from '../../src/backend/select.js';
import { ArgumentError, DTypeError, IndexFaultError, ShapeError } from '../../src/errors.js';
import * as ops from '../../src/ops/index.js';
import { inLayout, type Tensor } from '../../src/tensor/tensor.js';
import { expectClose } from '../support/close.js';
import { memoryInfo } from '../support/memory.js';

const classes = (...data: number[]) => ops.tensor(data, { dtype: 'int32' });
type Loss = (x: Tensor, target: Tensor, options?: ops.LossOptions) => Tensor;

const PAIRWISE: readonly (readonly [string, Loss])[] = [
  ['mseLoss', ops.mseLoss],
  ['l1Loss', ops.l1Loss],
  ['huberLoss', ops.huberLoss],
  ['smoothL1Loss', ops.smoothL1Loss],
  ['bceLoss', ops.bceLoss],
  ['bceWithLogitsLoss', ops.bceWithLogitsLoss],
  ['klDivLoss', ops.klDivLoss],
];

describe.each(PAIRWISE)('%s', (name, loss) => {
  const x = ops.uniform([3, 4], { low: 0.1, high: 0.9 });
  const target = ops.uniform([3, 4], { low: 0.1, high: 0.9 });

  it('reduces to a mean, a sum or not at all', () => {
    const each = loss(x, target, { reduction: 'none' });
    expect(each.shape).toEqual([3, 4]);
    expectClose(loss(x, target), ops.mean(each));
    expectClose(loss(x, target, { reduction: 'sum' }), ops.sum(each));
  });

  it('takes integers as target', () => {
    const whole = ops.tensor([[0, 1, 1, 0]], { dtype: 'uint8' });
    const part = ops.slice(x, [0, 1]);
    expectClose(loss(part, whole), loss(part, ops.cast(whole, 'float32')));
  });

  it('gives the same for images of two layouts', () => {
    const [a, b] = [
      ops.uniform([2, 3, 4, 5], { low: 0.1, high: 0.9 }),
      ops.uniform([2, 3, 4, 5], { low: 0.1, high: 0.9 }),
    ];
    const mixed = loss(inLayout(a, 'channelsLast'), b, { reduction: 'none' });
    expectClose(mixed, loss(a, b, { reduction: 'none' }));
  });

  it('says what does not fit', () => {
    expect(() => loss(x, ops.ones([4, 3]))).toThrow(
      `${name}: input [3, 4] and target [4, 3] differ, expected one shape`,
    );
    const options = { reduction: 'avg' } as unknown as ops.LossOptions;
    expect(() => loss(x, target, options)).toThrow(
      `${name}: reduction is avg, expected one of 'mean'`,
    );
    expect(() => loss(classes(1), classes(1))).toThrow(DTypeError);
  });

  it('leaves no memory behind when nothing is recorded', () => {
    const before = memoryInfo().live;
    for (const reduction of ['mean', 'sum', 'none'] as const)
      loss(x, target, { reduction }).dispose();
    expect(memoryInfo().live).toBe(before);
  });
});

describe('regression losses', () => {
  const x = ops.tensor([0, 1, 3]);
  const zero = ops.zeros([3]);

  it('grow as squares near zero and as lines far away', () => {
    const none = { reduction: 'none' as const };
    expectClose(ops.huberLoss(x, zero, { ...none, delta: 2 }), [0, 0.5, 4]);
    expectClose(ops.smoothL1Loss(x, zero, { ...none, beta: 2 }), [0, 0.25, 2]);
    expectClose(ops.smoothL1Loss(x, zero, { ...none, beta: 0 }), [0, 1, 3]);
  });

  it('are NaN of nothing, as the mean is', () => {
    expectClose(ops.mseLoss(ops.zeros([0]), ops.zeros([0])), [Number.NaN]);
  });

  it('refuse a bend that is none', () => {
    expect(() => ops.huberLoss(x, zero, { delta: 0 })).toThrow(ArgumentError);
    expect(() => ops.smoothL1Loss(x, zero, { beta: -1 })).toThrow(ArgumentError);
  });
});

describe('binary losses', () => {
  it('bceLoss cuts logarithms at −100', () => {
    expectClose(
      ops.bceLoss(ops.tensor([0, 1]), ops.tensor([1, 0]), { reduction: 'none' }),
      [100, 100],
    );
  });

  it('bceWithLogitsLoss is exact for large logits', () => {
    const x = ops.tensor([1000, -1000, -1000], { requiresGrad: true });
    const loss = ops.bceWithLogitsLoss(x, ops.tensor([0, 0, 1]), { reduction: 'sum' });
    expectClose(loss, [2000]);
    expectClose(grad(loss, [x])[0] ?? [], [1, 0, -1]);
  });

  it('posWeight weighs channels of images in every layout', () => {
    const x = ops.randn([2, 3, 4, 5]);
    const t = ops.bernoulli([2, 3, 4, 5], 0.5);
    const posWeight = ops.tensor([0.5, 2, 7], { shape: [3, 1, 1] });
    const loss = (a: Tensor) => ops.bceWithLogitsLoss(a, t, { posWeight });
    expectClose(loss(inLayout(x, 'channelsLast')), loss(x));
  });

  it('say which weight does not fit', () => {
    const x = ops.ones([2, 3]);
    expect(() => ops.bceWithLogitsLoss(x, x, { posWeight: ops.ones([2]) })).toThrow(
      'bceWithLogitsLoss: posWeight [2] does not broadcast to input [2, 3]',
    );
    expect(() => ops.bceLoss(x, x, { weight: ops.ones([2, 2]) })).toThrow(ShapeError);
  });
});

describe('klDivLoss', () => {
  it('is the divergence proper with batchmean, whichever form the target has', () => {
    const p = ops.softmax(ops.randn([4, 5]));
    const q = ops.logSoftmax(ops.randn([4, 5]));
    const plain = ops.klDivLoss(q, p, { reduction: 'batchmean' });
    const logs = ops.klDivLoss(q, ops.log(p), { reduction: 'batchmean', logTarget: true });
    expectClose(plain, logs, { rtol: 1e-4 });
    expect(plain.itemSync()).toBeGreaterThan(0);
    expectClose(ops.klDivLoss(ops.log(p), p, { reduction: 'batchmean' }), [0]);
  });

  it('counts a target of 0 as nothing', () => {
    expectClose(ops.klDivLoss(ops.tensor([-1, -2]), ops.tensor([0, 1]), { reduction: 'sum' }), [2]);
  });

  it('needs a batch for batchmean', () => {
    expect(() => ops.klDivLoss(ops.tensor(1), ops.tensor(1), { reduction: 'batchmean' })).toThrow(
      ShapeError,
    );
  });
});

describe('crossEntropy', () => {
  it('is −log softmax at the target', () => {
    const x = ops.randn([3, 5]);
    const target = classes(4, 0, 2);
    expectClose(ops.crossEntropy(x, target), ops.nllLoss(ops.logSoftmax(x), target));
  });

  it('averages over what counts: weights, and not what is ignored', () => {
    const x = ops.zeros([3, 2]);
    const weight = ops.tensor([1, 3]);
    const none = { weight, reduction: 'none' as const };
    expectClose(ops.crossEntropy(x, classes(0, 1, -100), none), [Math.LN2, 3 * Math.LN2, 0]);
    expectClose(ops.crossEntropy(x, classes(0, 1, -100), { weight }), [Math.LN2]);
    expectClose(ops.crossEntropy(x, classes(1, 1, 0), { ignoreIndex: 1 }), [Math.LN2]);
  });

  it('is NaN when everything is ignored, with a gradient of 0', () => {
    const x = ops.zeros([2, 2], { requiresGrad: true });
    const loss = ops.crossEntropy(x, classes(-100, -100));
    expectClose(loss, [Number.NaN]);
    expectClose(grad(loss, [x])[0] ?? [], [0, 0, 0, 0]);
    expectClose(ops.nllLoss(ops.zeros([1, 2]), classes(-100)), [Number.NaN]);
  });

  it('takes one sample, sequences and images of every layout', () => {
    expect(ops.crossEntropy(ops.zeros([4]), ops.tensor(3, { dtype: 'uint8' })).shape).toEqual([]);
    const none = { reduction: 'none' as const };
    const sequence = ops.crossEntropy(ops.randn([2, 3, 4]), ops.randint(0, 3, [2, 4]), none);
    expect(sequence.shape).toEqual([2, 4]);
    const x = ops.randn([2, 3, 4, 5]);
    const image = inLayout(x, 'channelsLast');
    const target = ops.randint(0, 3, [2, 4, 5]);
    expectClose(ops.crossEntropy(image, target, none), ops.crossEntropy(x, target, none));
  });

  it('mixes the target with an even spread when smoothing', () => {
    const x = ops.randn([4, 3]);
    const target = classes(0, 2, 1, 1);
    const spread = ops.add(ops.mul(ops.oneHot(target, 3), 0.7), 0.1);
    expectClose(ops.crossEntropy(x, target, { labelSmoothing: 0.3 }), ops.crossEntropy(x, spread));
    expectClose(
      ops.crossEntropy(x, ops.oneHot(target, 3), { labelSmoothing: 0.3 }),
      ops.crossEntropy(x, spread),
    );
  });

  it('gives memory back at the next step', () => {
    const w = ops.randn([6, 4], { requiresGrad: true });
    const x = ops.randn([5, 6]);
    const target = classes(0, 1, 2, 3, 0);
    const live: number[] = [];
    for (let step = 0; step < 3; step++) {
      backward(ops.crossEntropy(ops.matmul(x, w), target));
      live.push(memoryInfo().live);
    }
    expect(live[2]).toBe(live[1]);
  });

  it('says what does not fit', () => {
    const x = ops.zeros([8, 10]);
    expect(() => ops.crossEntropy(x, ops.zeros([8, 2], { dtype: 'int32' }))).toThrow(
      'crossEntropy: target [8, 2] does not fit logits [8, 10], expected class indices [8]',
    );
    expect(() => ops.crossEntropy(x, ops.zeros([8]))).toThrow(
      'crossEntropy: target is float32, expected class indices, int32 or uint8',
    );
    expect(() =>
      ops.crossEntropy(x, ops.zeros([8], { dtype: 'int32' }), { weight: ops.ones([9]) }),
    ).toThrow('crossEntropy: weight [9], expected [10], one factor a class');
    expect(() => ops.crossEntropy(x, x, { labelSmoothing: 1.1 })).toThrow(ArgumentError);
    expect(() => ops.crossEntropy(ops.tensor(1), classes(1))).toThrow(/logits are a scalar/);
    expect(() => ops.nllLoss(x, ops.zeros([7], { dtype: 'int32' }))).toThrow(
      'nllLoss: target [7] does not fit logProbabilities [8, 10], expected class indices [8]',
    );
  });

  it('reports a class out of range at the next synchronisation at the latest', () => {
    const act = (): void => {
      ops.crossEntropy(ops.zeros([2, 3]), classes(0, 3));
      synchronizeSync();
    };
    expect(act).toThrow(IndexFaultError);
    expect(act).toThrow(/^crossEntropy: index 3 is out of range/);
  });
});

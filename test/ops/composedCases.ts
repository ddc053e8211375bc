import * as ops from '../../src/ops/index.js';
import type { Tensor } from '../../src/tensor/tensor.js';

/** Cases that are more than calls of ops with values; the fixtures name them. */
export const COMPOSED: Readonly<Record<string, (inputs: readonly Tensor[]) => Tensor[]>> = {
  /** JSON has no typed arrays. */
  tensors: () => [
    ops.tensor([
      [1.5, 2],
      [3, 4],
    ]),
    ops.tensor(2.5),
    ops.tensor([1, 2, 3], { dtype: 'int32' }),
    ops.tensor([true, false], { dtype: 'uint8' }),
    ops.tensor([[], []]),
    ops.tensor(Float32Array.of(0, 1, 2, 3, 4, 5), { shape: [2, 3] }),
  ],
  /** The output is an argument that was written to. */
  copies: ([x, y]) => {
    if (!x || !y) throw new Error('expected two inputs');
    const target = ops.zerosLike(y);
    ops.copyFrom(target, y);
    return [ops.clone(x), target];
  },
  /** So are these: the running mean and variance after a batch. */
  runningStatistics: ([mean, variance, x]) => {
    if (!mean || !variance || !x) throw new Error('expected a mean, a variance and a batch');
    return [0.1, 0.7, 1].flatMap((momentum) => {
      const statistics = [ops.clone(mean), ops.clone(variance)] as const;
      ops.batchNorm(x, ...statistics, null, null, { training: true, momentum }).dispose();
      return statistics;
    });
  },
};

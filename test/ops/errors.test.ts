import { describe, expect, it } from 'vitest';
import { ArgumentError, AxonodeError, DTypeError, ShapeError } from '../../src/errors.js';
import * as ops from '../../src/ops/index.js';

const { ones } = ops;
const x = ones([2, 3]);
const integers = ones([2, 3], { dtype: 'int32' });
const notATensor = [1, 2] as unknown as ops.TensorLike;

type Kind = typeof ShapeError | typeof DTypeError | typeof ArgumentError;

const FAULTS: readonly (readonly [
  what: string,
  call: () => unknown,
  kind: Kind,
  message: string,
])[] = [
  [
    'shapes that do not broadcast',
    () => ops.add(x, ones([2, 4])),
    ShapeError,
    'add: shapes [2, 3] and [2, 4] do not broadcast: axis −1 has 3 and 4, expected equal sizes or 1',
  ],
  [
    'shapes that do not broadcast in where',
    () => ops.where(ops.greater(x, 0), ones([2]), 0),
    ShapeError,
    'where: shapes',
  ],
  [
    'an array for a tensor',
    () => ops.mul(x, notATensor),
    ArgumentError,
    'mul: other is an array, expected a Tensor (see tensor())',
  ],
  [
    'a string for a tensor',
    () => ops.exp('1' as unknown as typeof x),
    ArgumentError,
    'exp: input is a string, expected a Tensor',
  ],
  [
    'nothing for a tensor',
    () => ops.add(null as unknown as typeof x, 1),
    ArgumentError,
    'input is null',
  ],
  [
    'integers for floats',
    () => ops.atan2(integers, x),
    DTypeError,
    'atan2: input is int32, expected float32 or float64 (see cast())',
  ],
  [
    'an unknown dtype',
    () => ops.cast(x, 'half' as 'float32'),
    DTypeError,
    'cast: unknown dtype half',
  ],
  [
    'bounds the wrong way round',
    () => ops.clamp(x, { low: 1, high: -1 }),
    ArgumentError,
    'clamp: low 1 and high -1, expected low ≤ high',
  ],
  [
    'an unknown approximation',
    () => ops.gelu(x, { approximate: 'fast' as 'tanh' }),
    ArgumentError,
    "gelu: approximate is fast, expected 'none' or 'tanh'",
  ],
  [
    'a softplus without slope',
    () => ops.softplus(x, { beta: 0 }),
    ArgumentError,
    'softplus: beta is 0, expected a number > 0',
  ],
  [
    'matrices that do not multiply',
    () => ops.matmul(x, ones([2, 3])),
    ShapeError,
    'matmul: [2, 3] and [2, 3] do not multiply: inner sizes 3 and 2 differ',
  ],
  [
    'stacks that do not broadcast',
    () => ops.matmul(ones([2, 3, 4]), ones([3, 4, 5])),
    ShapeError,
    'matmul: shapes [2] and [3] do not broadcast',
  ],
  [
    'a scalar as matrix',
    () => ops.matmul(ones([]), x),
    ShapeError,
    'a scalar is no matrix, see mul()',
  ],
  ['matrices in dot', () => ops.dot(x, x), ShapeError, 'expected two vectors, see matmul()'],
  [
    'features that a linear layer does not take',
    () => ops.linear(x, ones([4, 5])),
    ShapeError,
    'linear: input [2, 3] with weight [4, 5] expects [..., 5]',
  ],
  [
    'a bias of the wrong size',
    () => ops.linear(x, ones([4, 3]), ones([3])),
    ShapeError,
    'linear: bias [3], expected [4]',
  ],
  [
    'an axis out of range',
    () => ops.sum(x, 2),
    ShapeError,
    'sum: axis 2 is out of range for 2 axes; expected -2 to 1',
  ],
  ['an axis of a scalar', () => ops.sum(ones([]), 0), ShapeError, 'a scalar has no axes'],
  ['an axis named twice', () => ops.mean(x, [1, -1]), ShapeError, 'mean: axis 1 is named twice'],
  [
    'an axis that is no integer',
    () => ops.argmax(x, 0.5),
    ShapeError,
    'argmax: axis 0.5 is out of range',
  ],
  [
    'the largest of nothing',
    () => ops.max(ones([0, 3]), 0),
    ShapeError,
    'max: [0, 3] has nothing to choose from along axes [0]',
  ],
  [
    'the index of nothing',
    () => ops.argmin(ones([0])),
    ShapeError,
    'argmin: [0] has nothing to choose from',
  ],
  [
    'a norm of negative order',
    () => ops.norm(x, 0, { p: -1 }),
    ArgumentError,
    'norm: p is -1, expected a number > 0 or Infinity',
  ],
  ['a mean of integers', () => ops.mean(integers), DTypeError, 'mean: input is int32'],
  [
    'a reshape that does not fit',
    () => ops.reshape(x, [4]),
    ShapeError,
    'reshape: [2, 3] has 6 elements, [4] needs 4',
  ],
  [
    'a free size that does not fit',
    () => ops.reshape(x, [4, -1]),
    ShapeError,
    'which do not fill [4, -1]',
  ],
  ['two free sizes', () => ops.reshape(x, [-1, -1]), ShapeError, 'which do not fill [-1, -1]'],
  [
    'a permutation that forgets an axis',
    () => ops.permute(x, [0]),
    ShapeError,
    'permute: [0] does not name each axis of [2, 3] once',
  ],
  [
    'an expansion that does not fit',
    () => ops.expand(x, [4, 3]),
    ShapeError,
    'expand: [2, 3] does not broadcast to [4, 3]',
  ],
  [
    'an index out of range',
    () => ops.slice(x, 2),
    ShapeError,
    'slice: index 2 is out of range for axis 0 of size 2',
  ],
  [
    'too many ranges',
    () => ops.slice(x, null, null, 0),
    ShapeError,
    'slice: 3 ranges for [2, 3], which has 2 axes',
  ],
  [
    'a step of 0',
    () => ops.slice(x, { step: 0 }),
    ArgumentError,
    'slice: step 0, expected an integer ≠ 0',
  ],
  [
    'a part that does not fit',
    () => ops.narrow(x, 1, 2, 2),
    ShapeError,
    'narrow: 2 from 2 on do not fit axis 1 of [2, 3]',
  ],
  ['nothing to join', () => ops.concat([]), ArgumentError, 'concat: no tensors given'],
  [
    'sizes that do not join',
    () => ops.concat([x, ones([2, 4])]),
    ShapeError,
    'concat: [2, 4] does not fit [2, 3] along axis 0; the other sizes must be equal',
  ],
  [
    'shapes that do not stack',
    () => ops.stack([x, ones([3])]),
    ShapeError,
    'stack: shapes [2, 3] and [3] differ',
  ],
  [
    'sizes that do not add up',
    () => ops.split(x, [1, 1], 1),
    ShapeError,
    'split: sizes [1, 1] do not add up to 3, axis 1 of [2, 3]',
  ],
  [
    'too many paddings',
    () =>
      ops.pad(x, [
        [1, 1],
        [1, 1],
        [1, 1],
      ]),
    ShapeError,
    'pad: 3 pairs for [2, 3], which has 2 axes',
  ],
  ['too few repetitions', () => ops.repeat(x, [2]), ShapeError, 'repeat: counts [2] for [2, 3]'],
];

describe('what does not fit is said where it was called', () => {
  it.each(FAULTS)('%s', (_, call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });

  it('with a code for programs', () => {
    try {
      ops.reshape(x, [4]);
      throw new Error('did not throw');
    } catch (error) {
      expect(error).toBeInstanceOf(AxonodeError);
      expect(error).toMatchObject({ name: 'ShapeError', code: 'ERR_SHAPE' });
    }
  });
});

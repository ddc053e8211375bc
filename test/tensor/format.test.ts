import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { arange, div, reshape, square, tensor, zeros } from '../../src/ops/index.js';
import { format } from '../../src/tensor/format.js';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const float32 = (...values: number[]) => Float32Array.from(values);

/** What stands between `Tensor(` and the shape. */
const text = (data: Parameters<typeof format>[0], shape: number[] = [data.length]) =>
  format(data, shape, 7);

// Each is what NumPy 2 prints: np.array2string(a, separator=', ', prefix='Tensor('), precision 4.
describe('numbers look as NumPy prints them', () => {
  it.each([
    ['whole', float32(1, 2, 3), '[1., 2., 3.]'],
    ['fractions', float32(1 / 3, 2 / 3, 1), '[0.3333, 0.6667, 1.    ]'],
    ['float64', Float64Array.of(1 / 3, 0.1), '[0.3333, 0.1   ]'],
    ['float32 that prints short', float32(0.1, -2.7), '[ 0.1, -2.7]'],
    [
      'a wide range',
      float32(1e-3, 1, 123.456, 1e4),
      '[1.0000e-03, 1.0000e+00, 1.2346e+02, 1.0000e+04]',
    ],
    ['large', float32(1e8, 1.5), '[1.0e+08, 1.5e+00]'],
    ['tiny', float32(1e-5, 0, -2.5e-12), '[ 1.0e-05,  0.0e+00, -2.5e-12]'],
    [
      'three digits of exponent',
      Float64Array.of(1e-300, 1.25e200, 0),
      '[1.00e-300, 1.25e+200, 0.00e+000]',
    ],
    ['rounded', float32(0.99999, 1.00004, 12345.678), '[9.9999e-01, 1.0000e+00, 1.2346e+04]'],
    ['NaN and infinity', float32(nan, inf), '[nan, inf]'],
    ['minus zero', float32(-0, 1), '[-0.,  1.]'],
    ['int32', Int32Array.of(1, -20, 300), '[  1, -20, 300]'],
    ['uint8', Uint8Array.of(0, 7, 255), '[  0,   7, 255]'],
    ['no numbers', float32(), '[]'],
  ])('%s', (_, data, expected) => {
    expect(text(data)).toBe(expected);
  });

  it('columns are aligned over all rows', () => {
    expect(text(float32(1.5, 2, 3, -4.25), [2, 2])).toBe(
      ['[[ 1.5 ,  2.  ],', '        [ 3.  , -4.25]]'].join('\n'),
    );
    expect(text(float32(1, nan, -inf, 0.25), [2, 2])).toBe(
      ['[[1.  ,  nan],', '        [-inf, 0.25]]'].join('\n'),
    );
  });

  it('matrices of a stack are set apart', () => {
    expect(
      text(
        Float32Array.from({ length: 12 }, (_, i) => i),
        [2, 2, 3],
      ),
    ).toBe(
      [
        '[[[ 0.,  1.,  2.],',
        '         [ 3.,  4.,  5.]],',
        '',
        '        [[ 6.,  7.,  8.],',
        '         [ 9., 10., 11.]]]',
      ].join('\n'),
    );
    expect(
      text(
        Int32Array.from({ length: 8 }, (_, i) => i),
        [1, 2, 2, 2],
      ),
    ).toBe(
      ['[[[[0, 1],', '          [2, 3]],', '', '         [[4, 5],', '          [6, 7]]]]'].join(
        '\n',
      ),
    );
  });

  it('long lines are broken', () => {
    expect(text(Float32Array.from({ length: 30 }, (_, i) => i / 8))).toBe(
      [
        '[0.   , 0.125, 0.25 , 0.375, 0.5  , 0.625, 0.75 , 0.875, 1.   ,',
        '        1.125, 1.25 , 1.375, 1.5  , 1.625, 1.75 , 1.875, 2.   , 2.125,',
        '        2.25 , 2.375, 2.5  , 2.625, 2.75 , 2.875, 3.   , 3.125, 3.25 ,',
        '        3.375, 3.5  , 3.625]',
      ].join('\n'),
    );
  });

  it('long tensors are summarised', () => {
    expect(text(Int32Array.from({ length: 1001 }, (_, i) => i))).toBe(
      '[   0,    1,    2, ...,  998,  999, 1000]',
    );
    expect(
      text(
        Float32Array.from({ length: 2000 }, (_, i) => 100 + i / 4),
        [50, 40],
      ),
    ).toBe(
      [
        '[[100.  , 100.25, 100.5 , ..., 109.25, 109.5 , 109.75],',
        '        [110.  , 110.25, 110.5 , ..., 119.25, 119.5 , 119.75],',
        '        [120.  , 120.25, 120.5 , ..., 129.25, 129.5 , 129.75],',
        '        ...,',
        '        [570.  , 570.25, 570.5 , ..., 579.25, 579.5 , 579.75],',
        '        [580.  , 580.25, 580.5 , ..., 589.25, 589.5 , 589.75],',
        '        [590.  , 590.25, 590.5 , ..., 599.25, 599.5 , 599.75]]',
      ].join('\n'),
    );
  });
});

describe('a tensor', () => {
  it('prints its numbers, shape and dtype', () => {
    expect(`${tensor([[1, 2.5]])}`).toBe('Tensor([[1. , 2.5]], shape=[1, 2], dtype=float32)');
    expect(`${tensor(3, { dtype: 'int32' })}`).toBe('Tensor(3, shape=[], dtype=int32)');
    expect(`${zeros([0, 3])}`).toBe('Tensor([], shape=[0, 3], dtype=float32)');
  });

  it('tells where gradients flow, and that it is gone', () => {
    const x = tensor([2], { requiresGrad: true });
    expect(`${x}`).toBe('Tensor([2.], shape=[1], dtype=float32, requiresGrad)');
    expect(`${square(x)}`).toBe('Tensor([4.], shape=[1], dtype=float32, node=square)');
    x.dispose();
    expect(`${x}`).toBe('Tensor(disposed, shape=[1])');
  });

  it('shows so in console.log', () => {
    expect(inspect({ x: tensor([1]) })).toBe('{ x: Tensor([1.], shape=[1], dtype=float32) }');
  });

  it('prints a view of a larger one', () => {
    const rows = reshape(arange(6), [3, 2]);
    expect(`${div(rows, 2)}`).toContain('[[0. , 0.5],\n        [1. , 1.5],');
  });
});

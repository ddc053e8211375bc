import { ShapeError } from '../tensor/errors.js';
import { dim, formatShape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { composite } from './composite.js';
import { checkFloat } from './define.js';
import { add, div, mul, pow, square } from './elementwise.js';
import { checkInteger } from './options.js';
import { avgPool2d } from './pool.js';
import { pad, reshape } from './view.js';

export interface LocalResponseNormOptions {
  /** Default: 1e-4. */
  alpha?: number;
  /** Default: 0.75. */
  beta?: number;
  /** Default: 1. */
  k?: number;
}

/**
 * Local response normalisation (Krizhevsky et al., "ImageNet classification with deep convolutional neural
 * networks", 2012), as PyTorch scales it: x/(k + alpha·m)^beta, m the mean of the squares of `size` neighbouring
 * channels, ⌊size/2⌋ of them before, where those beyond the ends count as 0.
 * @param x [N, C, ...]
 * @param size channels in the window
 */
export function localResponseNorm(
  x: Tensor,
  size: number,
  options: LocalResponseNormOptions = {},
): Tensor {
  const { alpha = 1e-4, beta = 0.75, k = 1 } = options;
  checkFloat(x, 'localResponseNorm');
  checkInteger(size, 'size', 'localResponseNorm', 1);
  if (x.rank < 3) {
    throw new ShapeError(
      `localResponseNorm: input ${formatShape(x.shape)}, expected [N, C, ...] of 3 axes or more`,
    );
  }
  if (x.size === 0) return mul(x, 1);
  return composite(() => {
    const [before, after] = [Math.floor(size / 2), Math.floor((size - 1) / 2)];
    const plane = [dim(x.shape, 0), 1, dim(x.shape, 1), sizeOf(x.shape.slice(2))];
    const squares = pad(reshape(square(x), plane), [
      [0, 0],
      [0, 0],
      [before, after],
      [0, 0],
    ]);
    const means = reshape(avgPool2d(squares, [size, 1], { stride: 1 }), x.shape);
    return div(x, pow(add(mul(means, alpha), k), beta));
  });
}

import { ShapeError } from '../../errors.js';
import { checkOptions, type OptionNames } from '../../options.js';
import { dim, formatShape, sizeOf } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { add, div, mul, pow, square } from '../elementwise.js';
import type { PadWidth } from '../kit/axisWidths.js';
import { composite } from '../kit/composite.js';
import { checkFloat } from '../kit/define.js';
import { checkInteger } from '../kit/options.js';
import { avgPool2d } from '../pool/pool.js';
import { pad } from '../slice.js';
import { permute, reshape } from '../view.js';

export interface LocalResponseNormOptions {
  /** Default: 1e-4. */
  alpha?: number;
  /** Default: 0.75. */
  beta?: number;
  /** Default: 1. */
  k?: number;
}

const NAMES: OptionNames<LocalResponseNormOptions> = { alpha: true, beta: true, k: true };

/** Means over windows of channels, in x's shape; an average pool along them, wherever they lie in memory. */
function channelMeans(x: Tensor, size: number): Tensor {
  const sides: PadWidth = [Math.floor(size / 2), Math.floor((size - 1) / 2)];
  const [batch, channels] = [dim(x.shape, 0), dim(x.shape, 1)];
  const pixels = sizeOf(x.shape.slice(2));
  if (x.layout === 'channelsLast') {
    const inMemory = permute(x, [0, 2, 3, 1]);
    const rows = pad(reshape(inMemory, [batch, 1, pixels, channels]), [sides]);
    const means = avgPool2d(rows, [1, size], { stride: 1 });
    return permute(reshape(means, inMemory.shape), [0, 3, 1, 2]);
  }
  const columns = pad(reshape(x, [batch, 1, channels, pixels]), [sides, [0, 0]]);
  return reshape(avgPool2d(columns, [size, 1], { stride: 1 }), x.shape);
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
  checkOptions('localResponseNorm', options, NAMES);
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
    const means = channelMeans(square(x), size);
    return div(x, pow(add(mul(means, alpha), k), beta));
  });
}

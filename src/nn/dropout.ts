import { ShapeError } from '../errors.js';
import { full } from '../ops/creation.js';
import { add, mul } from '../ops/elementwise.js';
import { composite, unrecorded } from '../ops/kit/composite.js';
import { checkFraction } from '../ops/kit/options.js';
import { type DropoutOptions, dropout, dropout1d, dropout2d, dropout3d } from '../ops/random.js';
import type { Generator } from '../tensor/random.js';
import { formatShape, type Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';

export interface DropoutLayerOptions {
  /** Where the masks come from. Default: the generator that manualSeed() seeds. */
  generator?: Generator;
}

/** Base of the dropout layers, which differ in what they drop. */
abstract class DropoutLayer extends Module {
  readonly #p: number;
  readonly #options: DropoutLayerOptions;

  /** @param p probability of dropping */
  constructor(p = 0.5, options: DropoutLayerOptions = {}) {
    super();
    this.#p = checkFraction(p, 'p', new.target.name);
    this.#options = options;
  }

  protected abstract drop(x: Tensor, p: number, options: DropoutOptions): Tensor;

  override forward(x: Tensor): Tensor {
    return this.drop(x, this.#p, { ...this.#options, training: this.training });
  }

  protected override describeOptions(): string {
    return `p=${this.#p}`;
  }
}

/**
 * While training, zeroes each element with probability p and scales the others by 1/(1 − p); the input as it is
 * otherwise (Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014).
 */
export class Dropout extends DropoutLayer {
  protected override drop(x: Tensor, p: number, options: DropoutOptions): Tensor {
    return dropout(x, p, options);
  }
}

/** {@link Dropout2d} for sequences [N, C, L] or [C, L]. */
export class Dropout1d extends DropoutLayer {
  protected override drop(x: Tensor, p: number, options: DropoutOptions): Tensor {
    return dropout1d(x, p, options);
  }
}

/**
 * While training, zeroes whole channels of [N, C, ...] (three axes are [N, C, L], in PyTorch too) with probability p
 * and scales the others by 1/(1 − p) (Tompson et al., "Efficient object localization using convolutional networks", 2015).
 */
export class Dropout2d extends DropoutLayer {
  protected override drop(x: Tensor, p: number, options: DropoutOptions): Tensor {
    return dropout2d(x, p, options);
  }
}

/** {@link Dropout2d} for volumes [N, C, D, H, W] or [C, D, H, W]. */
export class Dropout3d extends DropoutLayer {
  protected override drop(x: Tensor, p: number, options: DropoutOptions): Tensor {
    return dropout3d(x, p, options);
  }
}

/** SELU tends to minus this for inputs far below 0: its scale times its alpha. */
const SELU_DEPTH = 1.7580993408473766;

/** Sets to SELU's floor what a mask of this shape drops, then scales and shifts: mean 0 and variance 1 stay. */
function alphaDropout(x: Tensor, shape: Shape, p: number, options: DropoutOptions): Tensor {
  const { training = true, ...source } = options;
  if (!training || p === 0) return x;
  if (p === 1) return mul(x, 0);
  const a = 1 / Math.sqrt((SELU_DEPTH ** 2 * p + 1) * (1 - p));
  return composite(() => {
    const [scale, shift] = unrecorded(() => {
      // dropout() gives 0 or 1/(1 − p).
      const kept = dropout(full(shape, a * (1 - p), { dtype: x.dtype }), p, source);
      return [kept, mul(add(kept, a * (p - 1)), SELU_DEPTH)];
    });
    return add(mul(x, scale), shift);
  });
}

/**
 * Dropout for nets of SELU, which keeps mean 0 and variance 1 (Klambauer et al., "Self-normalizing neural networks",
 * 2017).
 */
export class AlphaDropout extends DropoutLayer {
  protected override drop(x: Tensor, p: number, options: DropoutOptions): Tensor {
    return alphaDropout(x, x.shape, p, options);
  }
}

/** {@link AlphaDropout} of whole channels of [N, C, ...]. */
export class FeatureAlphaDropout extends DropoutLayer {
  protected override drop(x: Tensor, p: number, options: DropoutOptions): Tensor {
    if (x.rank < 2) {
      throw new ShapeError(
        `FeatureAlphaDropout: input ${formatShape(x.shape)}, expected [N, C, ...]`,
      );
    }
    return alphaDropout(
      x,
      x.shape.map((size, axis) => (axis < 2 ? size : 1)),
      p,
      options,
    );
  }
}

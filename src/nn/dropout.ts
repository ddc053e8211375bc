import { ShapeError } from '../errors.js';
import { full } from '../ops/creation.js';
import { add, mul } from '../ops/elementwise.js';
import { composite, unrecorded } from '../ops/kit/composite.js';
import { checkFraction } from '../ops/kit/options.js';
import { type DropoutOptions, dropout, dropout1d, dropout2d, dropout3d } from '../ops/random.js';
import { checkOptions, type OptionNames } from '../options.js';
import type { Generator } from '../tensor/random.js';
import { formatShape, type Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';

export interface DropoutLayerOptions {
  /** Where the masks come from. Default: the generator that manualSeed() seeds. */
  generator?: Generator;
}

const NAMES: OptionNames<DropoutLayerOptions> = { generator: true };

/** A dropout of some things with a probability. */
type Drop = (x: Tensor, p: number, options: DropoutOptions) => Tensor;

/** Drops while training only. */
class DropoutLayer extends Module {
  readonly #drop: Drop;
  readonly #p: number;
  readonly #options: DropoutLayerOptions;

  constructor(drop: Drop, p: number, options: DropoutLayerOptions) {
    super();
    const layer = this.constructor.name;
    checkOptions(layer, options, NAMES);
    this.#drop = drop;
    this.#p = checkFraction(p, 'p', layer);
    this.#options = { ...options };
  }

  override forward(x: Tensor): Tensor {
    return this.#drop(x, this.#p, { ...this.#options, training: this.training });
  }

  protected override describeOptions(): string {
    return `p=${this.#p}`;
  }
}

/** The base class of the dropout layers, which differ in what they drop; p is 0.5 by default. */
function dropping(drop: Drop): new (p?: number, options?: DropoutLayerOptions) => DropoutLayer {
  return class extends DropoutLayer {
    constructor(p = 0.5, options: DropoutLayerOptions = {}) {
      super(drop, p, options);
    }
  };
}

/**
 * While training, zeroes each element with probability p and scales the others by 1/(1 − p); the input as it is
 * otherwise (Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014).
 */
export class Dropout extends dropping(dropout) {}

/** {@link Dropout2d} for sequences [N, C, L] or [C, L]. */
export class Dropout1d extends dropping(dropout1d) {}

/**
 * While training, zeroes whole channels of [N, C, ...] (three axes are [N, C, L], in PyTorch too) with probability p
 * and scales the others by 1/(1 − p) (Tompson et al., "Efficient object localization using convolutional networks", 2015).
 */
export class Dropout2d extends dropping(dropout2d) {}

/** {@link Dropout2d} for volumes [N, C, D, H, W] or [C, D, H, W]. */
export class Dropout3d extends dropping(dropout3d) {}

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
export class AlphaDropout extends dropping((x, p, options) =>
  alphaDropout(x, x.shape, p, options),
) {}

/** One draw for each channel of [N, C, ...]. */
function featureAlphaDropout(x: Tensor, p: number, options: DropoutOptions): Tensor {
  if (x.rank < 2) {
    throw new ShapeError(
      `FeatureAlphaDropout: input ${formatShape(x.shape)}, expected [N, C, ...]`,
    );
  }
  const channels = x.shape.map((size, axis) => (axis < 2 ? size : 1));
  return alphaDropout(x, channels, p, options);
}

/** {@link AlphaDropout} of whole channels of [N, C, ...]. */
export class FeatureAlphaDropout extends dropping(featureAlphaDropout) {}

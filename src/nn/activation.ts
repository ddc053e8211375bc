import { ArgumentError } from '../errors.js';
import {
  type EluOptions,
  elu,
  type GeluOptions,
  gelu,
  type HardtanhOptions,
  hardtanh,
  type LeakyReluOptions,
  leakyRelu,
  mish,
  relu,
  type SoftplusOptions,
  sigmoid,
  silu,
  softplus,
  tanh,
} from '../ops/activation.js';
import { logSoftmax, softmax } from '../ops/softmax.js';
import { activation, bound, finite, integer, oneOf, positive } from './activationLayer.js';

// An activation layer is one line: its function, and what its options may be.

/** max(x, 0), see {@link relu}. */
export class ReLU extends activation(relu) {}

/** x where it is positive, slope·x elsewhere, see {@link leakyRelu}. */
export class LeakyReLU extends activation<LeakyReluOptions>(leakyRelu, { slope: finite(0.01) }) {}

/** x where it is positive, α(eˣ − 1) elsewhere, see {@link elu}. */
export class ELU extends activation<EluOptions>(elu, { alpha: finite(1) }) {}

/** x·Φ(x), see {@link gelu}. */
export class GELU extends activation<GeluOptions>(gelu, { approximate: oneOf('none', 'tanh') }) {}

/** x·sigmoid(x), also called swish, see {@link silu}. */
export class SiLU extends activation(silu) {}

/** x·tanh(softplus(x)), see {@link mish}. */
export class Mish extends activation(mish) {}

/** 1/(1 + e⁻ˣ), see {@link sigmoid}. */
export class Sigmoid extends activation(sigmoid) {}

/** Hyperbolic tangent, see {@link tanh}. */
export class Tanh extends activation(tanh) {}

/** log(1 + e^(β·x))/β, a smooth ReLU, see {@link softplus}. */
export class Softplus extends activation<SoftplusOptions>(softplus, {
  beta: positive(1),
  threshold: finite(20),
}) {}

function checkBounds({ low, high }: Required<HardtanhOptions>, layer: string): void {
  if (low < high) return;
  throw new ArgumentError(`${layer}: low ${low} and high ${high}, expected low < high`);
}

/** min(max(x, low), high), see {@link hardtanh}. */
export class Hardtanh extends activation<HardtanhOptions>(
  hardtanh,
  { low: bound(-1), high: bound(1) },
  checkBounds,
) {}

export interface SoftmaxOptions {
  /** The axis whose values sum to 1, negative from the end. Default: −1. */
  axis?: number;
}

/** eˣ / Σ eˣ along an axis, see {@link softmax}. */
export class Softmax extends activation<SoftmaxOptions>((x, { axis }) => softmax(x, axis), {
  axis: integer(-1),
}) {}

/** log(eˣ / Σ eˣ) along an axis, stable, see {@link logSoftmax}. */
export class LogSoftmax extends activation<SoftmaxOptions>((x, { axis }) => logSoftmax(x, axis), {
  axis: integer(-1),
}) {}

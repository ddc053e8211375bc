import { ArgumentError } from '../errors.js';
import {
  elu,
  gelu,
  hardtanh,
  leakyRelu,
  relu,
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

export interface LeakyReLUOptions {
  /** Default: 0.01. */
  slope?: number;
}

/** x where it is positive, slope·x elsewhere, see {@link leakyRelu}. */
export class LeakyReLU extends activation<LeakyReLUOptions>(leakyRelu, {
  slope: finite(0.01),
}) {}

export interface ELUOptions {
  /** Default: 1. */
  alpha?: number;
}

/** x where it is positive, α(eˣ − 1) elsewhere, see {@link elu}. */
export class ELU extends activation<ELUOptions>(elu, {
  alpha: finite(1),
}) {}

export interface GELUOptions {
  /** 'tanh' for the approximation by tanh. Default: 'none', exact. */
  approximate?: 'none' | 'tanh';
}

/** x·Φ(x), see {@link gelu}. */
export class GELU extends activation<GELUOptions>(gelu, {
  approximate: oneOf('none', 'tanh'),
}) {}

/** x·sigmoid(x), also called swish, see {@link silu}. */
export class SiLU extends activation(silu) {}

/** 1/(1 + e⁻ˣ), see {@link sigmoid}. */
export class Sigmoid extends activation(sigmoid) {}

/** Hyperbolic tangent, see {@link tanh}. */
export class Tanh extends activation(tanh) {}

export interface SoftplusOptions {
  /** Default: 1. */
  beta?: number;
  /** x itself is returned where β·x is larger. Default: 20. */
  threshold?: number;
}

/** log(1 + e^(β·x))/β, a smooth ReLU, see {@link softplus}. */
export class Softplus extends activation<SoftplusOptions>(softplus, {
  beta: positive(1),
  threshold: finite(20),
}) {}

export interface HardtanhOptions {
  /** Default: −1. */
  low?: number;
  /** Default: 1. */
  high?: number;
}

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

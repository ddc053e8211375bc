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
import { checkChoice } from '../ops/kit/options.js';
import { logSoftmax, softmax } from '../ops/softmax.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';

/** max(x, 0). */
export class ReLU extends Module {
  override forward(x: Tensor): Tensor {
    return relu(x);
  }
}

export interface LeakyReLUOptions {
  /** Default: 0.01. */
  slope?: number;
}

/** x where it is positive, slope·x elsewhere. */
export class LeakyReLU extends Module {
  readonly #slope: number;

  constructor(options: LeakyReLUOptions = {}) {
    super();
    this.#slope = finite(options.slope ?? 0.01, 'LeakyReLU', 'slope');
  }

  override forward(x: Tensor): Tensor {
    return leakyRelu(x, this.#slope);
  }

  protected override describeOptions(): string {
    return `slope=${this.#slope}`;
  }
}

export interface ELUOptions {
  /** Default: 1. */
  alpha?: number;
}

/** x where it is positive, α(eˣ − 1) elsewhere. */
export class ELU extends Module {
  readonly #alpha: number;

  constructor(options: ELUOptions = {}) {
    super();
    this.#alpha = finite(options.alpha ?? 1, 'ELU', 'alpha');
  }

  override forward(x: Tensor): Tensor {
    return elu(x, this.#alpha);
  }

  protected override describeOptions(): string {
    return `alpha=${this.#alpha}`;
  }
}

export interface GELUOptions {
  /** 'tanh' for the approximation by tanh. Default: 'none', exact. */
  approximate?: 'none' | 'tanh';
}

/** x·Φ(x). */
export class GELU extends Module {
  readonly #approximate: 'none' | 'tanh';

  constructor(options: GELUOptions = {}) {
    super();
    this.#approximate = checkChoice(
      options.approximate ?? 'none',
      ['none', 'tanh'],
      'approximate',
      'GELU',
    );
  }

  override forward(x: Tensor): Tensor {
    return gelu(x, this.#approximate);
  }

  protected override describeOptions(): string {
    return this.#approximate === 'none' ? '' : `approximate=${this.#approximate}`;
  }
}

/** x·sigmoid(x), also called swish. */
export class SiLU extends Module {
  override forward(x: Tensor): Tensor {
    return silu(x);
  }
}

/** 1/(1 + e⁻ˣ). */
export class Sigmoid extends Module {
  override forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}

/** Hyperbolic tangent. */
export class Tanh extends Module {
  override forward(x: Tensor): Tensor {
    return tanh(x);
  }
}

export interface SoftplusOptions {
  /** Default: 1. */
  beta?: number;
  /** x itself is returned where β·x is larger. Default: 20. */
  threshold?: number;
}

/** log(1 + e^(β·x))/β, a smooth ReLU. */
export class Softplus extends Module {
  readonly #beta: number;
  readonly #threshold: number;

  constructor(options: SoftplusOptions = {}) {
    super();
    this.#beta = finite(options.beta ?? 1, 'Softplus', 'beta');
    this.#threshold = finite(options.threshold ?? 20, 'Softplus', 'threshold');
    if (this.#beta <= 0)
      throw new ArgumentError(`Softplus: beta is ${this.#beta}, expected a number > 0`);
  }

  override forward(x: Tensor): Tensor {
    return softplus(x, this.#beta, this.#threshold);
  }

  protected override describeOptions(): string {
    return `beta=${this.#beta}, threshold=${this.#threshold}`;
  }
}

export interface HardtanhOptions {
  /** Default: −1. */
  low?: number;
  /** Default: 1. */
  high?: number;
}

/** min(max(x, low), high). */
export class Hardtanh extends Module {
  readonly #low: number;
  readonly #high: number;

  constructor(options: HardtanhOptions = {}) {
    super();
    this.#low = options.low ?? -1;
    this.#high = options.high ?? 1;
    if (!(this.#low < this.#high)) {
      throw new ArgumentError(
        `Hardtanh: low ${this.#low} and high ${this.#high}, expected low < high`,
      );
    }
  }

  override forward(x: Tensor): Tensor {
    return hardtanh(x, this.#low, this.#high);
  }

  protected override describeOptions(): string {
    return `low=${this.#low}, high=${this.#high}`;
  }
}

export interface SoftmaxOptions {
  /** The axis whose values sum to 1, negative from the end. Default: −1. */
  axis?: number;
}

/** eˣ / Σ eˣ along an axis. */
export class Softmax extends Module {
  readonly #axis: number;

  constructor(options: SoftmaxOptions = {}) {
    super();
    this.#axis = integer(options.axis ?? -1, 'Softmax', 'axis');
  }

  override forward(x: Tensor): Tensor {
    return softmax(x, this.#axis);
  }

  protected override describeOptions(): string {
    return `axis=${this.#axis}`;
  }
}

/** log(eˣ / Σ eˣ) along an axis, stable. */
export class LogSoftmax extends Module {
  readonly #axis: number;

  constructor(options: SoftmaxOptions = {}) {
    super();
    this.#axis = integer(options.axis ?? -1, 'LogSoftmax', 'axis');
  }

  override forward(x: Tensor): Tensor {
    return logSoftmax(x, this.#axis);
  }

  protected override describeOptions(): string {
    return `axis=${this.#axis}`;
  }
}

function finite(value: number, layer: string, option: string): number {
  if (Number.isFinite(value)) return value;
  throw new ArgumentError(`${layer}: ${option} is ${String(value)}, expected a finite number`);
}

function integer(value: number, layer: string, option: string): number {
  if (Number.isInteger(value)) return value;
  throw new ArgumentError(`${layer}: ${option} is ${String(value)}, expected an integer`);
}

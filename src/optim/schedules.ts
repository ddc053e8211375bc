import { ArgumentError } from '../errors.js';
import { checkInteger } from '../ops/kit/options.js';
import type { Optimizer } from './optimizer.js';
import { checkNotNegative } from './options.js';
import { LRScheduler, perGroup, type ScheduleOptions } from './schedule.js';

export interface StepLROptions extends ScheduleOptions {
  /** Steps from one decay to the next. */
  stepSize: number;
  /** Factor of a decay. Default: 0.1. */
  gamma?: number;
}

/** Decays the rate by gamma every stepSize steps. */
export class StepLR extends LRScheduler {
  readonly #stepSize: number;
  readonly #gamma: number;

  constructor(optimizer: Optimizer, { stepSize, gamma = 0.1, interval }: StepLROptions) {
    super(optimizer, interval);
    this.#stepSize = checkInteger(stepSize, 'stepSize', 'StepLR', 1);
    checkNotNegative('StepLR', 'gamma', gamma);
    this.#gamma = gamma;
    this.begin();
  }

  protected override rate(lr: number): number {
    return this.lastEpoch % this.#stepSize === 0 ? lr * this.#gamma : lr;
  }
}

export interface MultiStepLROptions extends ScheduleOptions {
  /** The steps at which the rate decays; one named twice decays it twice. */
  milestones: readonly number[];
  /** Factor of a decay. Default: 0.1. */
  gamma?: number;
}

/** Decays the rate by gamma at each milestone. */
export class MultiStepLR extends LRScheduler {
  readonly #milestones: readonly number[];
  readonly #gamma: number;

  constructor(optimizer: Optimizer, { milestones, gamma = 0.1, interval }: MultiStepLROptions) {
    super(optimizer, interval);
    for (const at of milestones) checkInteger(at, 'a milestone', 'MultiStepLR', 0);
    checkNotNegative('MultiStepLR', 'gamma', gamma);
    this.#milestones = [...milestones];
    this.#gamma = gamma;
    this.begin();
  }

  protected override firstRate(lr: number): number {
    return this.rate(lr);
  }

  protected override rate(lr: number): number {
    const count = this.#milestones.filter((at) => at === this.lastEpoch).length;
    return lr * this.#gamma ** count;
  }
}

export interface ExponentialLROptions extends ScheduleOptions {
  /** Factor of each step. */
  gamma: number;
}

/** Decays the rate by gamma every step. */
export class ExponentialLR extends LRScheduler {
  readonly #gamma: number;

  constructor(optimizer: Optimizer, { gamma, interval }: ExponentialLROptions) {
    super(optimizer, interval);
    checkNotNegative('ExponentialLR', 'gamma', gamma);
    this.#gamma = gamma;
    this.begin();
  }

  protected override rate(lr: number): number {
    return lr * this.#gamma;
  }
}

export interface ConstantLROptions extends ScheduleOptions {
  /** Factor of the rate until totalIters, above 0 and up to 1. Default: 1/3. */
  factor?: number;
  /** Steps before the rate becomes what it was. Default: 5. */
  totalIters?: number;
}

/** Keeps the rate at a part of it for a number of steps. */
export class ConstantLR extends LRScheduler {
  readonly #factor: number;
  readonly #totalIters: number;

  constructor(
    optimizer: Optimizer,
    { factor = 1 / 3, totalIters = 5, interval }: ConstantLROptions = {},
  ) {
    super(optimizer, interval);
    checkFactor('ConstantLR', 'factor', factor);
    this.#factor = factor;
    this.#totalIters = checkInteger(totalIters, 'totalIters', 'ConstantLR', 1);
    this.begin();
  }

  protected override firstRate(lr: number): number {
    return lr * this.#factor;
  }

  protected override rate(lr: number): number {
    return this.lastEpoch === this.#totalIters ? lr / this.#factor : lr;
  }
}

export interface LinearLROptions extends ScheduleOptions {
  /** Factor of the first rate, above 0 and up to 1. Default: 1/3. */
  startFactor?: number;
  /** Factor of the last, from 0 to 1. Default: 1. */
  endFactor?: number;
  /** Steps from the first to the last. Default: 5. */
  totalIters?: number;
}

/** Moves the factor of the rate from startFactor to endFactor along a line: a warm-up by default. */
export class LinearLR extends LRScheduler {
  readonly #start: number;
  readonly #end: number;
  readonly #totalIters: number;

  constructor(
    optimizer: Optimizer,
    { startFactor = 1 / 3, endFactor = 1, totalIters = 5, interval }: LinearLROptions = {},
  ) {
    super(optimizer, interval);
    checkFactor('LinearLR', 'startFactor', startFactor);
    if (!(endFactor >= 0 && endFactor <= 1)) {
      throw new ArgumentError(`LinearLR: endFactor is ${endFactor}, expected a number from 0 to 1`);
    }
    this.#start = startFactor;
    this.#end = endFactor;
    this.#totalIters = checkInteger(totalIters, 'totalIters', 'LinearLR', 1);
    this.begin();
  }

  protected override firstRate(lr: number): number {
    return lr * this.#start;
  }

  protected override rate(lr: number): number {
    if (this.lastEpoch > this.#totalIters) return lr;
    const change = this.#end - this.#start;
    return lr * (1 + change / (this.#totalIters * this.#start + (this.lastEpoch - 1) * change));
  }
}

function checkFactor(owner: string, name: string, value: number): void {
  if (!(value > 0 && value <= 1)) {
    throw new ArgumentError(`${owner}: ${name} is ${value}, expected a number above 0, up to 1`);
  }
}

export interface PolynomialLROptions extends ScheduleOptions {
  /** Steps until the rate is 0. Default: 5. */
  totalIters?: number;
  /** Exponent of the share of steps that is left. Default: 1, a line. */
  power?: number;
}

/** Lets the rate fall to 0 as a power of the steps that are left. */
export class PolynomialLR extends LRScheduler {
  readonly #totalIters: number;
  readonly #power: number;

  constructor(
    optimizer: Optimizer,
    { totalIters = 5, power = 1, interval }: PolynomialLROptions = {},
  ) {
    super(optimizer, interval);
    this.#totalIters = checkInteger(totalIters, 'totalIters', 'PolynomialLR', 1);
    checkNotNegative('PolynomialLR', 'power', power);
    this.#power = power;
    this.begin();
  }

  protected override rate(lr: number): number {
    const { lastEpoch } = this;
    const total = this.#totalIters;
    if (lastEpoch > total) return lr;
    return lr * ((1 - lastEpoch / total) / (1 - (lastEpoch - 1) / total)) ** this.#power;
  }
}

export interface CosineAnnealingLROptions extends ScheduleOptions {
  /** Steps from the highest rate to the lowest. */
  tMax: number;
  /** The lowest rate. Default: 0. */
  etaMin?: number;
}

/**
 * Lets the rate fall along half a cosine (Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm
 * restarts", 2017); after tMax steps it rises again.
 */
export class CosineAnnealingLR extends LRScheduler {
  readonly #tMax: number;
  readonly #etaMin: number;

  constructor(optimizer: Optimizer, { tMax, etaMin = 0, interval }: CosineAnnealingLROptions) {
    super(optimizer, interval);
    this.#tMax = checkInteger(tMax, 'tMax', 'CosineAnnealingLR', 1);
    checkNotNegative('CosineAnnealingLR', 'etaMin', etaMin);
    this.#etaMin = etaMin;
    this.begin();
  }

  protected override rate(lr: number, base: number): number {
    const [epoch, tMax, etaMin] = [this.lastEpoch, this.#tMax, this.#etaMin];
    // At the bottom the recursion below would divide by 0.
    if ((epoch - 1 - tMax) % (2 * tMax) === 0) {
      return lr + ((base - etaMin) * (1 - Math.cos(Math.PI / tMax))) / 2;
    }
    const heightAt = (step: number): number => 1 + Math.cos((Math.PI * step) / tMax);
    return (heightAt(epoch) / heightAt(epoch - 1)) * (lr - etaMin) + etaMin;
  }
}

export interface CosineAnnealingWarmRestartsOptions extends ScheduleOptions {
  /** Steps of the first period. */
  t0: number;
  /** How much longer each period is than the one before. Default: 1. */
  tMult?: number;
  /** The lowest rate. Default: 0. */
  etaMin?: number;
}

/** Half a cosine again and again, each time from the first rate (Loshchilov and Hutter, 2017). */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  readonly #t0: number;
  readonly #tMult: number;
  readonly #etaMin: number;

  constructor(
    optimizer: Optimizer,
    { t0, tMult = 1, etaMin = 0, interval }: CosineAnnealingWarmRestartsOptions,
  ) {
    super(optimizer, interval);
    this.#t0 = checkInteger(t0, 't0', 'CosineAnnealingWarmRestarts', 1);
    this.#tMult = checkInteger(tMult, 'tMult', 'CosineAnnealingWarmRestarts', 1);
    checkNotNegative('CosineAnnealingWarmRestarts', 'etaMin', etaMin);
    this.#etaMin = etaMin;
    this.begin();
  }

  protected override firstRate(lr: number, base: number): number {
    return this.rate(lr, base);
  }

  protected override rate(_lr: number, base: number): number {
    let [step, period] = [this.lastEpoch, this.#t0];
    if (this.#tMult === 1) step %= period;
    while (step >= period) {
      step -= period;
      period *= this.#tMult;
    }
    const etaMin = this.#etaMin;
    return etaMin + ((base - etaMin) * (1 + Math.cos((Math.PI * step) / period))) / 2;
  }
}

/** From the count of steps to the factor of the rate. */
export type RateFactor = (epoch: number) => number;

export interface LambdaLROptions extends ScheduleOptions {
  /** One function for all groups, or one for each. */
  lrLambda: RateFactor | readonly RateFactor[];
}

/** The first rate times what a function of yours says. */
export class LambdaLR extends LRScheduler {
  readonly #factors: readonly RateFactor[];

  constructor(optimizer: Optimizer, { lrLambda, interval }: LambdaLROptions) {
    super(optimizer, interval);
    this.#factors = perGroup('LambdaLR', 'lrLambda', lrLambda, optimizer);
    for (const factor of this.#factors) {
      if (typeof factor !== 'function') {
        throw new ArgumentError(`LambdaLR: lrLambda is a ${typeof factor}, expected a function`);
      }
    }
    this.begin();
  }

  protected override firstRate(lr: number, base: number, group: number): number {
    return this.rate(lr, base, group);
  }

  protected override rate(_lr: number, base: number, group: number): number {
    return base * (this.#factors[group]?.(this.lastEpoch) ?? Number.NaN);
  }
}

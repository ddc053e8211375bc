import { ArgumentError } from '../errors.js';
import { checkInteger } from '../ops/kit/options.js';
import { checkOptions, type OptionNames } from '../options.js';
import type { Optimizer } from './optimizer.js';
import { checkNotNegative } from './options.js';
import { LRScheduler, perGroup, type ScheduleOptions } from './schedule.js';

const SCHEDULE: OptionNames<ScheduleOptions> = { interval: true };

export interface StepLROptions extends ScheduleOptions {
  /** Factor of a decay. Default: 0.1. */
  gamma?: number;
}

const STEP: OptionNames<StepLROptions> = { gamma: true, interval: true };

/** Decays the rate by gamma every stepSize steps. */
export class StepLR extends LRScheduler {
  readonly #stepSize: number;
  readonly #gamma: number;

  /** @param stepSize steps from one decay to the next */
  constructor(optimizer: Optimizer, stepSize: number, options: StepLROptions = {}) {
    checkOptions('StepLR', options, STEP);
    const { gamma = 0.1, interval } = options;
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
  /** Factor of a decay. Default: 0.1. */
  gamma?: number;
}

const MULTI_STEP: OptionNames<MultiStepLROptions> = { gamma: true, interval: true };

/** Decays the rate by gamma at each milestone. */
export class MultiStepLR extends LRScheduler {
  readonly #milestones: readonly number[];
  readonly #gamma: number;

  /** @param milestones the steps at which the rate decays; one named twice decays it twice */
  constructor(
    optimizer: Optimizer,
    milestones: readonly number[],
    options: MultiStepLROptions = {},
  ) {
    checkOptions('MultiStepLR', options, MULTI_STEP);
    const { gamma = 0.1, interval } = options;
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

/** Decays the rate by gamma every step. */
export class ExponentialLR extends LRScheduler {
  readonly #gamma: number;

  /** @param gamma factor of each step */
  constructor(optimizer: Optimizer, gamma: number, options: ScheduleOptions = {}) {
    checkOptions('ExponentialLR', options, SCHEDULE);
    super(optimizer, options.interval);
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

const CONSTANT: OptionNames<ConstantLROptions> = { factor: true, totalIters: true, interval: true };

/** Keeps the rate at a part of it for a number of steps. */
export class ConstantLR extends LRScheduler {
  readonly #factor: number;
  readonly #totalIters: number;

  constructor(optimizer: Optimizer, options: ConstantLROptions = {}) {
    checkOptions('ConstantLR', options, CONSTANT);
    const { factor = 1 / 3, totalIters = 5, interval } = options;
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

const LINEAR: OptionNames<LinearLROptions> = {
  startFactor: true,
  endFactor: true,
  totalIters: true,
  interval: true,
};

/** Moves the factor of the rate from startFactor to endFactor along a line: a warm-up by default. */
export class LinearLR extends LRScheduler {
  readonly #start: number;
  readonly #end: number;
  readonly #totalIters: number;

  constructor(optimizer: Optimizer, options: LinearLROptions = {}) {
    checkOptions('LinearLR', options, LINEAR);
    const { startFactor = 1 / 3, endFactor = 1, totalIters = 5, interval } = options;
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

const POLYNOMIAL: OptionNames<PolynomialLROptions> = {
  totalIters: true,
  power: true,
  interval: true,
};

/** Lets the rate fall to 0 as a power of the steps that are left. */
export class PolynomialLR extends LRScheduler {
  readonly #totalIters: number;
  readonly #power: number;

  constructor(optimizer: Optimizer, options: PolynomialLROptions = {}) {
    checkOptions('PolynomialLR', options, POLYNOMIAL);
    const { totalIters = 5, power = 1, interval } = options;
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
  /** The lowest rate. Default: 0. */
  etaMin?: number;
}

const COSINE: OptionNames<CosineAnnealingLROptions> = { etaMin: true, interval: true };

/**
 * Lets the rate fall along half a cosine (Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm
 * restarts", 2017); after tMax steps it rises again.
 */
export class CosineAnnealingLR extends LRScheduler {
  readonly #tMax: number;
  readonly #etaMin: number;

  /** @param tMax steps from the highest rate to the lowest */
  constructor(optimizer: Optimizer, tMax: number, options: CosineAnnealingLROptions = {}) {
    checkOptions('CosineAnnealingLR', options, COSINE);
    const { etaMin = 0, interval } = options;
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
  /** How much longer each period is than the one before. Default: 1. */
  tMult?: number;
  /** The lowest rate. Default: 0. */
  etaMin?: number;
}

const WARM_RESTARTS: OptionNames<CosineAnnealingWarmRestartsOptions> = {
  tMult: true,
  etaMin: true,
  interval: true,
};

/** Half a cosine again and again, each time from the first rate (Loshchilov and Hutter, 2017). */
export class CosineAnnealingWarmRestarts extends LRScheduler {
  readonly #t0: number;
  readonly #tMult: number;
  readonly #etaMin: number;

  /** @param t0 steps of the first period */
  constructor(optimizer: Optimizer, t0: number, options: CosineAnnealingWarmRestartsOptions = {}) {
    checkOptions('CosineAnnealingWarmRestarts', options, WARM_RESTARTS);
    const { tMult = 1, etaMin = 0, interval } = options;
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

/** The first rate times what a function of yours says. */
export class LambdaLR extends LRScheduler {
  readonly #factors: readonly RateFactor[];

  /** @param lrLambda one function for all groups, or one for each */
  constructor(
    optimizer: Optimizer,
    lrLambda: RateFactor | readonly RateFactor[],
    options: ScheduleOptions = {},
  ) {
    checkOptions('LambdaLR', options, SCHEDULE);
    super(optimizer, options.interval);
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

import { ArgumentError } from '../errors.js';
import { checkChoice, checkInteger } from '../ops/kit/options.js';
import { checkOptions, type OptionNames } from '../options.js';
import type { BaseOptions, Optimizer, ParamGroup } from './optimizer.js';
import { checkBoolean, checkNotNegative } from './options.js';
import { LRScheduler, perGroup, type ScheduleOptions } from './schedule.js';

type Group = ParamGroup<BaseOptions>;

/** The low and high momentum of each group; beta1 takes the place of momentum where a rule has betas. */
class MomentumRange {
  readonly #low: readonly number[];
  readonly #high: readonly number[];
  readonly #groups: readonly Group[];

  constructor(
    owner: string,
    optimizer: Optimizer,
    low: number | readonly number[],
    high: number | readonly number[],
  ) {
    this.#groups = optimizer.paramGroups;
    this.#low = perGroup(owner, 'baseMomentum', low, optimizer);
    this.#high = perGroup(owner, 'maxMomentum', high, optimizer);
    for (const value of [...this.#low, ...this.#high]) {
      if (!(value >= 0 && value < 1)) {
        throw new ArgumentError(
          `${owner}: a momentum is ${value}, expected a number from 0 to below 1`,
        );
      }
    }
    if (!this.#groups.every((group) => 'betas' in group || 'momentum' in group)) {
      throw new ArgumentError(
        `${owner}: ${optimizer.constructor.name} has no momentum and no betas; use cycleMomentum: false`,
      );
    }
  }

  /** Gives each group the momentum computed from its low and high one. */
  set(momentum: (low: number, high: number) => number): void {
    for (const [i, group] of this.#groups.entries()) {
      const value = momentum(this.#low[i] ?? 0, this.#high[i] ?? 0);
      if ('betas' in group && Array.isArray(group.betas)) {
        Object.assign(group, { betas: [value, ...group.betas.slice(1)] });
      } else Object.assign(group, { momentum: value });
    }
  }
}

function checkRates(owner: string, name: string, rates: readonly number[]): readonly number[] {
  for (const rate of rates) checkNotNegative(owner, name, rate);
  return rates;
}

export interface CyclicLROptions extends ScheduleOptions {
  /** Steps of a rise. Default: 2000. */
  stepSizeUp?: number;
  /** Steps of a fall. Default: stepSizeUp. */
  stepSizeDown?: number;
  /** Cycles of one height, each half as high, or gamma^steps as high. Default: 'triangular'. */
  mode?: 'triangular' | 'triangular2' | 'exp_range';
  /** Of 'exp_range'. Default: 1. */
  gamma?: number;
  /** Moves the momentum (or beta1) the other way. Default: true. */
  cycleMomentum?: boolean;
  /** Momentum at the highest rate. Default: 0.8. */
  baseMomentum?: number | readonly number[];
  /** Momentum at the lowest rate. Default: 0.9. */
  maxMomentum?: number | readonly number[];
}

const CYCLIC: OptionNames<CyclicLROptions> = {
  stepSizeUp: true,
  stepSizeDown: true,
  mode: true,
  gamma: true,
  cycleMomentum: true,
  baseMomentum: true,
  maxMomentum: true,
  interval: true,
};

/**
 * Lets the rate rise and fall between two limits (Smith, "Cyclical learning rates for training neural networks",
 * 2017). Meant to be stepped after each batch.
 */
export class CyclicLR extends LRScheduler {
  readonly #maxLrs: readonly number[];
  readonly #total: number;
  readonly #risingShare: number;
  readonly #scale: (cycle: number, step: number) => number;
  readonly #momenta: MomentumRange | null;

  /**
   * @param baseLr lowest rate, for all groups or for each
   * @param maxLr highest rate of the first cycle
   */
  constructor(
    optimizer: Optimizer,
    baseLr: number | readonly number[],
    maxLr: number | readonly number[],
    options: CyclicLROptions = {},
  ) {
    checkOptions('CyclicLR', options, CYCLIC);
    const { stepSizeUp = 2000, mode = 'triangular', gamma = 1, cycleMomentum = true } = options;
    super(optimizer, options.interval ?? 'batch');
    const baseLrs = perGroup('CyclicLR', 'baseLr', baseLr, optimizer);
    this.#maxLrs = perGroup('CyclicLR', 'maxLr', maxLr, optimizer);
    checkRates('CyclicLR', 'baseLr', baseLrs);
    checkRates('CyclicLR', 'maxLr', this.#maxLrs);
    const down = options.stepSizeDown ?? stepSizeUp;
    checkInteger(stepSizeUp, 'stepSizeUp', 'CyclicLR', 1);
    checkInteger(down, 'stepSizeDown', 'CyclicLR', 1);
    checkChoice(mode, ['triangular', 'triangular2', 'exp_range'], 'mode', 'CyclicLR');
    checkNotNegative('CyclicLR', 'gamma', gamma);
    checkBoolean('CyclicLR', 'cycleMomentum', cycleMomentum);
    this.#total = stepSizeUp + down;
    this.#risingShare = stepSizeUp / this.#total;
    const scales = {
      triangular: () => 1,
      triangular2: (cycle: number) => 1 / 2 ** (cycle - 1),
      exp_range: (_: number, step: number) => gamma ** step,
    };
    this.#scale = scales[mode];
    const { baseMomentum = 0.8, maxMomentum = 0.9 } = options;
    this.#momenta = cycleMomentum
      ? new MomentumRange('CyclicLR', optimizer, baseMomentum, maxMomentum)
      : null;
    this.setBaseLrs(baseLrs);
    this.begin();
  }

  /** Height of the present step: 0 at the lowest rate, 1 at the highest of the first cycle. */
  #height(): number {
    const cycle = Math.floor(1 + this.lastEpoch / this.#total);
    const x = 1 + this.lastEpoch / this.#total - cycle;
    const share = this.#risingShare;
    const height = x <= share ? x / share : (x - 1) / (share - 1);
    return height * this.#scale(cycle, this.lastEpoch);
  }

  protected override firstRate(lr: number, base: number, group: number): number {
    return this.rate(lr, base, group);
  }

  protected override rate(_lr: number, base: number, group: number): number {
    return base + ((this.#maxLrs[group] ?? base) - base) * this.#height();
  }

  protected override setRates(rates: readonly number[]): void {
    super.setRates(rates);
    const height = this.#height();
    this.#momenta?.set((low, high) => high - (high - low) * height);
  }
}

export interface OneCycleLROptions extends ScheduleOptions {
  /** Steps of the whole cycle; or give epochs and stepsPerEpoch. */
  totalSteps?: number;
  epochs?: number;
  stepsPerEpoch?: number;
  /** Share of the steps in which the rate rises. Default: 0.3. */
  pctStart?: number;
  /** Default: 'cos'. */
  annealStrategy?: 'cos' | 'linear';
  /** Moves the momentum (or beta1) the other way. Default: true. */
  cycleMomentum?: boolean;
  /** Momentum at the highest rate. Default: 0.85. */
  baseMomentum?: number | readonly number[];
  /** Momentum at the lowest rate. Default: 0.95. */
  maxMomentum?: number | readonly number[];
  /** The first rate is maxLr / divFactor. Default: 25. */
  divFactor?: number;
  /** The last rate is the first / finalDivFactor. Default: 1e4. */
  finalDivFactor?: number;
  /** Falls back to the first rate as it rose, and only then to the last. Default: false. */
  threePhase?: boolean;
}

const ONE_CYCLE: OptionNames<OneCycleLROptions> = {
  totalSteps: true,
  epochs: true,
  stepsPerEpoch: true,
  pctStart: true,
  annealStrategy: true,
  cycleMomentum: true,
  baseMomentum: true,
  maxMomentum: true,
  divFactor: true,
  finalDivFactor: true,
  threePhase: true,
  interval: true,
};

/** Part of a cycle: up to which step it goes, and the heights (rate, momentum) at its ends. */
interface Phase {
  readonly end: number;
  readonly from: 'first' | 'max';
  readonly to: 'first' | 'max' | 'last';
}

/**
 * One rise and one long fall of the rate, the momentum going the other way (Smith and Topin, "Super-convergence:
 * very fast training of neural networks using large learning rates", 2018). Meant to be stepped after each batch.
 */
export class OneCycleLR extends LRScheduler {
  readonly #totalSteps: number;
  readonly #phases: readonly Phase[];
  readonly #rates: Readonly<Record<Phase['to'], readonly number[]>>;
  readonly #anneal: (start: number, end: number, share: number) => number;
  readonly #momenta: MomentumRange | null;

  /** @param maxLr highest rate, for all groups or for each */
  constructor(optimizer: Optimizer, maxLr: number | readonly number[], options: OneCycleLROptions) {
    checkOptions('OneCycleLR', options, ONE_CYCLE);
    super(optimizer, options.interval ?? 'batch');
    const {
      pctStart = 0.3,
      annealStrategy = 'cos',
      divFactor = 25,
      finalDivFactor = 1e4,
    } = options;
    const { cycleMomentum = true, threePhase = false } = options;
    this.#totalSteps = totalSteps(options);
    if (!(pctStart >= 0 && pctStart <= 1)) {
      throw new ArgumentError(`OneCycleLR: pctStart is ${pctStart}, expected a number from 0 to 1`);
    }
    checkChoice(annealStrategy, ['cos', 'linear'], 'annealStrategy', 'OneCycleLR');
    checkBoolean('OneCycleLR', 'cycleMomentum', cycleMomentum);
    checkBoolean('OneCycleLR', 'threePhase', threePhase);
    for (const [name, value] of [
      ['divFactor', divFactor],
      ['finalDivFactor', finalDivFactor],
    ] as const) {
      if (!(value > 0 && Number.isFinite(value))) {
        throw new ArgumentError(`OneCycleLR: ${name} is ${value}, expected a finite number > 0`);
      }
    }
    this.#phases = phases(this.#totalSteps, pctStart, threePhase);
    this.#anneal = annealStrategy === 'cos' ? annealCosine : annealLinear;
    const max = perGroup('OneCycleLR', 'maxLr', maxLr, optimizer);
    checkRates('OneCycleLR', 'maxLr', max);
    const first = max.map((rate) => rate / divFactor);
    this.#rates = { max, first, last: first.map((rate) => rate / finalDivFactor) };
    const { baseMomentum = 0.85, maxMomentum = 0.95 } = options;
    this.#momenta = cycleMomentum
      ? new MomentumRange('OneCycleLR', optimizer, baseMomentum, maxMomentum)
      : null;
    this.setBaseLrs(first);
    this.begin();
  }

  override step(): void {
    if (this.lastEpoch >= this.#totalSteps) {
      throw new ArgumentError(
        `OneCycleLR: the cycle of ${this.#totalSteps} steps is over; give totalSteps of all batches`,
      );
    }
    super.step();
  }

  /** @internal */
  override stepsLeft(lastEpoch: number): number {
    return this.#totalSteps - lastEpoch;
  }

  /** The present phase, and the share of it that is behind. */
  #position(): { phase: Phase; share: number } {
    let start = 0;
    const last = this.#phases.at(-1);
    for (const phase of this.#phases) {
      if (this.lastEpoch <= phase.end || phase === last) {
        const length = phase.end - start;
        return { phase, share: length === 0 ? 1 : (this.lastEpoch - start) / length };
      }
      start = phase.end;
    }
    throw new ArgumentError('OneCycleLR: there are no phases');
  }

  protected override firstRate(lr: number, base: number, group: number): number {
    return this.rate(lr, base, group);
  }

  protected override rate(lr: number, _base: number, group: number): number {
    const { phase, share } = this.#position();
    const at = (end: Phase['to']): number => this.#rates[end][group] ?? lr;
    return this.#anneal(at(phase.from), at(phase.to), share);
  }

  protected override setRates(rates: readonly number[]): void {
    super.setRates(rates);
    const { phase, share } = this.#position();
    this.#momenta?.set((low, high) => {
      const at = (end: Phase['to']): number => (end === 'max' ? low : high);
      return this.#anneal(at(phase.from), at(phase.to), share);
    });
  }
}

function totalSteps({ totalSteps: total, epochs, stepsPerEpoch }: OneCycleLROptions): number {
  if (total !== undefined) return checkInteger(total, 'totalSteps', 'OneCycleLR', 1);
  if (epochs === undefined || stepsPerEpoch === undefined) {
    throw new ArgumentError('OneCycleLR: expected totalSteps, or epochs and stepsPerEpoch');
  }
  checkInteger(epochs, 'epochs', 'OneCycleLR', 1);
  return epochs * checkInteger(stepsPerEpoch, 'stepsPerEpoch', 'OneCycleLR', 1);
}

function phases(total: number, pctStart: number, threePhase: boolean): Phase[] {
  const rise: Phase = { end: pctStart * total - 1, from: 'first', to: 'max' };
  if (!threePhase) return [rise, { end: total - 1, from: 'max', to: 'last' }];
  return [
    rise,
    { end: 2 * pctStart * total - 2, from: 'max', to: 'first' },
    { end: total - 1, from: 'first', to: 'last' },
  ];
}

function annealCosine(start: number, end: number, share: number): number {
  return end + ((start - end) / 2) * (Math.cos(Math.PI * share) + 1);
}

function annealLinear(start: number, end: number, share: number): number {
  return (end - start) * share + start;
}

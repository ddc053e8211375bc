import { checkList, checkObject } from '../arguments.js';
import { ArgumentError } from '../errors.js';
import { isJsonObject, type Json } from '../io/json.js';
import { checkInteger } from '../ops/kit/options.js';
import type { Optimizer } from './optimizer.js';
import { ReduceLROnPlateau } from './plateau.js';
import { initialRate, LRScheduler, type ScheduleState } from './schedule.js';

function checkParts(
  owner: string,
  optimizer: Optimizer | undefined,
  schedulers: readonly LRScheduler[],
): Optimizer {
  checkList(owner, 'schedulers', schedulers, 'a list of schedules');
  const [first] = schedulers;
  if (first === undefined) throw new ArgumentError(`${owner}: expected at least one schedule`);
  for (const schedule of schedulers) {
    checkObject(owner, 'a schedule', schedule, 'an LRScheduler');
    if (schedule instanceof ReduceLROnPlateau) {
      throw new ArgumentError(
        `${owner}: ReduceLROnPlateau needs a metric at each step; step it by itself`,
      );
    }
    if (schedule.optimizer !== (optimizer ?? first.optimizer)) {
      throw new ArgumentError(
        `${owner}: a ${schedule.constructor.name} belongs to another optimiser`,
      );
    }
    if (schedule.interval !== first.interval) {
      throw new ArgumentError(
        `${owner}: schedules are stepped per batch and per epoch; expected one interval for all`,
      );
    }
  }
  return first.optimizer;
}

/** A schedule made of others, whose states it saves with its own. */
abstract class CompositeLR extends LRScheduler {
  protected readonly schedulers: readonly LRScheduler[];

  protected constructor(optimizer: Optimizer, schedulers: readonly LRScheduler[]) {
    super(optimizer, schedulers[0]?.interval);
    this.schedulers = [...schedulers];
  }

  /** The parts have changed the rates already. */
  protected override rate(lr: number): number {
    return lr;
  }

  protected override ownState(): ScheduleState[] {
    return this.schedulers.map((schedule) => schedule.stateDict());
  }

  /** What is wrong with the place of a part in a composite that stood at `lastEpoch`; null if nothing is. */
  protected abstract placeFault(index: number, own: number, lastEpoch: number): string | null;

  protected override ownFaults(own: Json | undefined, lastEpoch: number): string[] {
    const count = this.schedulers.length;
    if (!Array.isArray(own) || own.length !== count) {
      return [
        `it has ${Array.isArray(own) ? own.length : 'no'} schedules within, expected ${count}`,
      ];
    }
    return this.schedulers.flatMap((schedule, i) => {
      const state = own[i];
      const faults = schedule.stateFaults(state);
      const at = isJsonObject(state) ? state.lastEpoch : undefined;
      const place = faults.length === 0 ? this.placeFault(i, Number(at), lastEpoch) : null;
      if (place !== null) faults.push(`lastEpoch is ${Number(at)}, ${place}`);
      return faults.map((fault) => `schedule ${i}: ${fault}`);
    });
  }

  protected override loadOwn(own: readonly ScheduleState[]): void {
    for (const [i, schedule] of this.schedulers.entries()) {
      const saved = own[i];
      if (saved !== undefined) schedule.restore(saved);
    }
  }
}

/**
 * One schedule after the other, each from its own start.
 *
 * @example
 * const warmUp = new optim.LinearLR(optimizer, { startFactor: 0.01, totalIters: 5 });
 * const cosine = new optim.CosineAnnealingLR(optimizer, 85);
 * new optim.SequentialLR(optimizer, [warmUp, cosine], [5]);
 */
export class SequentialLR extends CompositeLR {
  readonly #milestones: readonly number[];

  /**
   * @param schedulers in their order
   * @param milestones the steps at which the second, third, ... takes over
   */
  constructor(
    optimizer: Optimizer,
    schedulers: readonly LRScheduler[],
    milestones: readonly number[],
  ) {
    checkParts('SequentialLR', optimizer, schedulers);
    checkList('SequentialLR', 'milestones', milestones, 'a list of steps');
    if (milestones.length !== schedulers.length - 1) {
      throw new ArgumentError(
        `SequentialLR: ${schedulers.length} schedules and ${milestones.length} milestones, ` +
          'expected one milestone fewer',
      );
    }
    for (const [i, at] of milestones.entries()) {
      checkInteger(at, 'a milestone', 'SequentialLR', i === 0 ? 1 : (milestones[i - 1] ?? 0) + 1);
    }
    super(optimizer, schedulers);
    this.#milestones = [...milestones];
    this.begin();
  }

  /** @internal */
  override begin(): void {
    // Making the parts has set the rates of each; only the first's are wanted.
    for (const group of this.optimizer.paramGroups) group.lr = initialRate(group);
    this.schedulers[0]?.begin();
    super.begin();
  }

  protected override placeFault(index: number, own: number, lastEpoch: number): string | null {
    const start = index === 0 ? 0 : (this.#milestones[index - 1] ?? 0);
    const end = this.#milestones[index] ?? Number.POSITIVE_INFINITY;
    // One that is over has stopped before its end, and one to come starts anew.
    if (lastEpoch < start || lastEpoch >= end) return null;
    return own === lastEpoch - start ? null : `expected ${lastEpoch - start}`;
  }

  override step(): void {
    const next = this.lastEpoch + 1;
    const index = this.#milestones.filter((at) => at <= next).length;
    const schedule = this.schedulers[index];
    if (this.#milestones.includes(next)) schedule?.restart();
    else schedule?.step();
    super.step();
  }
}

/** Several schedules at once, each changing the rate that the one before it gave. */
export class ChainedScheduler extends CompositeLR {
  /** @param schedulers of one optimiser; they have set its first rates already */
  constructor(schedulers: readonly LRScheduler[]) {
    const optimizer = checkParts('ChainedScheduler', undefined, schedulers);
    super(optimizer, schedulers);
    this.setRates(optimizer.paramGroups.map(({ lr }) => lr));
  }

  protected override placeFault(_index: number, own: number, lastEpoch: number): string | null {
    return own >= lastEpoch ? null : `expected at least ${lastEpoch}`;
  }

  /** @internal */
  override stepsLeft(_lastEpoch: number, own: Json | undefined): number {
    const states = Array.isArray(own) ? own : [];
    const left = this.schedulers.map((schedule, i) => {
      const state = states[i];
      if (!isJsonObject(state)) return Number.POSITIVE_INFINITY;
      return schedule.stepsLeft(Number(state.lastEpoch), state.own);
    });
    return left.reduce((least, own) => Math.min(least, own), Number.POSITIVE_INFINITY);
  }

  /** @internal */
  override begin(): void {
    for (const schedule of this.schedulers) schedule.begin();
    super.begin();
  }

  override step(): void {
    for (const schedule of this.schedulers) schedule.step();
    super.step();
  }
}

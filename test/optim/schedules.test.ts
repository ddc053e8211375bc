import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ArgumentError, CheckpointError } from '../../src/errors.js';
import { tensor } from '../../src/ops/creation.js';
import * as optim from '../../src/optim/index.js';
import { expectClose } from '../support/close.js';

type Spec = readonly [schedule: string, options: Record<string, unknown>];

interface Case {
  readonly schedule: string;
  readonly options: Record<string, unknown>;
  readonly optimizer: 'SGD' | 'Adam';
  /** Rate and momentum (or beta1) of each group at each step. */
  readonly trajectory: readonly (readonly [lr: number, momentum: number])[][];
}

interface Fixture {
  readonly rates: readonly number[];
  /** What ReduceLROnPlateau watches. */
  readonly metrics: readonly number[];
  readonly cases: readonly Case[];
}

const { rates, metrics, cases } = JSON.parse(
  readFileSync(new URL('../fixtures/schedules.json', import.meta.url), 'utf8'),
) as Fixture;

const FUNCTIONS: Record<string, optim.RateFactor> = {
  inverseRoot: (step) => 1 / Math.sqrt(step + 1),
  line: (step) => 1 - step / 50,
};

type Make = new (optimizer: optim.Optimizer, ...rest: unknown[]) => optim.LRScheduler;

/** What the fixture names as PyTorch does, and our schedules take by position. */
const POSITIONAL: Record<string, readonly string[]> = {
  StepLR: ['stepSize'],
  MultiStepLR: ['milestones'],
  ExponentialLR: ['gamma'],
  CosineAnnealingLR: ['tMax'],
  CosineAnnealingWarmRestarts: ['t0'],
  LambdaLR: ['lrLambda'],
  CyclicLR: ['baseLr', 'maxLr'],
  OneCycleLR: ['maxLr'],
};

function optimizerOf(kind: 'SGD' | 'Adam', lrs = rates): optim.Optimizer {
  const groups = lrs.map((lr) => ({ params: [tensor([0], { requiresGrad: true })], lr }));
  return kind === 'SGD' ? new optim.SGD(groups, { momentum: 0.9 }) : new optim.Adam(groups);
}

function scheduleOf(optimizer: optim.Optimizer, [name, options]: Spec): optim.LRScheduler {
  const parts = (options.schedulers ?? []) as Spec[];
  const schedulers = parts.map((part) => scheduleOf(optimizer, part));
  if (name === 'ChainedScheduler') return new optim.ChainedScheduler(schedulers);
  if (name === 'SequentialLR') {
    return new optim.SequentialLR(optimizer, schedulers, options.milestones as number[]);
  }
  const rest = new Map(Object.entries(options));
  const { lrLambda, mode } = options;
  if (name === 'LambdaLR') {
    const functions = [lrLambda].flat().map((key) => FUNCTIONS[String(key)]);
    rest.set('lrLambda', Array.isArray(lrLambda) ? functions : functions[0]);
  }
  if (name === 'ReduceLROnPlateau' && mode !== undefined) {
    rest.delete('mode');
    rest.set('goal', mode);
  }
  const positional = (POSITIONAL[name] ?? []).map((key) => {
    const value = rest.get(key);
    rest.delete(key);
    return value;
  });
  const Schedule = Reflect.get(optim, name) as Make;
  return new Schedule(optimizer, ...positional, Object.fromEntries(rest));
}

function momentumOf(group: object): unknown {
  if ('betas' in group && Array.isArray(group.betas)) return group.betas[0];
  return 'momentum' in group ? group.momentum : undefined;
}

function stateOf(optimizer: optim.Optimizer): number[] {
  return optimizer.paramGroups.flatMap((group) => [group.lr, Number(momentumOf(group))]);
}

describe.each(cases)('$schedule $options of $optimizer', (spec) => {
  test("gives PyTorch's rates and momenta", () => {
    const optimizer = optimizerOf(spec.optimizer);
    const schedule = scheduleOf(optimizer, [spec.schedule, spec.options]);
    for (const [step, expected] of spec.trajectory.entries()) {
      const tolerance = { rtol: 1e-9, atol: 1e-12 };
      expectClose(stateOf(optimizer), expected.flat(), tolerance, `step ${step}`);
      expect(schedule.getLastLr()).toEqual(optimizer.paramGroups.map(({ lr }) => lr));
      expect(schedule.lastEpoch).toBe(step);
      schedule.step(metrics[step]);
    }
  });

  test.each([0, 4, 9])('goes on from its state after %i steps bit for bit', (saved) => {
    const whole = optimizerOf(spec.optimizer);
    const straight = scheduleOf(whole, [spec.schedule, spec.options]);
    for (let step = 0; step < saved; step++) straight.step(metrics[step]);
    const states = JSON.stringify([straight.stateDict(), whole.stateDict()]);

    const [scheduleState, optimizerState] = JSON.parse(states);
    const resumed = optimizerOf(spec.optimizer, [0.7, 0.3]);
    const schedule = scheduleOf(resumed, [spec.schedule, spec.options]);
    resumed.loadStateDict({ ...optimizerState, tensors: new Map() });
    schedule.loadStateDict(scheduleState);
    for (let step = saved; step < 24; step++) {
      expect(stateOf(resumed)).toEqual(stateOf(whole));
      expect(schedule.getLastLr()).toEqual(straight.getLastLr());
      straight.step(metrics[step]);
      schedule.step(metrics[step]);
    }
  });
});

test('every schedule that is exported is compared with PyTorch', () => {
  const compared = new Set(cases.map(({ schedule }) => schedule));
  const exported = Object.entries(optim).flatMap(([name, value]) =>
    value.prototype instanceof optim.LRScheduler ? [name] : [],
  );
  expect(exported.filter((name) => !compared.has(name))).toEqual([]);
});

describe('intervals', () => {
  test('are epochs, and batches where schedules are made for these', () => {
    const optimizer = optimizerOf('SGD');
    expect(new optim.StepLR(optimizer, 1).interval).toBe('epoch');
    expect(new optim.OneCycleLR(optimizer, 1, { totalSteps: 9 }).interval).toBe('batch');
    const linear = new optim.LinearLR(optimizer, { interval: 'batch' });
    expect(new optim.ChainedScheduler([linear]).interval).toBe('batch');
  });

  test('cannot be mixed', () => {
    const optimizer = optimizerOf('SGD');
    const perBatch = new optim.LinearLR(optimizer, { interval: 'batch' });
    const perEpoch = new optim.StepLR(optimizer, 1);
    expect(() => new optim.ChainedScheduler([perBatch, perEpoch])).toThrow(/one interval for all/);
  });
});

describe('what is refused', () => {
  const schedules: [string, (optimizer: optim.Optimizer) => unknown, RegExp][] = [
    ['a step size of 0', (o) => new optim.StepLR(o, 0), /StepLR: stepSize is 0/],
    ['a milestone between steps', (o) => new optim.MultiStepLR(o, [1.5]), /1.5/],
    ['a warm-up from 0', (o) => new optim.LinearLR(o, { startFactor: 0 }), /startFactor is 0/],
    ['a negative gamma', (o) => new optim.ExponentialLR(o, -1), /gamma is -1/],
    ['no steps of a cycle', (o) => new optim.OneCycleLR(o, 1, {}), /expected totalSteps, or/],
    [
      'rates of another number of groups',
      (o) => new optim.CyclicLR(o, [1], 1),
      /baseLr has 1 values, expected one, or one for each of 2 groups/,
    ],
    ['a factor of 1', (o) => new optim.ReduceLROnPlateau(o, { factor: 1 }), /factor is 1/],
    ['a metric that is missing', (o) => new optim.ReduceLROnPlateau(o).step(), /got undefined/],
    ['an interval', (o) => new optim.StepLR(o, 1, { interval: 'x' as 'batch' }), /is x/],
    ['no schedules', () => new optim.ChainedScheduler([]), /at least one/],
    [
      'too many milestones',
      (o) => {
        const schedulers = [new optim.ConstantLR(o)];
        return new optim.SequentialLR(o, schedulers, [1]);
      },
      /1 schedules and 1 milestones/,
    ],
    [
      'a plateau in a chain',
      (o) => new optim.ChainedScheduler([new optim.ReduceLROnPlateau(o)]),
      /needs a metric/,
    ],
    [
      "another optimiser's schedule",
      (o) => {
        const schedulers = [new optim.ConstantLR(optimizerOf('SGD'))];
        return new optim.SequentialLR(o, schedulers, []);
      },
      /belongs to another optimiser/,
    ],
    [
      'a rate that is no number',
      (o) => new optim.LambdaLR(o, () => Number.NaN),
      /the learning rate of step 0 is NaN/,
    ],
  ];
  test.each(schedules)('%s', (_, make, message) => {
    const optimizer = optimizerOf('SGD');
    expect(() => make(optimizer)).toThrow(ArgumentError);
    expect(() => make(optimizerOf('SGD'))).toThrow(message);
  });

  test('a cycle that is over', () => {
    const schedule = new optim.OneCycleLR(optimizerOf('SGD'), 1, { totalSteps: 2 });
    schedule.step();
    schedule.step();
    expect(() => schedule.step()).toThrow(/the cycle of 2 steps is over/);
  });

  test('groups that have come later', () => {
    const optimizer = optimizerOf('SGD');
    const schedule = new optim.ExponentialLR(optimizer, 0.5);
    optimizer.addParamGroup({ params: [tensor([1], { requiresGrad: true })] });
    expect(() => schedule.step()).toThrow(/3 groups now, the schedule was made for 2/);
  });
});

describe('states of other schedules are refused, and nothing is loaded', () => {
  const optimizer = optimizerOf('SGD');
  const schedule = new optim.ReduceLROnPlateau(optimizer);
  schedule.step(1);
  const good = schedule.stateDict();
  test.each<[string, object | null, RegExp]>([
    ['another class', { ...good, type: 'StepLR' }, /it is one of StepLR/],
    ['no object', null, /it is no object/],
    ['a step that is no count', { ...good, lastEpoch: -1 }, /lastEpoch is -1/],
    ['other groups', { ...good, baseLrs: [1] }, /baseLrs is 1, expected 2 finite numbers/],
    ['rates that are none', { ...good, lastLr: [1, null] }, /lastLr/],
    ['nothing of its own', { ...good, own: undefined }, /own is missing/],
    [
      'wrong values of its own',
      { ...good, own: { best: 'x', badEpochs: 0.5, cooldown: -1 } },
      /best is x[\s\S]*badEpochs is 0.5[\s\S]*cooldown is -1/,
    ],
  ])('%s', (_, state, message) => {
    const load = () => schedule.loadStateDict(state as optim.ScheduleState);
    expect(load).toThrow(CheckpointError);
    expect(load).toThrow(message);
    expect(schedule.stateDict()).toEqual(good);
  });

  test('a fault in a part of a sequence', () => {
    const parts = () => [new optim.ConstantLR(optimizer), new optim.ExponentialLR(optimizer, 0.5)];
    const sequence = new optim.SequentialLR(optimizer, parts(), [2]);
    const other = new optim.ChainedScheduler(parts()).stateDict();
    expect(() => sequence.loadStateDict({ ...other, type: 'SequentialLR', own: [] })).toThrow(
      /it has 0 schedules within, expected 2/,
    );
    const own = [sequence.stateDict(), sequence.stateDict()];
    expect(() => sequence.loadStateDict({ ...other, type: 'SequentialLR', own })).toThrow(
      /schedule 0: it is one of SequentialLR[\s\S]*schedule 1/,
    );
  });
});

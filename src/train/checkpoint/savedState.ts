import { CheckpointError } from '../../errors.js';
import { isJsonObject, type Json, type JsonObject } from '../../io/json.js';
import type { OptimizerState } from '../../optim/state.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { EpochRecord } from '../loop/history.js';
import type { PositionRecord } from '../loop/position.js';

function wrong(what: string, expected: string): CheckpointError {
  return new CheckpointError(`checkpoint: ${what} is not ${expected}`);
}

export function objectOf(value: Json | undefined, what: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw wrong(what, 'an object');
}

export function listOf(value: Json | undefined, what: string): readonly Json[] {
  if (Array.isArray(value)) return value;
  throw wrong(what, 'a list');
}

function numberOf(value: Json | undefined, what: string): number {
  if (typeof value === 'number') return value;
  throw wrong(what, 'a number');
}

function countOf(value: Json | undefined, what: string): number {
  const count = numberOf(value, what);
  if (Number.isSafeInteger(count) && count >= 0) return count;
  throw wrong(what, 'an integer ≥ 0');
}

function textOf(value: Json | undefined, what: string): string {
  if (typeof value === 'string') return value;
  throw wrong(what, 'text');
}

function numbersOf(value: Json | undefined, what: string): Record<string, number> {
  const numbers: Record<string, number> = {};
  for (const [name, item] of Object.entries(objectOf(value, what))) {
    numbers[name] = numberOf(item, `${what}.${name}`);
  }
  return numbers;
}

function numberListsOf(value: Json, what: string): Record<string, number[]> {
  const lists = Object.entries(objectOf(value, what)).map(([name, list]) => [
    name,
    listOf(list, `${name} of ${what}`).map((item) => numberOf(item, `a value of ${name}`)),
  ]);
  return Object.fromEntries(lists);
}

function recordOf(value: Json): EpochRecord {
  const record = objectOf(value, 'an epoch');
  return {
    epoch: countOf(record.epoch, 'the number of an epoch'),
    step: countOf(record.step, 'the step of an epoch'),
    values: numbersOf(record.values, 'the values of an epoch'),
    lr: numberOf(record.lr, 'the learning rate of an epoch'),
    seconds: numberOf(record.seconds, 'the seconds of an epoch'),
    samplesPerSecond: numberOf(record.samplesPerSecond, 'the speed of an epoch'),
  };
}

/** @throws CheckpointError that names the part that is not as it should be */
export function positionOf(value: Json | undefined): PositionRecord {
  const saved = objectOf(value, 'progression');
  const random = objectOf(saved.random, 'random');
  const { trained = null, stopReason = null } = saved;
  return {
    epochsDone: countOf(saved.epochsDone, 'epochsDone'),
    step: countOf(saved.step, 'step'),
    batch: countOf(saved.batch, 'batch'),
    samples: countOf(saved.samples, 'samples'),
    seconds: numberOf(saved.seconds, 'seconds'),
    trained: trained === null ? null : numbersOf(trained, 'trained'),
    stopReason: stopReason === null ? null : textOf(stopReason, 'stopReason'),
    random: {
      seed: countOf(random.seed, 'random.seed'),
      counter: countOf(random.counter, 'random.counter'),
    },
    epochs: listOf(saved.epochs, 'epochs').map(recordOf),
  };
}

/** @throws CheckpointError that names the part that is not as it should be */
export function optimizerStateOf(
  value: Json | undefined,
  name: string,
  tensors: ReadonlyMap<string, Tensor>,
): OptimizerState {
  const what = `optimizer ${name}`;
  const saved = objectOf(value, what);
  return {
    type: textOf(saved.type, `the type of ${what}`),
    groups: listOf(saved.groups, `the groups of ${what}`).map((item) => {
      const group = objectOf(item, `a group of ${what}`);
      const options = objectOf(group.options, `the options of ${what}`);
      return { options, count: countOf(group.count, `the size of a group of ${what}`) };
    }),
    steps: listOf(saved.steps, `the steps of ${what}`).map((step) =>
      countOf(step, `a step of ${what}`),
    ),
    ...(saved.numbers === undefined
      ? {}
      : { numbers: numberListsOf(saved.numbers, `the numbers of ${what}`) }),
    tensors,
  };
}

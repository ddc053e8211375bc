import { CheckpointError } from '../../errors.js';
import { isJsonObject, type Json, type JsonObject } from '../../io/json.js';
import { isCount } from '../../io/savedState.js';
import { inWords } from '../../options.js';
import type { EpochRecord } from '../loop/history.js';
import type { PositionRecord } from '../loop/position.js';

function wrong(what: string, value: Json | undefined, expected: string): CheckpointError {
  return new CheckpointError(`${what} is ${inWords(value)}, expected ${expected}`);
}

export function objectOf(value: Json | undefined, what: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw wrong(what, value, 'an object');
}

export function listOf(value: Json | undefined, what: string): readonly Json[] {
  if (Array.isArray(value)) return value;
  throw wrong(what, value, 'a list');
}

/** An object with these properties and no others. */
export function partsOf<K extends string>(
  value: Json | undefined,
  what: string,
  names: readonly K[],
): Readonly<Record<K, Json>> {
  const object = objectOf(value, what);
  const missing = names.filter((name) => !Object.hasOwn(object, name));
  if (missing.length > 0) throw new CheckpointError(`${what} lacks ${missing.join(', ')}`);
  const unexpected = Object.keys(object).filter((name) => !names.some((known) => known === name));
  if (unexpected.length > 0) {
    throw new CheckpointError(`${what} has parts that are unexpected: ${unexpected.join(', ')}`);
  }
  return object as Readonly<Record<K, Json>>;
}

function numberOf(value: Json | undefined, what: string): number {
  if (typeof value === 'number') return value;
  throw wrong(what, value, 'a number');
}

function secondsOf(value: Json | undefined, what: string): number {
  if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return value;
  throw wrong(what, value, 'a finite number ≥ 0');
}

function countOf(value: Json | undefined, what: string): number {
  if (isCount(value)) return value;
  throw wrong(what, value, 'an integer from 0 to 2^52');
}

function seedOf(value: Json | undefined): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw wrong('random.seed', value, 'an integer from 0 to 2^53 − 1');
}

/** Values of an epoch, in which those that every epoch of the run has must not be missing. */
function valuesOf(
  value: Json | undefined,
  what: string,
  expected: readonly string[],
): Record<string, number> {
  const object = objectOf(value, what);
  for (const name of expected) {
    if (!Object.hasOwn(object, name)) throw new CheckpointError(`${what} lack ${name}`);
  }
  return Object.fromEntries(
    Object.entries(object).map(([name, item]) => [name, numberOf(item, `${name} of ${what}`)]),
  );
}

const EPOCH = ['epoch', 'step', 'values', 'lr', 'seconds', 'samplesPerSecond'] as const;

function recordOf(value: Json, index: number, expected: readonly string[]): EpochRecord {
  const what = `epoch ${index + 1}`;
  const record = partsOf(value, what, EPOCH);
  return {
    epoch: countOf(record.epoch, `the number of ${what}`),
    step: countOf(record.step, `the step of ${what}`),
    values: valuesOf(record.values, `the values of ${what}`, expected),
    lr: numberOf(record.lr, `the learning rate of ${what}`),
    seconds: secondsOf(record.seconds, `the seconds of ${what}`),
    samplesPerSecond: numberOf(record.samplesPerSecond, `the speed of ${what}`),
  };
}

const POSITION = [
  'epochsDone',
  'step',
  'batch',
  'samples',
  'seconds',
  'trained',
  'stopReason',
  'random',
  'epochs',
] as const;

/** What a place has to fit. */
export interface PlaceOptions {
  /** Names of the values that each epoch of the run has. */
  readonly values: readonly string[];
  /** Batches of an epoch, where that is known. */
  readonly batches: number | undefined;
}

/**
 * The place of a run.
 * @throws CheckpointError that names what is not as it should be
 */
export function positionOf(value: Json | undefined, options: PlaceOptions): PositionRecord {
  const saved = partsOf(value, 'progression', POSITION);
  const random = partsOf(saved.random, 'random', ['seed', 'counter']);
  const { trained, stopReason } = saved;
  if (stopReason !== null && typeof stopReason !== 'string') {
    throw wrong('stopReason', stopReason, 'text or null');
  }
  const record: PositionRecord = {
    epochsDone: countOf(saved.epochsDone, 'epochsDone'),
    step: countOf(saved.step, 'step'),
    batch: countOf(saved.batch, 'batch'),
    samples: countOf(saved.samples, 'samples'),
    seconds: secondsOf(saved.seconds, 'seconds'),
    trained: trained === null ? null : valuesOf(trained, 'the values trained', options.values),
    stopReason,
    random: { seed: seedOf(random.seed), counter: countOf(random.counter, 'random.counter') },
    epochs: listOf(saved.epochs, 'epochs').map((item, i) => recordOf(item, i, options.values)),
  };
  const fault = placeFault(record, options.batches);
  if (fault !== null) throw new CheckpointError(fault);
  return record;
}

/** What of a place contradicts the rest of it; null if nothing does. */
function placeFault(record: PositionRecord, batches: number | undefined): string | null {
  const { epochsDone, epochs, step, batch, samples, trained } = record;
  if (epochs.length !== epochsDone) {
    return `there are records of ${epochs.length} epochs, expected ${epochsDone}, as epochsDone says`;
  }
  let last = 0;
  for (const [i, epoch] of epochs.entries()) {
    if (epoch.epoch !== i + 1) return `epoch ${i + 1} has the number ${epoch.epoch}`;
    if (epoch.step < last || epoch.step > step) {
      return `epoch ${i + 1} ends at step ${epoch.step}, expected one from ${last} to ${step}`;
    }
    last = epoch.step;
  }
  if (batch === 0) {
    if (step !== last) return `step is ${step}, but the last epoch ended at ${last}`;
    if (samples !== 0) return `there are ${samples} samples of no batches`;
    return trained === null ? null : 'there are values trained on no batches';
  }
  if (step > last + batch) return `there are ${step - last} steps in ${batch} batches`;
  if (batches !== undefined && batch > batches) {
    return `${batch} batches of the epoch are done, of ${batches}`;
  }
  return null;
}

import { DataLoader } from '../../data/loader.js';
import { CheckpointError } from '../../errors.js';
import { isJsonObject, type Json, type JsonObject } from '../../io/json.js';
import { reading, unexpectedIn } from '../../io/savedState.js';
import { matchState } from '../../nn/state.js';
import { clone, copyFrom, tensor } from '../../ops/creation.js';
import type { Optimizer } from '../../optim/optimizer.js';
import { LRScheduler } from '../../optim/schedule.js';
import { runInContext } from '../../tensor/scope.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { ResumedRun } from '../loop/callback.js';
import type { TrainingData } from '../loop/data.js';
import type { PositionRecord } from '../loop/position.js';
import type { RunParts } from '../loop/runParts.js';
import type { Scheduler } from '../loop/schedule.js';
import { rememberingCallbacks, stateOf } from './capture.js';
import type { Checkpoint } from './checkpointFile.js';
import { type Part, partOf, restoreAll } from './parts.js';
import { listOf, objectOf, partsOf, positionOf } from './savedState.js';

// A checkpoint is loaded in two phases. Every part of the run checks what the checkpoint says of it, against the running
// program, and prepares all that it needs to take it over. Once the last part is found right, they do, and nothing in
// that can fail. Parts of the user's own that know one way only, loadStateDict, come between: they are put back to what
// they were if one of them refuses.

/**
 * Puts a run where a checkpoint was taken: all of it or, if anything does not fit, nothing.
 * @param name of the file, for messages
 * @throws CheckpointError that names the part, what it is and what was expected
 */
export function restore<B, O, T>(
  parts: RunParts<B, O, T>,
  { state, tensors: entries }: Checkpoint,
  name: string,
): void {
  runInContext(false, () => {
    try {
      const tensors = new TensorsByPart(tensorsOf(entries));
      restoreAll(() => allParts(parts, state, tensors));
    } catch (cause) {
      if (!(cause instanceof CheckpointError)) throw cause;
      throw new CheckpointError(`${name}: cannot go on from this checkpoint: ${cause.message}`, {
        cause,
      });
    }
  });
}

function tensorsOf(entries: Checkpoint['tensors']): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const [name, { data, shape, dtype }] of entries) {
    tensors.set(name, tensor(data, { shape, dtype }));
  }
  return tensors;
}

/** Dots in the name of a part. */
const MOST_DOTS = 64;

/** The tensors of a checkpoint, each of which belongs to one part. */
class TensorsByPart {
  readonly #all: ReadonlyMap<string, Tensor>;
  readonly #left: Set<string>;

  constructor(all: ReadonlyMap<string, Tensor>) {
    this.#all = all;
    this.#left = new Set(all.keys());
  }

  /** Those of several parts of a kind. Where a part's name begins another's, a tensor belongs to the longer one. */
  takeEach(kind: string, names: readonly string[]): Map<string, Map<string, Tensor>> {
    const taken = new Map(names.map((name) => [name, new Map<string, Tensor>()]));
    for (const [name, value] of this.take(kind)) {
      let end = -1;
      let dot = name.indexOf('.');
      for (let i = 0; i < MOST_DOTS && dot >= 0; i++) {
        if (taken.has(name.slice(0, dot))) end = dot;
        dot = name.indexOf('.', dot + 1);
      }
      if (end < 0) this.#left.add(`${kind}.${name}`);
      else taken.get(name.slice(0, end))?.set(name.slice(end + 1), value);
    }
    return taken;
  }

  /** The tensors whose names begin with a prefix, by the rest of their names. */
  take(prefix: string): Map<string, Tensor> {
    const found = new Map<string, Tensor>();
    for (const [name, value] of this.#all) {
      if (!name.startsWith(`${prefix}.`) || !this.#left.delete(name)) continue;
      found.set(name.slice(prefix.length + 1), value);
    }
    return found;
  }

  /** @throws CheckpointError unless each has a part that it belongs to */
  checkAllTaken(): void {
    if (this.#left.size === 0) return;
    const names = [...this.#left].join(', ');
    throw new CheckpointError(`it has tensors that belong to no part of it: ${names}`);
  }
}

const STATE = [
  'progression',
  'optimizers',
  'schedules',
  'data',
  'validation',
  'tally',
  'callbacks',
] as const;

function allParts<B, O, T>(run: RunParts<B, O, T>, state: Json, tensors: TensorsByPart): Part[] {
  const { model, data, validation, tally, position } = run;
  const weights = tensors.take('model');
  // The model first: what it says about a checkpoint of another one is the clearest.
  const own = { tensors: model.stateDict(), optional: new Set<string>() };
  const { copies } = matchState(model.constructor.name, own, weights, {}, true);
  const saved = partsOf(state, 'the state', STATE);
  const counted = tallyParts(run, objectOf(saved.tally, 'tally'));
  const place = positionOf(saved.progression, {
    values: ['loss', ...tally.metrics.keys()],
    batches: data.length,
  });
  const isOpen = place.batch > 0 && place.trained === null;
  if (isOpen && !Object.hasOwn(objectOf(objectOf(saved.tally, 'tally').sums, 'the sums'), 'loss')) {
    throw new CheckpointError('tally: the sums of the epoch under way lack loss');
  }
  const all: Part[] = [
    { name: 'progression', prepare: () => () => position.restore(place) },
    ...optimizerParts(run.optimizers, objectOf(saved.optimizers, 'optimizers'), tensors),
    // After the optimisers, whose learning rates making a schedule has changed.
    ...scheduleParts(run, listOf(saved.schedules, 'schedules'), place),
    ...dataParts('data', data, saved.data, place.trained === null ? place.batch : 0),
    // One that was added since starts from its beginning.
    ...(validation === null || saved.validation === null
      ? []
      : dataParts('validation', validation, saved.validation, 0)),
    ...counted,
    ...callbackParts(run, objectOf(saved.callbacks, 'callbacks'), tensors, place),
    {
      name: 'model',
      prepare: () => () => {
        for (const [target, value] of copies) copyFrom(target, value);
      },
    },
  ];
  tensors.checkAllTaken();
  return all;
}

function optimizerParts(
  optimizers: ReadonlyMap<string, Optimizer>,
  saved: JsonObject,
  tensors: TensorsByPart,
): Part[] {
  const [own, found] = [[...optimizers.keys()].join(', '), Object.keys(saved).join(', ')];
  if (own !== found) {
    throw new CheckpointError(`it has the optimizers ${found}, this run ${own}`);
  }
  const kept = tensors.takeEach('optimizer', [...optimizers.keys()]);
  return Array.from(optimizers, ([name, optimizer]) => {
    const values = objectOf(saved[name], `optimizer ${name}`);
    const state = { ...values, tensors: kept.get(name) };
    return partOf(`optimizer ${name}`, optimizer, state, () => {
      const before = optimizer.stateDict();
      return { ...before, tensors: copiesOf(before.tensors) };
    });
  });
}

function copiesOf(own: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  return new Map(Array.from(own, ([name, value]) => [name, clone(value)]));
}

function scheduleParts<B, O, T>(
  run: RunParts<B, O, T>,
  saved: readonly Json[],
  place: PositionRecord,
): Part[] {
  const { schedules } = run;
  if (saved.length !== schedules.length) {
    throw new CheckpointError(`it has ${saved.length} schedules, this run ${schedules.length}`);
  }
  return schedules.map((schedule, i) => {
    const state = objectOf(saved[i], `schedule ${i}`);
    const part = partOf(`schedule ${i}`, schedule, state, () => schedule.stateDict());
    return checkedBefore(part, () => checkSteps(run, schedule, state, place));
  });
}

/** The part, where a check of what the checkpoint says beside it comes first. */
function checkedBefore(part: Part, check: () => void): Part {
  if ('prepare' in part) {
    const { prepare } = part;
    return {
      ...part,
      prepare: () => {
        const take = prepare();
        check();
        return take;
      },
    };
  }
  return part;
}

/** Steps of a schedule that a run has still to make; 0 where that is not known. */
function stepsToCome<B, O, T>(
  { data, epochs, accumulate }: RunParts<B, O, T>,
  isByBatch: boolean,
  { epochsDone, step, stopReason, epochs: records }: PositionRecord,
): number {
  const left = epochs - epochsDone;
  if (left <= 0 || stopReason !== null) return 0;
  if (!isByBatch) return left;
  const inEpoch = step - (records.at(-1)?.step ?? 0);
  return data.length === undefined ? 0 : left * Math.ceil(data.length / accumulate) - inEpoch;
}

/** @throws CheckpointError if a schedule has made fewer steps than the run, or has fewer left */
function checkSteps<B, O, T>(
  run: RunParts<B, O, T>,
  schedule: Scheduler,
  state: JsonObject,
  place: PositionRecord,
): void {
  if (!(schedule instanceof LRScheduler)) return;
  const isByBatch = schedule.interval === 'batch';
  const [lastEpoch, steps] = [Number(state.lastEpoch), isByBatch ? place.step : place.epochsDone];
  if (lastEpoch < steps) {
    throw new CheckpointError(`lastEpoch is ${lastEpoch}, expected at least ${steps}`);
  }
  const [left, toCome] = [
    schedule.stepsLeft(lastEpoch, state.own),
    stepsToCome(run, isByBatch, place),
  ];
  if (left < toCome) {
    throw new CheckpointError(`it has ${left} steps left, and the run has ${toCome} to come`);
  }
}

/** Data that know where they are. */
function dataParts<B>(name: string, data: TrainingData<B>, saved: Json, position: number): Part[] {
  const now = reading(name, () => data.stateDict?.() ?? null);
  if ((saved === null) !== (now === null)) {
    const [found, own] = saved === null ? ['do not say', 'do'] : ['say', 'do not'];
    throw new CheckpointError(
      `${name}: its data ${found} where they are, those of this run ${own}`,
    );
  }
  if (saved === null || data.loadStateDict === undefined) return [];
  const part = partOf(name, data, saved, () => now ?? saved);
  return [
    checkedBefore(part, () => {
      const at = isJsonObject(saved) ? saved.position : undefined;
      if (!(data instanceof DataLoader) || at === position) return;
      throw new CheckpointError(`position is ${Number(at)}, expected ${position}`);
    }),
  ];
}

function tallyParts<B, O, T>({ tally }: RunParts<B, O, T>, saved: JsonObject): Part[] {
  const states = isJsonObject(saved.metrics) ? saved.metrics : {};
  const take = tally.prepareStateDict(saved);
  return [
    { name: 'tally', prepare: () => take },
    ...Array.from(tally.metrics, ([name, metric]) => {
      const state = states[name] ?? null;
      const part = partOf(`metric ${name}`, metric, state, () => metric.stateDict());
      return checkedBefore(part, () => {
        const expected = Object.keys(Object(metric.stateDict()));
        const extra = unexpectedIn('the state', Object(state), expected);
        if (extra.length > 0) throw new CheckpointError(extra.join(', '));
      });
    }),
  ];
}

function callbackParts<B, O, T>(
  { callbacks, model, optimizers }: RunParts<B, O, T>,
  saved: JsonObject,
  tensors: TensorsByPart,
  { step, epochsDone }: PositionRecord,
): Part[] {
  const run: ResumedRun = { model, optimizers, step, epochs: epochsDone };
  const named = rememberingCallbacks(callbacks);
  const parts: Part[] = [];
  const taken = tensors.takeEach('callback', Object.keys(saved));
  for (const [name, value] of Object.entries(saved)) {
    const values = objectOf(value, `callback ${name}`);
    const kept = taken.get(name) ?? new Map<string, Tensor>();
    const callback = named.get(name);
    // One that is no longer there.
    if (callback === undefined) continue;
    const now = reading(`callback ${name}`, () => stateOf(callback));
    if (kept.size > 0 && now.tensors === undefined) {
      throw new CheckpointError(`callback ${name}: it has tensors, expected none`);
    }
    const before = (): object => ({ ...now, tensors: copiesOf(now.tensors ?? new Map()) });
    parts.push(partOf(`callback ${name}`, callback, { values, tensors: kept }, before, run));
  }
  return parts;
}

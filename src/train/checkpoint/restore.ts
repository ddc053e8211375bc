import { CheckpointError } from '../../errors.js';
import type { Json, JsonObject } from '../../io/json.js';
import { matchState } from '../../nn/state.js';
import { clone, tensor } from '../../ops/creation.js';
import type { Optimizer } from '../../optim/optimizer.js';
import { runInContext } from '../../tensor/scope.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { Callback } from '../loop/callback.js';
import type { TrainingData } from '../loop/data.js';
import type { RunParts } from '../loop/runParts.js';
import type { Scheduler } from '../loop/schedule.js';
import { rememberingCallbacks, stateOf } from './capture.js';
import type { Checkpoint } from './checkpointFile.js';
import { listOf, objectOf, optimizerStateOf, positionOf } from './savedState.js';

/** The tensors whose names begin with a prefix, by the rest of their names. */
function under(prefix: string, all: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const found = new Map<string, Tensor>();
  for (const [name, tensor] of all) {
    if (name.startsWith(`${prefix}.`)) found.set(name.slice(prefix.length + 1), tensor);
  }
  return found;
}

/** A part that can be loaded, and put back to what it was. */
interface Loadable {
  readonly load: () => void;
  readonly undo: () => void;
}

function optimizerParts(
  optimizers: ReadonlyMap<string, Optimizer>,
  saved: JsonObject,
  tensors: ReadonlyMap<string, Tensor>,
  copyOf: (tensors: ReadonlyMap<string, Tensor>) => Map<string, Tensor>,
): Loadable[] {
  const [own, found] = [[...optimizers.keys()].join(', '), Object.keys(saved).join(', ')];
  if (own !== found) {
    throw new CheckpointError(`checkpoint: it has the optimizers ${found}, this run ${own}`);
  }
  return Array.from(optimizers, ([name, optimizer]) => {
    const state = optimizerStateOf(saved[name], name, under(`optimizer.${name}`, tensors));
    const before = optimizer.stateDict();
    const kept = { ...before, tensors: copyOf(before.tensors) };
    return {
      load: () => optimizer.loadStateDict(state),
      undo: () => optimizer.loadStateDict(kept),
    };
  });
}

function scheduleParts(schedules: readonly Scheduler[], saved: readonly Json[]): Loadable[] {
  if (saved.length !== schedules.length) {
    throw new CheckpointError(
      `checkpoint: it has ${saved.length} schedules, this run ${schedules.length}`,
    );
  }
  return schedules.map((schedule, i) => {
    const state = objectOf(saved[i], `schedule ${i}`);
    const before = schedule.stateDict();
    return {
      load: () => schedule.loadStateDict(state),
      undo: () => schedule.loadStateDict(before),
    };
  });
}

/** Data that know where they are; those that were saved without knowing start anew. */
function dataParts<B>(data: TrainingData<B> | null, saved: Json | undefined): Loadable[] {
  const before = data?.stateDict?.();
  if (saved === undefined || saved === null || before === undefined) return [];
  return [
    {
      load: () => data?.loadStateDict?.(saved),
      undo: () => data?.loadStateDict?.(before),
    },
  ];
}

function callbackParts(
  callbacks: readonly Callback[],
  saved: JsonObject,
  tensors: ReadonlyMap<string, Tensor>,
  copyOf: (tensors: ReadonlyMap<string, Tensor>) => Map<string, Tensor>,
): Loadable[] {
  const parts: Loadable[] = [];
  for (const [name, callback] of rememberingCallbacks(callbacks)) {
    // One that was added since starts from its beginning.
    if (!Object.hasOwn(saved, name)) continue;
    const values = objectOf(saved[name], `callback ${name}`);
    const state = { values, tensors: under(`callback.${name}`, tensors) };
    const before = stateOf(callback);
    const kept = { ...before, tensors: copyOf(before.tensors ?? new Map()) };
    parts.push({
      load: () => callback.loadStateDict?.(state),
      undo: () => callback.loadStateDict?.(kept),
    });
  }
  return parts;
}

/** Loads all parts or, if one does not fit, none. */
function loadAll(parts: readonly Loadable[]): void {
  const loaded: Loadable[] = [];
  try {
    for (const part of parts) {
      part.load();
      loaded.push(part);
    }
  } catch (error) {
    for (const part of loaded.reverse()) part.undo();
    throw error;
  }
}

/**
 * Puts a run where a checkpoint was taken: all of it or, if anything does not fit, nothing.
 * @param name of the file, for messages
 * @throws CheckpointError that says what differs
 */
export function restore<B, O, T>(
  parts: RunParts<B, O, T>,
  { state, tensors: entries }: Checkpoint,
  name: string,
): void {
  runInContext(false, () => {
    try {
      restoreParts(parts, objectOf(state, 'the state'), tensorsOf(entries));
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

function restoreParts<B, O, T>(
  { model, data, validation, optimizers, schedules, callbacks, tally, position }: RunParts<B, O, T>,
  state: JsonObject,
  tensors: ReadonlyMap<string, Tensor>,
): void {
  const weights = under('model', tensors);
  // The model first: what it says about a checkpoint of another one is the clearest.
  matchState(model.constructor.name, model.stateDict(), weights);
  const place = positionOf(state.progression);
  const placeBefore = position.record();
  const copyOf = (own: ReadonlyMap<string, Tensor>): Map<string, Tensor> =>
    new Map(Array.from(own, ([name, tensor]) => [name, clone(tensor)]));
  const tallyBefore = tally.stateDict();
  loadAll([
    { load: () => position.restore(place), undo: () => position.restore(placeBefore) },
    ...optimizerParts(optimizers, objectOf(state.optimizers, 'optimizers'), tensors, copyOf),
    // After the optimisers, whose learning rates making a schedule has changed.
    ...scheduleParts(schedules, listOf(state.schedules, 'schedules')),
    ...dataParts(data, state.data),
    ...dataParts(validation, state.validation),
    {
      load: () => tally.loadStateDict(state.tally),
      undo: () => tally.loadStateDict(tallyBefore),
    },
    ...callbackParts(callbacks, objectOf(state.callbacks, 'callbacks'), tensors, copyOf),
    { load: () => void model.loadStateDict(weights), undo: () => {} },
  ]);
}

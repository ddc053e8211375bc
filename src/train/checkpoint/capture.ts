import type { Tensor } from '../../tensor/tensor.js';
import type { Callback, CallbackState } from '../loop/callback.js';
import type { RunParts } from '../loop/runParts.js';
import { encodeCheckpoint, writeCheckpoint } from './checkpointFile.js';

/** Callbacks that remember something, by the names that checkpoints know them by. */
export function rememberingCallbacks(callbacks: readonly Callback[]): Map<string, Callback> {
  const named = new Map<string, Callback>();
  for (const callback of callbacks) {
    if (callback.stateDict === undefined) continue;
    const base = callback.name ?? callback.constructor.name;
    let name = base;
    for (let i = 2; named.has(name); i++) name = `${base}#${i}`;
    named.set(name, callback);
  }
  return named;
}

/** What a callback remembers now. */
export function stateOf(callback: Callback): CallbackState {
  return callback.stateDict?.() ?? {};
}

/** Takes a snapshot of a run, and returns what writes it to a file: in one piece or not at all. */
export async function capture<B, O, T>({
  model,
  data,
  validation,
  optimizers,
  schedules,
  callbacks,
  tally,
  position,
}: RunParts<B, O, T>): Promise<(path: string) => Promise<void>> {
  const tensors = new Map<string, Tensor>();
  const gather = (prefix: string, of: ReadonlyMap<string, Tensor> | undefined): void => {
    for (const [name, tensor] of of ?? []) tensors.set(`${prefix}.${name}`, tensor);
  };
  gather('model', model.stateDict());
  const rules: Record<string, object> = {};
  for (const [name, optimizer] of optimizers) {
    const { tensors: kept, ...rest } = optimizer.stateDict();
    gather(`optimizer.${name}`, kept);
    rules[name] = rest;
  }
  const remembered: Record<string, object> = {};
  for (const [name, callback] of rememberingCallbacks(callbacks)) {
    const { values, tensors: kept } = stateOf(callback);
    gather(`callback.${name}`, kept);
    remembered[name] = values ?? {};
  }
  const state = {
    progression: position.record(),
    optimizers: rules,
    schedules: schedules.map((schedule) => schedule.stateDict()),
    data: data.stateDict?.() ?? null,
    validation: validation?.stateDict?.() ?? null,
    tally: tally.stateDict(),
    callbacks: remembered,
  };
  const pieces = await encodeCheckpoint(state, tensors);
  return (path) => writeCheckpoint(path, pieces);
}

import { shown } from '../arguments.js';
import { copyFrom, zerosLike } from '../ops/creation.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import type { ParamState } from './batch.js';

/**
 * All that an optimiser remembers: with it and the parameters, training goes on as if it had not stopped. All
 * but `tensors` is plain JSON.
 */
export interface OptimizerState {
  /** The class, such as 'SGD'. */
  readonly type: string;
  readonly groups: readonly {
    readonly options: Readonly<Record<string, unknown>>;
    /** How many parameters it has. */
    readonly count: number;
  }[];
  /** Updates of each parameter so far, in the order of the groups. */
  readonly steps: readonly number[];
  /** Other numbers that the class keeps, one a parameter, by PyTorch's names. */
  readonly numbers?: Readonly<Record<string, readonly number[]>>;
  /** Tensors by index of their parameter and PyTorch's name: `3.exp_avg`. Live, not copies. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** A parameter, and what its group's options ask for: names of tensors, and numbers with their first values. */
export interface ParamSlot {
  readonly param: Tensor;
  readonly plan: {
    readonly states: readonly string[];
    readonly numbers?: Readonly<Record<string, number>>;
  };
}

/** Why a saved tensor cannot take the place of one like `param`; null if it can. */
export function misfit(param: Tensor, tensor: unknown): string | null {
  if (!(tensor instanceof Tensor)) return 'is no Tensor';
  if (tensor.isDisposed) return 'was disposed of';
  if (!sameShape(tensor.shape, param.shape)) {
    return `is ${formatShape(tensor.shape)}, expected ${formatShape(param.shape)}`;
  }
  return tensor.dtype === param.dtype ? null : `is ${tensor.dtype}, expected ${param.dtype}`;
}

/** What is wrong with the steps and tensors of a saved state, all of it. */
export function stateFaults(slots: readonly ParamSlot[], saved: OptimizerState): string[] {
  const faults: string[] = [];
  if (saved.steps.length !== slots.length) {
    faults.push(`it counts steps of ${saved.steps.length} parameters, expected ${slots.length}`);
  }
  const expected = new Set<string>();
  for (const [i, { param, plan }] of slots.entries()) {
    const step = saved.steps[i];
    if (!Number.isSafeInteger(step) || Number(step) < 0)
      faults.push(`steps[${i}] is ${step}, expected a count`);
    for (const name of Object.keys(plan.numbers ?? {})) {
      const value = saved.numbers?.[name]?.[i];
      if (!Number.isFinite(value)) faults.push(`${name}[${i}] is ${value}, expected a number`);
    }
    for (const name of plan.states) {
      const key = `${i}.${name}`;
      expected.add(key);
      const tensor = saved.tensors.get(key);
      if (tensor !== undefined) {
        const problem = misfit(param, tensor);
        if (problem !== null) faults.push(`${key} ${problem}`);
      } else if (step !== 0) faults.push(`${key} is missing`);
    }
  }
  for (const key of saved.tensors.keys())
    if (!expected.has(key)) faults.push(`${key} is unexpected`);
  return faults;
}

/** Copies of a parameter's saved state, in the parameter's layout. */
export function restored(
  { param, plan }: ParamSlot,
  index: number,
  saved: OptimizerState,
): ParamState {
  const tensors = new Map<string, Tensor>();
  for (const name of plan.states) {
    const source = saved.tensors.get(`${index}.${name}`);
    if (source === undefined) continue;
    const own = zerosLike(param).keep();
    copyFrom(own, source);
    tensors.set(name, own);
  }
  const numbers = new Map<string, number>();
  for (const [name, first] of Object.entries(plan.numbers ?? {})) {
    numbers.set(name, saved.numbers?.[name]?.[index] ?? first);
  }
  return { step: saved.steps[index] ?? 0, numbers, tensors, seen: null };
}

/** True if a saved option may take the place of the present one. */
function isLike(present: unknown, saved: unknown): boolean {
  if (!Array.isArray(present)) return typeof saved === typeof present;
  return (
    Array.isArray(saved) &&
    saved.length === present.length &&
    saved.every((item, i) => isLike(present[i], item))
  );
}

/** What is wrong with the saved options of a group, all of it. */
export function optionFaults(
  names: readonly string[],
  present: object,
  saved: unknown,
  group: number,
): string[] {
  if (typeof saved !== 'object' || saved === null) return [`group ${group} has no options`];
  const before = new Map<string, unknown>(Object.entries(present));
  const after = new Map<string, unknown>(Object.entries(saved));
  const faults: string[] = [];
  for (const name of names) {
    const value = after.get(name);
    if (!isLike(before.get(name), value)) {
      faults.push(
        `${name} of group ${group} is ${shown(value)}, expected the like of ${shown(before.get(name))}`,
      );
    }
  }
  for (const name of after.keys()) {
    if (!names.includes(name)) faults.push(`${name} of group ${group} is unexpected`);
  }
  return faults;
}

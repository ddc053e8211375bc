import { isJsonObject, type Json, type JsonObject } from '../io/json.js';
import {
  fieldsOf,
  isCount,
  misfit,
  namedOf,
  noStateOf,
  plainCopy,
  unexpectedIn,
} from '../io/savedState.js';
import { copyFrom, zerosLike } from '../ops/creation.js';
import { inWords } from '../options.js';
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

/** A state as it was given, all of it read, and every part of the type that it should have. */
export interface ReadState {
  readonly groups: readonly { readonly options: JsonObject; readonly count: number }[];
  readonly steps: readonly number[];
  readonly numbers: ReadonlyMap<string, readonly number[]>;
  readonly tensors: ReadonlyMap<string, unknown>;
}

function listOf(owner: string, what: string, value: Json | undefined): readonly Json[] {
  if (Array.isArray(value)) return value;
  throw noStateOf(owner, [`${what}: ${inWords(value)}, expected a list`]);
}

function countsOf(owner: string, what: string, value: Json | undefined): number[] {
  return listOf(owner, what, value).map((item, i) => {
    if (isCount(item)) return item;
    throw noStateOf(owner, [`${what}[${i}] is ${inWords(item)}, expected a count`]);
  });
}

function numbersOf(owner: string, what: string, value: Json): number[] {
  return listOf(owner, what, value).map((item, i) => {
    if (typeof item === 'number' && Number.isFinite(item)) return item;
    throw noStateOf(owner, [`${what}[${i}] is ${inWords(item)}, expected a number`]);
  });
}

const STATE_NAMES = ['type', 'groups', 'steps', 'numbers', 'tensors'] as const;

/**
 * Reads a state of a class, whatever was given as one.
 * @throws CheckpointError for parts that are missing, or of another type
 */
export function readState(name: string, saved: unknown): ReadState {
  const owner = `this ${name}`;
  const fields = fieldsOf(owner, saved, STATE_NAMES);
  if (fields.type !== name) throw noStateOf(owner, [`it is one of ${inWords(fields.type)}`]);
  const extra = unexpectedIn('the state', Object(saved), STATE_NAMES);
  const groups = listOf(owner, 'groups', plainCopy(owner, 'groups', fields.groups)).map(
    (item, i) => {
      const { options, count } = isJsonObject(item) ? item : {};
      if (!isCount(count)) throw noStateOf(owner, [`the size of group ${i} is ${inWords(count)}`]);
      if (!isJsonObject(options)) throw noStateOf(owner, [`group ${i} has no options`]);
      for (const fault of unexpectedIn(`group ${i}`, Object(item), ['options', 'count']))
        extra.push(fault);
      return { options, count };
    },
  );
  if (extra.length > 0) throw noStateOf(owner, extra);
  const numbers = plainCopy(owner, 'numbers', fields.numbers ?? {});
  if (!isJsonObject(numbers)) throw noStateOf(owner, ['numbers is no object']);
  return {
    groups,
    steps: countsOf(owner, 'steps', plainCopy(owner, 'steps', fields.steps)),
    numbers: new Map(
      Object.entries(numbers).map(([key, list]) => [key, numbersOf(owner, key, list)]),
    ),
    tensors: namedOf(owner, 'tensors', fields.tensors),
  };
}

/** What is wrong with the steps, numbers and tensors of a saved state, all of it. */
export function stateFaults(slots: readonly ParamSlot[], saved: ReadState): string[] {
  const faults: string[] = [];
  const count = slots.length;
  if (saved.steps.length !== count) {
    faults.push(`it counts steps of ${saved.steps.length} parameters, expected ${count}`);
  }
  const numbers = new Set(slots.flatMap(({ plan }) => Object.keys(plan.numbers ?? {})));
  for (const name of numbers) {
    const found = saved.numbers.get(name)?.length;
    const own = slots.filter(({ plan }) => plan.numbers?.[name] !== undefined).length;
    if (found !== own) faults.push(`${name} has ${found ?? 'no'} numbers, expected ${own}`);
  }
  for (const name of saved.numbers.keys()) {
    if (!numbers.has(name)) faults.push(`${name} is unexpected`);
  }
  const expected = new Set<string>();
  for (const [i, { param, plan }] of slots.entries()) {
    for (const name of plan.states) {
      const key = `${i}.${name}`;
      expected.add(key);
      const tensor = saved.tensors.get(key);
      if (tensor !== undefined) {
        const problem = misfit(param, tensor, true);
        if (problem !== null) faults.push(`${key} ${problem}`);
      } else if (saved.steps[i] !== 0) faults.push(`${key} is missing`);
    }
  }
  for (const key of saved.tensors.keys())
    if (!expected.has(key)) faults.push(`${key} is unexpected`);
  return faults;
}

/** Copies of a parameter's saved state, in the parameter's layout. The caller keeps them. */
export function restored({ param, plan }: ParamSlot, index: number, saved: ReadState): ParamState {
  const tensors = new Map<string, Tensor>();
  for (const name of plan.states) {
    const source = saved.tensors.get(`${index}.${name}`);
    if (!(source instanceof Tensor)) continue;
    const own = zerosLike(param);
    copyFrom(own, source);
    tensors.set(name, own);
  }
  const numbers = new Map<string, number>();
  for (const [name, first] of Object.entries(plan.numbers ?? {})) {
    numbers.set(name, saved.numbers.get(name)?.[index] ?? first);
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
  saved: JsonObject,
  group: number,
): string[] {
  const before = new Map<string, unknown>(Object.entries(present));
  const after = new Map<string, unknown>(Object.entries(saved));
  const faults: string[] = [];
  for (const name of names) {
    const value = after.get(name);
    if (!isLike(before.get(name), value)) {
      faults.push(
        `${name} of group ${group} is ${inWords(value)}, expected the like of ${String(before.get(name))}`,
      );
    }
  }
  for (const name of after.keys()) {
    if (!names.includes(name)) faults.push(`${name} of group ${group} is unexpected`);
  }
  return faults;
}

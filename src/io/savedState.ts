import { isMap } from 'node:util/types';
import { AxonodeError, CheckpointError } from '../errors.js';
import { inWords } from '../options.js';
import { isError } from '../realm.js';
import { isFloat } from '../tensor/dtype.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import type { Json } from './json.js';

// What saved states are read with. A state may be anything: a file's, or an object whose getters throw or say another
// thing each time. So it is read once, into a plain copy, and the copy is checked before anything changes.

/** The most that a counter may say, far enough from 2⁵³, where counting by ones ends. */
export const MOST_COUNT: number = 2 ** 52;
/** The largest learning rate; a schedule that raises it further does not reach infinity. */
export const MOST_RATE: number = 2 ** 100;
/** Levels of lists and objects in a state, and entries of one of them. */
const MOST_LEVELS = 64;
const MOST_ITEMS = 2 ** 26;

/** True for a count that a run can go on from. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= MOST_COUNT;
}

function reasonOf(cause: unknown): string {
  try {
    return isError(cause) ? String(cause.message) : inWords(cause);
  } catch {
    return 'an error that says nothing';
  }
}

function isOurs(cause: unknown): cause is AxonodeError {
  try {
    return cause instanceof AxonodeError;
  } catch {
    return false;
  }
}

/**
 * Runs what reads or checks a state. Errors other than our own become one of ours.
 * @param what is read, for messages
 */
export function reading<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (isOurs(cause)) throw cause;
    throw new CheckpointError(`${what}: the saved state cannot be read: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

/** That something is no state of a class, with all that is wrong. */
export function noStateOf(owner: string, faults: readonly string[]): CheckpointError {
  const list = faults.map((fault) => `\n  ${fault}`).join('');
  return new CheckpointError(
    `loadStateDict: this is no state of ${owner}; nothing was loaded${list}`,
  );
}

/** Some properties of an object, each read once. */
export function fieldsOf<K extends string>(
  owner: string,
  saved: unknown,
  names: readonly K[],
): Readonly<Partial<Record<K, unknown>>> {
  if (typeof saved !== 'object' || saved === null) {
    throw noStateOf(owner, [`it is no object but ${inWords(saved)}`]);
  }
  const fields: Partial<Record<K, unknown>> = {};
  for (const name of names) fields[name] = Reflect.get(saved, name);
  return fields;
}

/** Properties of an object that it should not have, as faults. */
export function unexpectedIn(what: string, saved: object, names: readonly string[]): string[] {
  const unexpected = Object.keys(saved).filter((name) => !names.includes(name));
  return unexpected.map((name) => `${name} of ${what} is unexpected`);
}

/** A copy of a Map by names. */
export function namedOf(owner: string, what: string, value: unknown): Map<string, unknown> {
  if (!isMap(value)) throw noStateOf(owner, [`${what}: ${inWords(value)}, expected a Map`]);
  const copy = new Map<string, unknown>();
  Map.prototype.forEach.call(value, (item: unknown, name: unknown) => {
    if (typeof name !== 'string') {
      throw noStateOf(owner, [`${what}: ${inWords(name)} among the names, expected text`]);
    }
    copy.set(name, item);
  });
  return copy;
}

/**
 * A copy of plain data.
 * @throws CheckpointError for anything else in it, or too many levels
 */
export function plainCopy(owner: string, what: string, value: unknown, level = 0): Json {
  const isPlain = value === null || ['string', 'number', 'boolean'].includes(typeof value);
  if (isPlain) return value as Json;
  const refuse = (problem: string): CheckpointError => noStateOf(owner, [`${what} ${problem}`]);
  if (typeof value !== 'object') throw refuse(`is ${inWords(value)}, expected plain data`);
  if (level === MOST_LEVELS) throw refuse(`has more than ${MOST_LEVELS} levels`);
  if (Array.isArray(value)) {
    const { length } = value;
    if (length > MOST_ITEMS) throw refuse(`has ${length} items, expected at most ${MOST_ITEMS}`);
    return Array.from({ length }, (_, i) => plainCopy(owner, what, value[i], level + 1));
  }
  const items: [string, Json][] = [];
  for (const name of Object.keys(value)) {
    const item: unknown = Reflect.get(value, name);
    if (item !== undefined) items.push([name, plainCopy(owner, what, item, level + 1)]);
  }
  return Object.fromEntries(items);
}

/**
 * True if an object says how to check its state before anything changes, and nothing derived from that class loads
 * states in a way of its own.
 */
export function isPrepared(part: object): boolean {
  let owner: object | null = part;
  while (owner !== null) {
    if (Object.hasOwn(owner, 'prepareStateDict')) return true;
    if (Object.hasOwn(owner, 'loadStateDict')) return false;
    owner = Object.getPrototypeOf(owner);
  }
  return false;
}

/**
 * Why a value cannot be copied into a tensor; null if it can.
 * @param exact refuses another floating dtype, too
 */
export function misfit(target: Tensor, value: unknown, exact: boolean): string | null {
  if (!(value instanceof Tensor)) return 'is no Tensor';
  if (value.isDisposed) return 'was disposed of';
  if (!sameShape(value.shape, target.shape)) {
    return `is ${formatShape(value.shape)}, expected ${formatShape(target.shape)}`;
  }
  const isFit =
    value.dtype === target.dtype || (!exact && isFloat(value.dtype) === isFloat(target.dtype));
  return isFit ? null : `is ${value.dtype}, expected ${target.dtype}`;
}

/** What of a state's tensors does not fit those in their places, all of it. */
export function misfits(
  own: ReadonlyMap<string, Tensor>,
  saved: ReadonlyMap<string, unknown>,
): string[] {
  const faults: string[] = [];
  for (const [name, target] of own) {
    const problem = saved.has(name) ? misfit(target, saved.get(name), true) : 'is missing';
    if (problem !== null) faults.push(`${name} ${problem}`);
  }
  for (const name of saved.keys()) if (!own.has(name)) faults.push(`${name} is unexpected`);
  return faults;
}

import { types } from 'node:util';
import { isPlainObject } from '../realm.js';
import { Refusal } from '../refusals.js';

const REFUSAL = new Refusal(
  'Tensor',
  'expected { shape: x.shape, data: await x.data() }, or io.saveSafetensors()',
);

let runsForward = false;

/** Says whether a module's forward runs from now on; returns what was so before. @internal */
export function enterForward(runs: boolean): boolean {
  const before = runsForward;
  runsForward = runs;
  return before;
}

/** True while a module's forward runs. @internal */
export function isForwardRunning(): boolean {
  return runsForward;
}

/** What contexts own: the base of Tensor, here so that those who look for tensors need not know it. */
export abstract class Owned {
  /** Makes JSON, structuredClone and postMessage fail rather than lose the elements. @internal */
  readonly refusal = REFUSAL;
  /** Set by `keep()`: contexts and graphs leave it alone. @internal */
  kept = false;
  /** True only while a context that closes looks for what its function returned. @internal */
  returned = false;
  /** Made by a module's forward, or handed to it: a field that holds it is no part of a model's state. @internal */
  passing = runsForward;
  abstract dispose(): void;
  /** Called when it has left the outermost context alive. @internal */
  abstract leaveContexts(): void;
}

/** Instances of classes that are looked into at most, in one value. */
const MAX_INSTANCES = 100_000;

/** What holds no tensors, however large it is. */
function isOpaque(value: object): boolean {
  return ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value) || types.isPromise(value);
}

/** The values of an object's own fields. What a getter of a class would compute is not asked for. */
function fieldsOf(value: object, plain: boolean): unknown[] {
  const values: unknown[] = [];
  for (const key of Object.keys(value)) {
    if (!plain && Object.getOwnPropertyDescriptor(value, key)?.get !== undefined) continue;
    values.push(Reflect.get(value, key));
  }
  return values;
}

/**
 * The tensors in a value: itself, or those in arrays, Maps, Sets, plain objects and the public fields of instances of
 * classes, nested to any depth. Circles are no trouble, and what cannot be read is left out.
 */
export function ownedIn(value: unknown): Owned[] {
  const found: Owned[] = [];
  const seen = new Set<object>();
  const waiting: object[] = [];
  let instances = 0;
  const add = (item: unknown): void => {
    if (typeof item !== 'object' || item === null) return;
    if (item instanceof Owned) found.push(item);
    else waiting.push(item);
  };
  const lookInto = (item: object): void => {
    if (Array.isArray(item)) for (const each of item) add(each);
    else if (types.isMap(item)) {
      for (const [key, each] of item) {
        add(key);
        add(each);
      }
    } else if (types.isSet(item)) for (const each of item) add(each);
    else {
      const plain = isPlainObject(item);
      if (!plain && ++instances > MAX_INSTANCES) return;
      for (const each of fieldsOf(item, plain)) add(each);
    }
  };
  add(value);
  for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) {
    if (seen.has(item) || isOpaque(item)) continue;
    seen.add(item);
    try {
      lookInto(item);
    } catch {
      // A getter or a proxy that throws.
    }
  }
  return found;
}

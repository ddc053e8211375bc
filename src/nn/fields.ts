import { types } from 'node:util';
import { ArgumentError, DisposedError } from '../errors.js';
import { inWords } from '../options.js';
import { isPlainObject } from '../realm.js';
import { isForwardRunning } from '../tensor/owned.js';
import { formatShape } from '../tensor/shape.js';
import { isLent, nameFieldsBy, Tensor } from '../tensor/tensor.js';
import { Parameter } from './parameter.js';

// What of a module's fields is state. Parameters and modules are, wherever they were assigned. Of other tensors those
// are, as buffers, that were assigned outside of forward, or registered. What would be state, but stands where it is
// not found (in a plain object, a Map, an array), is an error that names the field.

/** What is known of a module. */
interface Known {
  /** Names of buffers; false for those that are not saved. */
  readonly buffers: Map<string, boolean>;
  hasRun: boolean;
  /** Made by the forward of another one, where every tensor counts as passing. */
  readonly isLate: boolean;
}

const modules = new WeakMap<object, Known>();

/** Notes a new module. */
export function addModule(module: object): void {
  const isLate = isForwardRunning();
  modules.set(module, { buffers: new Map(), hasRun: false, isLate });
  const ref = new WeakRef(module);
  living.add(ref);
  dead.register(module, ref);
}

function knownOf(module: object): Known {
  const known = modules.get(module);
  if (known === undefined) throw new ArgumentError('Module: super() has not been called');
  return known;
}

/** What a module's own fields hold, in the order of their declaration. */
export interface OwnFields<M> {
  readonly parameters: [string, Parameter][];
  /** As they are: also those whose memory is gone. */
  readonly buffers: [name: string, buffer: Tensor, isSaved: boolean][];
  readonly children: [string, M][];
}

function read(owner: object, name: PropertyKey): unknown {
  try {
    return Reflect.get(owner, name);
  } catch {
    // A getter that throws holds nothing.
    return undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isTensor(value: object): value is Tensor {
  try {
    return value instanceof Tensor;
  } catch {
    // A proxy that throws.
    return false;
  }
}

/** True for a tensor that somebody has made to stay: not for what a forward, a graph or a loader hands about. */
function isLasting(tensor: Tensor): boolean {
  return !tensor.passing && tensor.node === null && !isLent(tensor);
}

function isBuffer(module: object, known: Known, name: string, tensor: Tensor): boolean {
  if (known.buffers.has(name)) return true;
  if (!isLasting(tensor)) return false;
  if (tensor.requiresGrad) {
    throw new ArgumentError(
      `${module.constructor.name}.${name}: a tensor that requires gradients is no parameter of the model; ` +
        'expected new nn.Parameter(...), or a #private field',
    );
  }
  known.buffers.set(name, true);
  return true;
}

/**
 * What a module's own fields hold.
 * @throws ArgumentError for modules, parameters and buffers in a field where they are not part of the model
 */
export function ownFields<M extends object>(module: M): OwnFields<M> {
  const own: OwnFields<M> = { parameters: [], buffers: [], children: [] };
  const known = knownOf(module);
  for (const name of Object.keys(module)) {
    const value = read(module, name);
    if (!isObject(value)) continue;
    if (modules.has(value)) own.children.push([name, value as M]);
    else if (isTensor(value)) {
      if (value instanceof Parameter) own.parameters.push([name, value]);
      else if (isBuffer(module, known, name, value)) {
        own.buffers.push([name, value.keep(), known.buffers.get(name) === true]);
      }
    } else if (name !== 'refusal') checkContainer(module, name, value, !known.hasRun);
  }
  checkSymbols(module);
  return own;
}

/** The modules in a module's own fields; whatever else they hold. */
export function childrenOf<M extends object>(module: M): [string, M][] {
  const fields = Object.keys(module).map((name) => [name, read(module, name)] as const);
  return fields.filter(
    (field): field is [string, M] => isObject(field[1]) && modules.has(field[1]),
  );
}

/**
 * Throws unless a name can be that of a field in a state dict.
 * @param mayReplace whether what is there may be replaced
 */
export function checkFieldName(
  module: object,
  name: string,
  owner: string,
  mayReplace: (present: unknown) => boolean,
): void {
  if (typeof name !== 'string' || name === '' || name.includes('.')) {
    throw new ArgumentError(
      `${owner}: the name is ${typeof name === 'string' ? `'${name}'` : typeof name}, expected a text without dots`,
    );
  }
  if (!(name in module)) return;
  const isOwn = Object.hasOwn(module, name);
  if (isOwn && mayReplace(read(module, name))) return;
  throw new ArgumentError(
    `${owner}: the name '${name}' is taken, by a field or method of the module`,
  );
}

/** Declares a buffer. */
export function declareBuffer(module: object, name: string, isSaved: boolean): void {
  knownOf(module).buffers.set(name, isSaved);
}

/** @throws DisposedError that names the field */
export function checkAlive(module: object, name: string, buffer: Tensor): void {
  if (!buffer.isDisposed) return;
  throw new DisposedError(
    `${module.constructor.name}.${name}: the memory of this buffer, a tensor of shape ${formatShape(buffer.shape)}, ` +
      'was given back: by dispose(), or at the end of the scope, noGrad or forward in which it was made. ' +
      'Call keep() on what takes the place of a buffer; use a #private field for a tensor that is no part of the state.',
  );
}

// --- around forward -----------------------------------------------------------------------------------------------

/** Before the first forward: the tensors that its fields hold by now are its buffers. */
export function beforeForward(module: object): void {
  const known = modules.get(module);
  if (known === undefined || known.hasRun) return;
  if (known.isLate) {
    for (const name of Object.keys(module)) {
      const value = read(module, name);
      if (isObject(value) && isTensor(value) && value.node === null) known.buffers.set(name, true);
    }
  }
  ownFields(module);
  known.hasRun = true;
}

/** After forward: what takes the place of a buffer stays, as the buffer does. */
export function afterForward(module: object): void {
  const known = modules.get(module);
  if (known === undefined || known.buffers.size === 0) return;
  for (const name of known.buffers.keys()) {
    const value = read(module, name);
    if (isObject(value) && isTensor(value)) value.keep();
  }
}

// --- names for messages -------------------------------------------------------------------------------------------

/** All modules that are alive, to be searched when a tensor's memory is gone. */
const living = new Set<WeakRef<object>>();
const dead = new FinalizationRegistry<WeakRef<object>>((ref) => living.delete(ref));

/** The field that holds a tensor: `Net.attention`. */
nameFieldsBy((tensor) => {
  for (const ref of living) {
    const module = ref.deref();
    if (module === undefined) continue;
    for (const name of Object.keys(module)) {
      if (read(module, name) === tensor) return `${module.constructor.name}.${name}`;
    }
  }
  return null;
});

// --- state where it is not found ----------------------------------------------------------------------------------

/** Values that are looked at in one field, at most. */
const MAX_LOOKS = 1000;
/** Plain objects with more fields than that: even to list them takes long, so it is done once. */
const large = new WeakSet<object>();

/** A module, parameter or tensor that a container holds. */
interface Stray {
  readonly value: object;
  readonly holder: object;
}

function isPlain(value: object): boolean {
  if (types.isProxy(value)) return false;
  return isPlainObject(value);
}

/** What a field's value holds, nested: modules, parameters, and other tensors if asked for. */
function straysIn(field: object, wantsTensors: boolean): Stray[] {
  const strays: Stray[] = [];
  const seen = new Set<object>([field]);
  // Of an instance of a class, its own fields are looked at, and the collections there, but not other instances.
  const waiting = [{ holder: field, isInside: !isCollection(field) }];
  let looks = 0;
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { holder, isInside } = next;
    for (const value of valuesOf(holder)) {
      if (++looks > MAX_LOOKS) {
        if (isPlain(holder)) large.add(holder);
        return strays;
      }
      if (!isObject(value) || seen.has(value)) continue;
      seen.add(value);
      if (modules.has(value)) strays.push({ value, holder });
      else if (isTensor(value)) {
        // An instance of a class may well work with tensors.
        const isWanted = value.requiresGrad || (wantsTensors && !isInside);
        const isState = value instanceof Parameter || (isWanted && isLasting(value));
        if (isState) strays.push({ value, holder });
      } else if (isCollection(value)) waiting.push({ holder: value, isInside });
      else if (!isInside) waiting.push({ holder: value, isInside: true });
    }
  }
  return strays;
}

/** An array, Map, Set or plain object. */
function isCollection(value: object): boolean {
  return Array.isArray(value) || types.isMap(value) || types.isSet(value) || isPlain(value);
}

function* valuesOf(holder: object): Generator<unknown, void, undefined> {
  try {
    if (Array.isArray(holder) || types.isSet(holder)) yield* holder;
    else if (types.isMap(holder)) {
      for (const [key, value] of holder) {
        yield key;
        yield value;
      }
    } else if (!ArrayBuffer.isView(holder) && !large.has(holder)) {
      for (const name in holder) {
        const field = Object.getOwnPropertyDescriptor(holder, name);
        if (field !== undefined && 'value' in field) yield field.value;
      }
    }
  } catch {
    // A proxy that throws.
  }
}

/** All modules and parameters that are part of a module. */
function partsOf(module: object): ReadonlySet<object> {
  const parts = new Set<object>([module]);
  for (const part of parts) {
    if (!modules.has(part)) continue;
    for (const name of Object.keys(part)) {
      const value = read(part, name);
      if (isObject(value) && (modules.has(value) || isTensor(value))) parts.add(value);
    }
  }
  return parts;
}

function checkContainer(module: object, name: string, value: object, wantsTensors: boolean): void {
  const strays = straysIn(value, wantsTensors);
  if (strays.length === 0) return;
  // A list of layers that are fields of their own hides nothing.
  const parts = partsOf(module);
  const stray = strays.find((each) => !parts.has(each.value));
  if (stray !== undefined) refuse(module, name, stray);
}

function describe(value: object): string {
  if (value instanceof Parameter) return 'parameters';
  return value instanceof Tensor ? 'tensors' : 'modules';
}

function whereAndRemedy({ value, holder }: Stray): [where: string, remedy: string] {
  const isList = Array.isArray(holder) || types.isSet(holder);
  const where = Array.isArray(holder)
    ? 'an array'
    : types.isMap(holder)
      ? 'a Map'
      : types.isSet(holder)
        ? 'a Set'
        : isPlain(holder)
          ? 'a plain object'
          : `an instance of ${holder.constructor.name}, which is no Module,`;
  if (value instanceof Tensor) {
    const isTrained = value.requiresGrad || value instanceof Parameter;
    if (!isTrained) return [where, 'a field each, or registerBuffer()'];
    return [where, isList ? 'a ParameterList' : 'a ParameterDict'];
  }
  if (isList) return [where, 'a ModuleList or Sequential'];
  const isKnown = types.isMap(holder) || isPlain(holder);
  return [where, isKnown ? 'a ModuleDict' : 'fields of a Module'];
}

function refuse(module: object, name: string, stray: Stray): never {
  const [where, remedy] = whereAndRemedy(stray);
  throw new ArgumentError(
    `${module.constructor.name}.${name}: ${describe(stray.value)} in ${where} would be no part of the model, ` +
      `neither trained nor saved; use ${remedy}, or make the field #private`,
  );
}

function checkSymbols(module: object): void {
  const symbols = Object.getOwnPropertySymbols(module);
  if (symbols.length === 0) return;
  for (const symbol of symbols) {
    const value = read(module, symbol);
    if (!isObject(value)) continue;
    if (modules.has(value) || (isTensor(value) && isLasting(value))) {
      throw new ArgumentError(
        `${module.constructor.name}: a field that is named by ${inWords(symbol)} would be no part of the model; ` +
          'expected a name that is a string, or a #private field',
      );
    }
  }
}

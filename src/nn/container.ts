import { ArgumentError } from '../errors.js';
import { inWords } from '../options.js';
import { formatShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { chainOf } from './fusion.js';
import { type Layer, Module } from './module.js';
import { Parameter } from './parameter.js';

/** Throws unless a value can be gone through. */
function iterated<T>(owner: Module, items: Iterable<T>, what: string): Iterable<T> {
  if (typeof items === 'object' && items !== null && Symbol.iterator in items) return items;
  throw new ArgumentError(
    `${owner.constructor.name}: expected ${what} in an array or another iterable, got ${typeof items}`,
  );
}

/** What a container holds, and how it is called. */
interface Slot<T> {
  readonly get: () => T;
  readonly set: (value: T) => void;
}

function checkModule(owner: Module, name: string, module: unknown): asserts module is Module {
  if (module instanceof Module) return;
  throw new ArgumentError(`${owner.constructor.name}: ${name} is no Module`);
}

/** Makes a slot a field of a container: what is assigned to the field is in the slot. */
function place<T>(owner: Module, name: string, what: string, slot: Slot<T>): void {
  if (name === '' || name.includes('.') || name in owner) {
    throw new ArgumentError(
      `${owner.constructor.name}: '${name}' cannot name a ${what}; it is empty, taken or has a dot`,
    );
  }
  Object.defineProperty(owner, name, { ...slot, enumerable: true, configurable: true });
}

/** A field for an element of a list. */
function placeAt<M>(
  owner: Module,
  list: M[],
  index: number,
  name: string,
  checked: (value: M, name: string) => M,
  what: string,
): void {
  const get = (): M => nth(owner, list, index, what);
  const set = (value: M): void => {
    list[index] = checked(value, name);
  };
  place(owner, name, what, { get, set });
}

function nth<M>(owner: Module, list: readonly M[], index: number, what = 'module'): M {
  const item = list.at(index);
  if (item !== undefined) return item;
  const { length } = list;
  throw new ArgumentError(
    `${owner.constructor.name}: there is no ${what} ${inWords(index)}; it has ${length}`,
  );
}

/** The place of an index, negative from the end. */
function placeOf<M>(owner: Module, list: readonly M[], index: number, what: string): number {
  nth(owner, list, index, what);
  return index < 0 ? index + list.length : index;
}

/**
 * Layers in a row, each fed with the one before, see `nn.chain`. They are numbered, or named by the keys of an
 * object.
 *
 * @example
 * new nn.Sequential(new nn.Linear(784, 128), new nn.ReLU(), new nn.Linear(128, 10));
 * new nn.Sequential({ hidden: new nn.Linear(784, 128), relu: new nn.ReLU() });
 */
export class Sequential extends Module implements Iterable<Layer> {
  readonly #layers: Layer[] = [];

  constructor(layers: Readonly<Record<string, Layer>>);
  constructor(...layers: readonly Layer[]);
  constructor(...layers: readonly (Layer | Readonly<Record<string, Layer>>)[]) {
    super();
    const [first] = layers;
    const isRecord = layers.length === 1 && !(first instanceof Module) && typeof first === 'object';
    if (isRecord && Array.isArray(first)) {
      throw new ArgumentError(
        'Sequential: got an array, expected layers, new nn.Sequential(first, second), or an object of them',
      );
    }
    const named = Object.entries(isRecord && first !== null ? first : layers) as [string, Layer][];
    for (const [name, layer] of named) {
      const index = this.#layers.length;
      const checked = (value: Layer): Layer => {
        checkModule(this, name, value);
        return value;
      };
      this.#layers.push(checked(layer));
      placeAt(this, this.#layers, index, name, checked, 'module');
    }
  }

  get length(): number {
    return this.#layers.length;
  }

  /** The layer at an index, negative from the end. */
  at(index: number): Layer {
    return nth(this, this.#layers, index);
  }

  [Symbol.iterator](): Iterator<Layer> {
    return this.#layers[Symbol.iterator]();
  }

  override forward(x: Tensor): Tensor {
    return chainOf(x, this.#layers);
  }
}

/**
 * Modules in a list, numbered, for a `forward` of your own.
 *
 * @example
 * readonly blocks = new nn.ModuleList([1, 2, 3].map(() => new Block()));
 */
export class ModuleList<M extends Module = Module> extends Module implements Iterable<M> {
  readonly #modules: M[] = [];

  constructor(modules: Iterable<M> = []) {
    super();
    for (const module of iterated(this, modules, 'modules')) this.push(module);
  }

  get length(): number {
    return this.#modules.length;
  }

  #checked(module: M, name: string): M {
    checkModule(this, name, module);
    return module;
  }

  /** Adds a module at the end. */
  push(module: M): this {
    const index = this.#modules.length;
    const name = String(index);
    this.#modules.push(this.#checked(module, name));
    const checked = (value: M): M => this.#checked(value, name);
    placeAt(this, this.#modules, index, name, checked, 'module');
    return this;
  }

  /** Replaces the module at an index, negative from the end. */
  set(index: number, module: M): this {
    const at = placeOf(this, this.#modules, index, 'module');
    this.#modules[at] = this.#checked(module, String(at));
    return this;
  }

  /** The module at an index, negative from the end. */
  at(index: number): M {
    return nth(this, this.#modules, index);
  }

  [Symbol.iterator](): Iterator<M> {
    return this.#modules[Symbol.iterator]();
  }

  /** A list computes nothing: this throws. */
  override forward(): never {
    throw new ArgumentError('ModuleList: it has no forward of its own; call those of its modules');
  }
}

/** A parameter as given, or one that shares the memory of a tensor. */
function asParameter(owner: Module, name: string, value: unknown): Parameter {
  if (value instanceof Parameter) return value;
  if (value instanceof Tensor) return new Parameter(value);
  throw new ArgumentError(`${owner.constructor.name}: ${name} is no Parameter`);
}

function describeParameter(name: string, { shape, dtype }: Parameter): string {
  return `(${name}): Parameter ${formatShape(shape)} ${dtype}`;
}

/**
 * Parameters in a list, numbered: `params.0`, `params.1`, ... Tensors become parameters.
 *
 * @example
 * readonly scales = new nn.ParameterList([ones([8]), ones([16])]);
 */
export class ParameterList extends Module implements Iterable<Parameter> {
  readonly #parameters: Parameter[] = [];

  constructor(parameters: Iterable<Tensor> = []) {
    super();
    for (const parameter of iterated(this, parameters, 'parameters')) this.push(parameter);
  }

  get length(): number {
    return this.#parameters.length;
  }

  /** Adds a parameter at the end. */
  push(parameter: Tensor): this {
    const index = this.#parameters.length;
    const name = String(index);
    this.#parameters.push(asParameter(this, name, parameter));
    const checked = (value: Tensor): Parameter => asParameter(this, name, value);
    placeAt(this, this.#parameters, index, name, checked, 'parameter');
    return this;
  }

  /** Replaces the parameter at an index, negative from the end. Make the optimiser afterwards. */
  set(index: number, parameter: Tensor): this {
    const at = placeOf(this, this.#parameters, index, 'parameter');
    this.#parameters[at] = asParameter(this, String(at), parameter);
    return this;
  }

  /** The parameter at an index, negative from the end. */
  at(index: number): Parameter {
    return nth(this, this.#parameters, index, 'parameter');
  }

  [Symbol.iterator](): Iterator<Parameter> {
    return this.#parameters[Symbol.iterator]();
  }

  /** A list computes nothing: this throws. */
  override forward(): never {
    throw new ArgumentError('ParameterList: it has no forward of its own; use its parameters');
  }

  protected override describeOptions(): string {
    return this.#parameters.map((each, i) => describeParameter(String(i), each)).join(', ');
  }
}

/** Named things: an object of them, or pairs, as a Map has. */
export type Named<T> = Readonly<Record<string, T>> | Iterable<readonly [name: string, value: T]>;

/** Things by name, each a field of that name. */
abstract class NamedItems<R extends Readonly<Record<string, object>>> extends Module {
  readonly #items = new Map<string, R[keyof R]>();
  readonly #what: string;
  readonly #checked: (owner: Module, name: string, value: unknown) => R[keyof R];

  /** @param checked checks what is to be set, or makes it */
  protected constructor(
    items: Named<unknown>,
    what: string,
    checked: (owner: Module, name: string, value: unknown) => R[keyof R],
  ) {
    super();
    this.#what = what;
    this.#checked = checked;
    const type = this.constructor.name;
    if (typeof items !== 'object' || items === null) {
      throw new ArgumentError(`${type}: expected ${what}s by name, got ${typeof items}`);
    }
    const pairs: Iterable<unknown> = Symbol.iterator in items ? items : Object.entries(items);
    for (const pair of pairs) {
      if (!Array.isArray(pair) || pair.length !== 2) {
        throw new ArgumentError(
          `${type}: expected ${what}s by name, got a list; use { name: ... }, or pairs`,
        );
      }
      this.set(pair[0], pair[1]);
    }
  }

  /** Adds one, or puts it in the place of the one of that name. Make the optimiser afterwards. */
  set(name: keyof R & string, value: unknown): this {
    if (typeof name !== 'string') {
      throw new ArgumentError(
        `${this.constructor.name}: a name is a ${typeof name}, expected text`,
      );
    }
    const item = this.#checked(this, name, value);
    if (!this.#items.has(name)) {
      place(this, name, this.#what, {
        get: () => this.get(name),
        set: (next: unknown) => this.#items.set(name, this.#checked(this, name, next)),
      });
    }
    this.#items.set(name, item);
    return this;
  }

  /** How many there are. */
  get size(): number {
    return this.#items.size;
  }

  /** True if there is one of that name. */
  has(name: string): name is keyof R & string {
    return this.#items.has(name);
  }

  /**
   * The one of a name.
   * @throws ArgumentError if there is none
   */
  get<K extends keyof R & string>(name: K): R[K] {
    const item = this.#items.get(name);
    if (item !== undefined) return item as R[K];
    const known = [...this.#items.keys()].join(', ') || 'none';
    throw new ArgumentError(
      `${this.constructor.name}: there is no ${this.#what} '${inWords(name)}'; it has ${known}`,
    );
  }

  /** Takes one out; false if there is none of that name. */
  delete(name: string): boolean {
    if (!this.#items.delete(name)) return false;
    Reflect.deleteProperty(this, name);
    return true;
  }

  /** Names, in the order in which they were set. */
  keys(): IterableIterator<keyof R & string> {
    return this.#items.keys() as IterableIterator<keyof R & string>;
  }

  values(): IterableIterator<R[keyof R]> {
    return this.#items.values();
  }

  entries(): IterableIterator<[name: keyof R & string, value: R[keyof R]]> {
    return this.#items.entries() as IterableIterator<[keyof R & string, R[keyof R]]>;
  }

  [Symbol.iterator](): IterableIterator<[name: keyof R & string, value: R[keyof R]]> {
    return this.entries();
  }
}

/**
 * Modules by name, for a `forward` of your own: `heads.cls.weight` in the state dict. Iterates as a Map does.
 *
 * @typeParam R the modules by name; `Record<string, nn.Linear>` where names are not known beforehand
 *
 * @example
 * readonly heads = new nn.ModuleDict({ cls: new nn.Linear(64, 10), box: new nn.Linear(64, 4) });
 * // in forward:
 * this.heads.get('cls').forward(x);
 */
export class ModuleDict<
  R extends Readonly<Record<string, Module>> = Readonly<Record<string, Module>>,
> extends NamedItems<R> {
  constructor(modules?: R);
  constructor(modules: Iterable<readonly [name: keyof R & string, module: R[keyof R]]>);
  constructor(modules: Named<Module> = {}) {
    super(modules, 'module', (owner, name, value) => {
      checkModule(owner, name, value);
      return value as R[keyof R];
    });
  }

  /** Adds a module, or puts it in the place of the one of that name. Make the optimiser afterwards. */
  override set<K extends keyof R & string>(name: K, module: R[K]): this {
    return super.set(name, module);
  }

  /** It computes nothing: this throws. */
  override forward(): never {
    throw new ArgumentError('ModuleDict: it has no forward of its own; call those of its modules');
  }
}

/**
 * Parameters by name: `scales.left` in the state dict. Tensors become parameters. Iterates as a Map does.
 *
 * @example
 * readonly scales = new nn.ParameterDict({ left: ones([8]), right: ones([8]) });
 */
export class ParameterDict<N extends string = string> extends NamedItems<
  Readonly<Record<N, Parameter>>
> {
  constructor(parameters?: Readonly<Record<N, Tensor>>);
  constructor(parameters: Iterable<readonly [name: N, parameter: Tensor]>);
  constructor(parameters: Named<Tensor> = {}) {
    super(parameters, 'parameter', asParameter);
  }

  /** Adds a parameter, or puts it in the place of the one of that name. Make the optimiser afterwards. */
  override set(name: N, parameter: Tensor): this {
    return super.set(name, parameter);
  }

  /** It computes nothing: this throws. */
  override forward(): never {
    throw new ArgumentError('ParameterDict: it has no forward of its own; use its parameters');
  }

  protected override describeOptions(): string {
    return Array.from(this, ([name, each]) => describeParameter(name, each)).join(', ');
  }
}

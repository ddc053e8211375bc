import { ArgumentError } from '../errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { chain } from './fusion.js';
import { type Layer, Module } from './module.js';

/** Makes a module a field of another, under a name that a state dict can hold. */
function place(owner: Module, name: string, module: unknown): void {
  const type = owner.constructor.name;
  if (!(module instanceof Module)) {
    throw new ArgumentError(`${type}: ${name} is no Module`);
  }
  if (name === '' || name.includes('.') || name in owner) {
    throw new ArgumentError(
      `${type}: '${name}' cannot name a module; it is empty, taken or has a dot`,
    );
  }
  Reflect.set(owner, name, module);
}

function nth<M>(owner: Module, modules: readonly M[], index: number): M {
  const module = modules.at(index);
  if (module !== undefined) return module;
  const { length } = modules;
  throw new ArgumentError(
    `${owner.constructor.name}: there is no module ${index}; it has ${length}`,
  );
}

/**
 * Layers in a row, each fed with the one before, see {@link chain}. They are numbered, or named by the keys of an
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
    const named = Object.entries(isRecord && first !== null ? first : layers) as [string, Layer][];
    for (const [name, layer] of named) {
      place(this, name, layer);
      this.#layers.push(layer);
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
    return chain(x, ...this.#layers);
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
    for (const module of modules) this.push(module);
  }

  get length(): number {
    return this.#modules.length;
  }

  /** Adds a module at the end. */
  push(module: M): this {
    place(this, String(this.#modules.length), module);
    this.#modules.push(module);
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

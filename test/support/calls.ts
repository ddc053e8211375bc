import * as nn from '../../src/nn/index.js';
import { sumTo } from '../../src/ops/broadcast.js';
import * as ops from '../../src/ops/index.js';
import * as recurrent from '../../src/ops/recurrent/recurrent.js';
import type { DType } from '../../src/tensor/dtype.js';
import { Generator } from '../../src/tensor/random.js';
import { Tensor } from '../../src/tensor/tensor.js';

// Calls of this library as the fixtures have them; `test/fixtures/calls.py` writes them and says what the words mean.

/** A call of an op, or of a layer's constructor: positional arguments, the options as the last of them. */
export type Call = { readonly args: readonly Value[] } & (
  | { readonly op: string }
  | { readonly layer: string }
);

/** An argument. Strings that start with $ are words: `$0`, `$name.member`, `$float`, `$generator 7`, `$inf`. */
export type Value =
  | null
  | boolean
  | number
  | string
  | Call
  | readonly Value[]
  | { readonly [key: string]: Value };

/** What a case calls: results with names, which several calls use, and the calls that give the outputs. */
export interface Calls {
  readonly let?: Readonly<Record<string, Call>>;
  readonly calls: readonly Call[];
}

type Callable = (...args: unknown[]) => unknown;
type Constructor = new (...args: unknown[]) => nn.Module;

/** Told of each op that was called, and of its result. */
export type Observer = (op: string, result: readonly Tensor[]) => void;

/** What a call may name: what users have, and what layers and gradients are made of. */
const OPS: Readonly<Record<string, unknown>> = { ...ops, ...recurrent, sumTo };

const NUMBERS: Readonly<Record<string, number>> = {
  inf: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  nan: Number.NaN,
};

function isCall(value: Value): value is Call {
  return typeof value === 'object' && value !== null && 'args' in value;
}

function callsWithin(value: Value): Call[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).flatMap(callsWithin);
  return isCall(value) ? [value, ...inner] : inner;
}

/** All calls of a case, those among arguments included. */
export function allCalls({ let: named = {}, calls }: Calls): Call[] {
  return [...Object.values(named), ...calls].flatMap(callsWithin);
}

/** The tensors of a result: one, a list, or an object with several. */
export function flatTensors(result: unknown): Tensor[] {
  if (result instanceof Tensor) return [result];
  if (typeof result !== 'object' || result === null) return [];
  return Object.values(result).flatMap(flatTensors);
}

function constructed(name: string, args: readonly unknown[]): nn.Module {
  const Layer = (nn as Readonly<Record<string, unknown>>)[name];
  if (typeof Layer !== 'function') throw new Error(`nn has no ${name}`);
  return new (Layer as Constructor)(...args);
}

function called(name: string, args: readonly unknown[]): unknown {
  const op = OPS[name];
  if (typeof op !== 'function') throw new Error(`there is no op ${name}`);
  return (op as Callable)(...args);
}

/** Makes the calls of a case, with what its words stand for. */
class Evaluation {
  readonly #results = new Map<string, unknown>();
  readonly #generators = new Map<string, Generator>();
  readonly #named: Readonly<Record<string, Call>>;
  readonly #inputs: readonly Tensor[];
  readonly #observe: Observer;

  constructor(
    named: Readonly<Record<string, Call>>,
    inputs: readonly Tensor[],
    observe: Observer = () => {},
  ) {
    this.#named = named;
    this.#inputs = inputs;
    this.#observe = observe;
  }

  of(value: Value): unknown {
    if (typeof value === 'string' && value.startsWith('$')) return this.#word(value.slice(1));
    if (typeof value !== 'object' || value === null) return value;
    if (isCall(value)) return this.#call(value);
    if (Array.isArray(value)) return value.map((item) => this.of(item));
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.of(item)]));
  }

  #call(call: Call): unknown {
    const given = call.args.map((arg) => this.of(arg));
    if ('layer' in call) return constructed(call.layer, given);
    const result = called(call.op, given);
    this.#observe(call.op, flatTensors(result));
    return result;
  }

  #word(word: string): unknown {
    if (word in NUMBERS) return NUMBERS[word];
    if (word === 'float') return this.#float();
    if (/^\d+$/.test(word)) return this.#inputs[Number(word)];
    const [, seed] = word.split('generator ');
    if (seed !== undefined) return this.#generator(seed);
    const [name = '', member] = word.split('.');
    const result = this.#result(name);
    return member === undefined ? result : (result as Readonly<Record<string, unknown>>)[member];
  }

  #float(): DType {
    return this.#inputs.some((x) => x.dtype === 'float64') ? 'float64' : 'float32';
  }

  #generator(seed: string): Generator {
    const generator = this.#generators.get(seed) ?? new Generator(Number(seed));
    this.#generators.set(seed, generator);
    return generator;
  }

  #result(name: string): unknown {
    const call = this.#named[name];
    if (call === undefined) throw new Error(`nothing is named ${name}`);
    if (!this.#results.has(name)) this.#results.set(name, this.#call(call));
    return this.#results.get(name);
  }
}

/** The outputs of a case's calls, in their order. */
export function callAll(
  { let: named = {}, calls }: Calls,
  inputs: readonly Tensor[],
  observe?: Observer,
): Tensor[] {
  const evaluation = new Evaluation(named, inputs, observe);
  return calls.flatMap((call) => flatTensors(evaluation.of(call)));
}

/** The layer of a call. */
export function makeLayer(call: Call): nn.Module {
  return new Evaluation({}, []).of(call) as nn.Module;
}

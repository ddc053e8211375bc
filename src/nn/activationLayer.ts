import { ArgumentError } from '../errors.js';
import { checkChoice } from '../ops/kit/options.js';
import { checkOptions, inWords } from '../options.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';

/** What an option of an activation may be. */
export interface OptionRule<T> {
  /** Its value where none is given. */
  readonly usual: T;
  /** Throws unless a value is allowed. */
  readonly check: (value: T, name: string, layer: string) => void;
  /** toString() leaves out what is as usual. Default: false. */
  readonly isQuiet?: boolean;
}

/** A rule for each option. */
export type OptionRules<O> = { readonly [Name in keyof O]-?: OptionRule<NonNullable<O[Name]>> };

function expected(isFine: (value: number) => boolean, what: string): OptionRule<number>['check'] {
  return (value, name, layer) => {
    if (isFine(value)) return;
    throw new ArgumentError(`${layer}: ${name} is ${inWords(value)}, expected ${what}`);
  };
}

/** Any finite number. */
export function finite(usual: number): OptionRule<number> {
  return { usual, check: expected(Number.isFinite, 'a finite number') };
}

/** Any finite number above 0. */
export function positive(usual: number): OptionRule<number> {
  const { check } = finite(usual);
  const isPositive = expected((value) => value > 0, 'a number > 0');
  return {
    usual,
    check: (...option) => {
      check(...option);
      isPositive(...option);
    },
  };
}

export function integer(usual: number): OptionRule<number> {
  return { usual, check: expected(Number.isInteger, 'an integer') };
}

/** A number that a check of all options sees to. */
export function bound(usual: number): OptionRule<number> {
  return { usual, check: () => {} };
}

/** One of some words; the first is usual, and not inWords. */
export function oneOf<const Word extends string>(
  usual: Word,
  ...others: readonly Word[]
): OptionRule<Word> {
  return {
    usual,
    check: (value, name, layer) => checkChoice(value, [usual, ...others], name, layer),
    isQuiet: true,
  };
}

/** Options by name, with their defaults filled in. */
type Values = Readonly<Record<string, unknown>>;

/** What tells activations apart. */
interface Spec {
  readonly fn: (x: Tensor, options: Values) => Tensor;
  readonly rules: Readonly<Record<string, OptionRule<unknown>>>;
  /** What the options are called. */
  readonly names: Readonly<Record<string, true>>;
  /** Throws unless the options go together. */
  readonly check: ((options: Values, layer: string) => void) | undefined;
}

/** A layer that is a function with some options. */
export class ActivationLayer extends Module {
  readonly #spec: Spec;
  readonly #options: Values;

  constructor(spec: Spec, options: object) {
    super();
    const { rules, names, check } = spec;
    const layer = this.constructor.name;
    checkOptions(layer, options, names);
    const given = new Map<string, unknown>(Object.entries(options));
    const values = Object.entries(rules).map(([name, rule]) => {
      const value = given.get(name) ?? rule.usual;
      rule.check(value, name, layer);
      return [name, value] as const;
    });
    this.#spec = spec;
    this.#options = Object.fromEntries(values);
    check?.(this.#options, layer);
  }

  override forward(x: Tensor): Tensor {
    return this.#spec.fn(x, this.#options);
  }

  protected override describeOptions(): string {
    const { rules } = this.#spec;
    return Object.entries(this.#options)
      .filter(([name, value]) => !(rules[name]?.isQuiet && value === rules[name]?.usual))
      .map(([name, value]) => `${name}=${value}`)
      .join(', ');
  }
}

/**
 * The base class of a layer that is one function.
 * @param fn takes the options with every default filled in
 * @param rules what the options may be
 * @param check throws unless the options go together
 *
 * @example
 * export class LeakyReLU extends activation(leakyRelu, { slope: finite(0.01) }) {}
 */
export function activation(fn: (x: Tensor) => Tensor): new () => ActivationLayer;
export function activation<O extends object>(
  fn: (x: Tensor, options: O) => Tensor,
  rules: OptionRules<O>,
  check?: (options: Required<O>, layer: string) => void,
): new (
  options?: O,
) => ActivationLayer;
export function activation(
  fn: Spec['fn'],
  rules: Spec['rules'] = {},
  check?: Spec['check'],
): new (
  options?: object,
) => ActivationLayer {
  const names = Object.fromEntries(Object.keys(rules).map((name) => [name, true] as const));
  const spec = { fn, rules, names, check };
  return class extends ActivationLayer {
    constructor(options: object = {}) {
      super(spec, options);
    }
  };
}

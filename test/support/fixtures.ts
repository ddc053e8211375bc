import { readdirSync, readFileSync } from 'node:fs';
import { tensor } from '../../src/ops/index.js';
import type { DType } from '../../src/tensor/dtype.js';
import { scope } from '../../src/tensor/scope.js';
import { inLayout, type Tensor } from '../../src/tensor/tensor.js';
import { COMPOSED } from '../ops/composedCases.js';
import { allCalls, type Calls, callAll, type Observer } from './calls.js';
import type { Tolerance } from './close.js';

/** An array as `make_ops.py` writes it. */
export interface Stored {
  readonly dtype: 'float' | 'int32' | 'uint8';
  readonly shape: readonly number[];
  readonly data: readonly (number | string)[];
}

/** Why a case is not checked in every way, or less strictly. */
export interface Notes {
  /** Looser than the default, with the reason. */
  readonly tolerance?: Tolerance & { readonly reason: string };
  /** Why central differences do not apply. */
  readonly noGradcheck?: string;
  /** Why gradients of gradients do not apply. */
  readonly noSecondOrder?: string;
}

/** One case's inputs, and what PyTorch makes of them. */
export interface Reference {
  /** `grad`: whether its gradient is asked for. */
  readonly inputs: readonly (Stored & { readonly grad: boolean })[];
  readonly outputs: readonly Stored[];
  /** Gradients of the outputs; null where an output has none. */
  readonly cotangents: readonly (Stored | null)[];
  /** Gradients of the inputs; null where the outputs do not depend on an input. */
  readonly gradients: readonly (Stored | null)[];
}

/** A number that this library has and PyTorch does not, on purpose. */
export interface Difference {
  readonly of: 'outputs' | 'gradients';
  readonly index: number;
  readonly at: readonly number[];
  readonly ours: readonly (number | string)[];
  readonly reason: string;
}

/** What the oracles check: calls of ops, their inputs, and what PyTorch makes of them. */
export interface OpCase extends Reference, Notes {
  readonly name: string;
  /** The ops that it covers. */
  readonly ops: readonly string[];
  /** Called with all of its inputs. */
  readonly fn: (inputs: readonly Tensor[], observe?: Observer) => Tensor[];
  /** Its inputs are special points: 0, −0, ±∞, NaN, ties, equal values, or empty. */
  readonly special?: boolean;
  /** What PyTorch makes of special points in float32, where it is more than rounded. */
  readonly float32?: Partial<Pick<Reference, 'outputs' | 'gradients'>>;
  readonly differences?: readonly Difference[];
  /** Zeros of the outputs must have PyTorch's sign. */
  readonly signs?: boolean;
  /** For backends that have float64. */
  readonly needsFloat64?: boolean;
}

/** As it is stored: calls, or the name of a function of `test/ops/composedCases.ts`. */
type StoredCase = Omit<OpCase, 'name' | 'ops' | 'fn'> &
  (Calls | { readonly run: string; readonly ops: readonly string[] });

const FOLDER = new URL('../fixtures/', import.meta.url);

/** A fixture by its file's name. */
export function readFixture<T>(file: string): Readonly<Record<string, T>> {
  return JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Record<string, T>;
}

/** What a case computes, and of which ops. */
function computing(stored: StoredCase): Pick<OpCase, 'fn' | 'ops'> {
  if ('run' in stored) {
    const run = COMPOSED[stored.run];
    if (run === undefined) throw new Error(`composedCases.ts has no ${stored.run}`);
    return { ops: stored.ops, fn: run };
  }
  const names = allCalls(stored).flatMap((call) => ('op' in call ? [call.op] : []));
  const ops = [...new Set(names)];
  const isComposed = names.length > stored.calls.length;
  const fn: OpCase['fn'] = (inputs, observe) => callAll(stored, inputs, observe);
  // What is made on the way is let go of; single ops must do so by themselves.
  return { ops, fn: isComposed ? (inputs, observe) => scope(() => fn(inputs, observe)) : fn };
}

/** All cases of the files that `make_ops.py` writes, by the family of the file. */
const loadAll = (): ReadonlyMap<string, readonly OpCase[]> =>
  new Map(
    readdirSync(FOLDER).flatMap((file) => {
      const family = /^ops-(\w+)\.json$/.exec(file)?.[1];
      if (family === undefined) return [];
      const stored = Object.entries(readFixture<StoredCase>(file));
      return [[family, stored.map(([name, item]) => ({ ...item, name, ...computing(item) }))]];
    }),
  );

/** All cases by family, but the special points. */
export function loadFamilies(): ReadonlyMap<string, readonly OpCase[]> {
  const usual = Array.from(
    loadAll(),
    ([family, cases]) => [family, cases.filter(({ special }) => special !== true)] as const,
  );
  return new Map(usual.filter(([, cases]) => cases.length > 0));
}

/** The special points of all ops. */
export function loadSpecialPoints(): readonly OpCase[] {
  return [...loadAll().values()].flat().filter(({ special }) => special === true);
}

const SPECIAL: Record<string, number> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
};

/** A stored number. */
export function numberOf(value: number | string): number {
  return typeof value === 'number' ? value : (SPECIAL[value] ?? Number.NaN);
}

/** The numbers of a stored array. */
export function valuesOf(stored: Stored): Float64Array {
  return Float64Array.from(stored.data, numberOf);
}

/** A stored array as a tensor; `float` becomes the given kind. */
export function tensorOf(stored: Stored, float: DType): Tensor {
  const dtype = stored.dtype === 'float' ? float : stored.dtype;
  return tensor(valuesOf(stored), { dtype, shape: stored.shape });
}

/**
 * The inputs of a case, as leaves.
 * @param channelsLast which of the 4-D inputs are stored channels-last
 */
export function inputsOf(
  reference: Pick<Reference, 'inputs'>,
  float: DType,
  channelsLast: (index: number) => boolean = () => false,
): Tensor[] {
  return reference.inputs.map((stored, i) => {
    const made = tensorOf(stored, float);
    const leaf = made.rank === 4 && channelsLast(i) ? inLayout(made, 'channelsLast') : made;
    if (leaf !== made) made.dispose();
    leaf.requiresGrad = stored.grad;
    return leaf;
  });
}

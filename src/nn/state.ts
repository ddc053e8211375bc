import { isMap } from 'node:util/types';
import { CheckpointError } from '../errors.js';
import { copyFrom } from '../ops/creation.js';
import { checkOptions, type OptionNames } from '../options.js';
import { isFloat } from '../tensor/dtype.js';
import { runInContext } from '../tensor/scope.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';

/** Tensors by name. */
export type StateDict = ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>>;

export interface LoadStateOptions {
  /** False accepts names that are missing or have no place here. Default: true. */
  strict?: boolean;
}

const NAMES: OptionNames<LoadStateOptions> = { strict: true };

/** What did not match, where that is accepted. */
export interface LoadedKeys {
  /** Names of the model that the state does not have. */
  readonly missing: string[];
  /** Names of the state that the model does not have. */
  readonly unexpected: string[];
}

/** Why a value cannot be loaded into a tensor; null if it can. */
function misfit(target: Tensor, value: unknown): string | null {
  if (!(value instanceof Tensor)) return 'is no Tensor';
  if (value.isDisposed) return 'was disposed of';
  if (!sameShape(value.shape, target.shape)) {
    return `is ${formatShape(value.shape)}, expected ${formatShape(target.shape)}`;
  }
  if (isFloat(value.dtype) !== isFloat(target.dtype))
    return `is ${value.dtype}, expected ${target.dtype}`;
  return null;
}

/** What goes where. */
interface Match extends LoadedKeys {
  readonly copies: readonly (readonly [target: Tensor, value: Tensor])[];
}

/**
 * Finds the tensors of `own` that the values of `given` go to.
 * @param owner what the tensors belong to, for messages
 * @throws CheckpointError that lists all that does not fit
 */
export function matchState(
  owner: string,
  own: ReadonlyMap<string, Tensor>,
  given: StateDict,
  options: LoadStateOptions = {},
): Match {
  checkOptions('loadStateDict', options, NAMES);
  const { strict = true } = options;
  const values = new Map<string, Tensor>(isMap(given) ? given : Object.entries(given));
  const missing = [...own.keys()].filter((name) => !values.has(name));
  const unexpected = [...values.keys()].filter((name) => !own.has(name));
  const misfits: string[] = [];
  const copies: [Tensor, Tensor][] = [];
  for (const [name, target] of own) {
    const value = values.get(name);
    if (value === undefined) continue;
    const problem = misfit(target, value);
    if (problem === null) copies.push([target, value]);
    else misfits.push(`${name} ${problem}`);
  }
  const faults: string[] = [];
  if (strict && missing.length > 0) faults.push(`missing: ${missing.join(', ')}`);
  if (strict && unexpected.length > 0) faults.push(`unexpected: ${unexpected.join(', ')}`);
  if (misfits.length > 0) faults.push(`does not fit: ${misfits.join('; ')}`);
  if (faults.length > 0) {
    const list = faults.map((fault) => `\n  ${fault}`).join('');
    throw new CheckpointError(
      `loadStateDict: this is no state of ${owner}; nothing was loaded${list}`,
    );
  }
  return { missing, unexpected, copies };
}

/**
 * Copies `given` into the tensors of `own`, all of it or, if anything does not fit, none.
 * @param owner what the tensors belong to, for messages
 */
export function loadState(
  owner: string,
  own: ReadonlyMap<string, Tensor>,
  given: StateDict,
  options: LoadStateOptions,
): LoadedKeys {
  const { missing, unexpected, copies } = matchState(owner, own, given, options);
  runInContext(false, () => {
    for (const [target, value] of copies) copyFrom(target, value);
  });
  return { missing, unexpected };
}

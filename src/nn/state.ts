import { isMap } from 'node:util/types';
import { ArgumentError } from '../errors.js';
import { misfit, namedOf, noStateOf, reading } from '../io/savedState.js';
import { copyFrom } from '../ops/creation.js';
import { reshape } from '../ops/view.js';
import { checkOptions, inWords, type OptionNames } from '../options.js';
import { runInContext } from '../tensor/scope.js';
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

/** The tensors that a state goes to, and what is not asked for among them. */
export interface OwnState {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Names that old files lack; their tensors stay as they are, as in PyTorch. */
  readonly optional: ReadonlySet<string>;
}

/** What goes where. */
interface Match extends LoadedKeys {
  readonly copies: readonly (readonly [target: Tensor, value: Tensor])[];
}

/** Names and values as they were given, each read once. */
function valuesOf(given: unknown): Map<string, unknown> {
  if (isMap(given)) return namedOf('a model', 'the state', given);
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new ArgumentError(
      `loadStateDict: the state is ${inWords(given)}, expected a Map or an object of tensors by name`,
    );
  }
  const values = new Map<string, unknown>();
  for (const name of Object.keys(given)) values.set(name, Reflect.get(given, name));
  // What PyTorch notes beside its tensors, where it came along as a property.
  if (!(values.get('_metadata') instanceof Tensor)) values.delete('_metadata');
  return values;
}

/** As PyTorch up to 0.3 saved scalars: with one axis. */
function isOldScalar(target: Tensor, value: unknown): value is Tensor {
  return value instanceof Tensor && target.rank === 0 && value.rank === 1 && value.size === 1;
}

/** What stands before each of `short` in a name among `long`; null if there is no such prefix for all. */
function commonPrefix(short: readonly string[], long: readonly string[]): string | null {
  const [first] = short;
  if (first === undefined) return null;
  const names = new Set(long);
  const candidates = long.filter((name) => name.endsWith(`.${first}`)).slice(0, MOST_PREFIXES);
  const prefixes = candidates.map((name) => name.slice(0, -first.length));
  return prefixes.find((prefix) => short.every((name) => names.has(prefix + name))) ?? null;
}

/** What to do where names differ by a prefix only; null where that is not so. */
function prefixHint(missing: readonly string[], unexpected: readonly string[]): string | null {
  const prefix = commonPrefix(missing, unexpected);
  if (prefix !== null) {
    return (
      `the names in the state begin with ${prefix}${PREFIXES.get(prefix) ?? ''}; take it off: ` +
      `new Map(Array.from(state, ([name, value]) => [name.slice(${prefix.length}), value]))`
    );
  }
  const lacking = commonPrefix(unexpected, missing);
  return lacking === null
    ? null
    : `the names of the model begin with ${lacking}, those of the state do not`;
}

/** Prefixes that are tried. */
const MOST_PREFIXES = 8;

/** Who puts such a prefix before all names. */
const PREFIXES: ReadonlyMap<string, string> = new Map([
  ['module.', ', as of a model inside DataParallel'],
  ['_orig_mod.', ', as of a model from torch.compile'],
]);

/**
 * Finds the tensors of `own` that the values of `given` go to. In a context, which owns what it makes.
 * @param owner what the tensors belong to, for messages
 * @param exact refuses another floating dtype, too
 * @throws CheckpointError that lists all that does not fit
 */
export function matchState(
  owner: string,
  own: OwnState,
  given: unknown,
  options: LoadStateOptions = {},
  exact = false,
): Match {
  checkOptions('loadStateDict', options, NAMES);
  const { strict = true } = options;
  return reading(`loadStateDict of ${owner}`, () => {
    const values = valuesOf(given);
    const { tensors, optional } = own;
    const missing = [...tensors.keys()].filter((name) => !values.has(name) && !optional.has(name));
    const unexpected = [...values.keys()].filter((name) => !tensors.has(name));
    const problems: string[] = [];
    const copies: [Tensor, Tensor][] = [];
    for (const [name, target] of tensors) {
      if (!values.has(name)) continue;
      const found = values.get(name);
      const value = isOldScalar(target, found) && !exact ? reshape(found, []) : found;
      const problem = misfit(target, value, exact);
      if (problem !== null) problems.push(`${name} ${problem}`);
      // A handle of its own, which nobody else disposes of.
      else if (value instanceof Tensor) copies.push([target, value.detach()]);
    }
    const faults: string[] = [];
    if (strict && missing.length > 0) faults.push(`missing: ${missing.join(', ')}`);
    if (strict && unexpected.length > 0) faults.push(`unexpected: ${unexpected.join(', ')}`);
    if (problems.length > 0) faults.push(`does not fit: ${problems.join('; ')}`);
    const hint = strict ? prefixHint(missing, unexpected) : null;
    if (hint !== null) faults.push(hint);
    if (faults.length > 0) throw noStateOf(owner, faults);
    return { missing, unexpected, copies };
  });
}

/**
 * Copies `given` into the tensors of `own`, all of it or, if anything does not fit, none.
 * @param owner what the tensors belong to, for messages
 */
export function loadState(
  owner: string,
  own: OwnState,
  given: StateDict,
  options: LoadStateOptions,
): LoadedKeys {
  return runInContext(false, () => {
    const { missing, unexpected, copies } = matchState(owner, own, given, options);
    for (const [target, value] of copies) copyFrom(target, value);
    return { missing, unexpected };
  });
}

import { ArgumentError } from '../../errors.js';
import { inWords, type OptionNames } from '../../options.js';

/** A size along height and width: one number for both, or `[height, width]`. */
export type Pair = number | readonly [height: number, width: number];

/** Largest value of an option that kernels take as an int32. */
const MAX_OPTION = 2 ** 31 - 1;
/** Largest size, step or width along an axis of an image: kernels add and multiply them. */
const MAX_ALONG_AXIS = 2 ** 24;

function isWhole(value: unknown, least: number, most = MAX_OPTION): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

/** Throws unless an option is an integer ≥ least. */
export function checkInteger(value: number, name: string, op: string, least: number): number {
  if (!isWhole(value, least)) {
    throw new ArgumentError(`${op}: ${name} is ${inWords(value)}, expected an integer ≥ ${least}`);
  }
  return value;
}

/** Throws unless an option is an integer other than 0, of either sign. */
export function checkNonZero(value: number, name: string, op: string): number {
  if (!isWhole(value, -MAX_OPTION) || value === 0) {
    throw new ArgumentError(`${op}: ${name} is ${inWords(value)}, expected an integer ≠ 0`);
  }
  return value;
}

/** An option as one integer from least to 2^24 for each of `axes` spatial axes. */
export function perAxis(
  value: number | readonly number[],
  axes: number,
  name: string,
  op: string,
  least: number,
): readonly number[] {
  const list = Array.isArray(value) ? (value as readonly number[]) : [value];
  const fits =
    (list.length === axes || list.length === 1) &&
    list.every((v) => isWhole(v, least, MAX_ALONG_AXIS));
  if (!fits) {
    const given = Array.isArray(value) ? `[${list.map(inWords).join(', ')}]` : inWords(value);
    const several = axes === 2 ? ' or [height, width]' : '';
    const most = list.some((v) => typeof v === 'number' && v > MAX_ALONG_AXIS)
      ? ' and at most 2^24'
      : '';
    throw new ArgumentError(
      `${op}: ${name} is ${given}, expected an integer${several} of at least ${least}${most}`,
    );
  }
  return list.length === axes ? list : Array.from({ length: axes }, () => list[0] ?? least);
}

/** Throws unless an option is a number from 0 to 1. */
export function checkFraction(value: number, name: string, op: string): number {
  if (!(typeof value === 'number' && value >= 0 && value <= 1)) {
    throw new ArgumentError(`${op}: ${name} is ${inWords(value)}, expected a number from 0 to 1`);
  }
  return value;
}

/** Throws unless an option is one of the words given. */
export function checkChoice<T extends string>(
  value: T,
  choices: readonly T[],
  name: string,
  op: string,
): T {
  if (!choices.includes(value)) {
    const expected = choices.map((choice) => `'${choice}'`).join(', ');
    throw new ArgumentError(`${op}: ${name} is ${inWords(value)}, expected one of ${expected}`);
  }
  return value;
}

/** What becomes of the losses of single elements: their mean, their sum, or all of them. */
export type Reduction = 'mean' | 'sum' | 'none';

export interface LossOptions {
  /** Default: 'mean'. */
  reduction?: Reduction;
}

/** The names of {@link LossOptions}. */
export const LOSS: OptionNames<LossOptions> = { reduction: true };

/** Throws unless a reduction is known; 'mean' by default. */
export function checkReduction(reduction: Reduction | undefined, op: string): Reduction {
  return checkChoice(reduction ?? 'mean', ['mean', 'sum', 'none'], 'reduction', op);
}

/** Options of ops that reduce axes. */
export interface ReduceOptions {
  /** Keeps reduced axes with size 1. Default: false. */
  keepDims?: boolean;
}

/** The names of {@link ReduceOptions}. */
export const REDUCE: OptionNames<ReduceOptions> = { keepDims: true };

/** Keeps reduced axes. */
export const KEEP_DIMS: ReduceOptions = Object.freeze({ keepDims: true });

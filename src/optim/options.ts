import { checkList } from '../arguments.js';
import { ArgumentError } from '../errors.js';
import { checkOptions, inWords } from '../options.js';

/** `defaults` with what is given in their place. Throws for an unknown option. */
export function fillOptions<O extends object>(owner: string, defaults: O, given: object): O {
  const names = Object.fromEntries(Object.keys(defaults).map((name) => [name, true as const]));
  checkOptions(owner, given, names);
  const filled = { ...defaults };
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) Object.assign(filled, { [name]: value });
  }
  return filled;
}

/** Throws unless the option is a finite number ≥ 0. */
export function checkNotNegative(owner: string, name: string, value: number): void {
  if (!(typeof value === 'number' && value >= 0 && Number.isFinite(value))) {
    throw new ArgumentError(`${owner}: ${name} is ${inWords(value)}, expected a finite number ≥ 0`);
  }
}

/** Throws unless both are decay rates on [0, 1). */
export function checkBetas(owner: string, betas: readonly [number, number]): void {
  checkList(owner, 'betas', betas, 'a pair of numbers');
  for (const i of [0, 1] as const) {
    const value = betas[i];
    if (!(typeof value === 'number' && value >= 0 && value < 1)) {
      throw new ArgumentError(
        `${owner}: betas[${i}] is ${inWords(value)}, expected a number from 0 to below 1`,
      );
    }
  }
}

/** Throws unless the option is true or false. */
export function checkBoolean(owner: string, name: string, value: boolean): void {
  if (typeof value !== 'boolean') {
    throw new ArgumentError(`${owner}: ${name} is ${inWords(value)}, expected true or false`);
  }
}

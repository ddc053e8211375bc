import { describe, expect, test } from 'vitest';
import { ArgumentError } from '../../src/errors.js';

/** A function or class with options: how to call it with some, and a misspelt one with the one that is meant. */
export type OptionsCase = readonly [
  owner: string,
  call: (options: object) => unknown,
  misspelt: string,
  meant: string,
];

/** Tests that each refuses options that it does not know, and says which one was meant. */
export function describeOptions(cases: readonly OptionsCase[]): void {
  describe.each(cases)('%s', (owner, call, misspelt, meant) => {
    const calling = async (options: unknown) => call(options as object);

    test(`refuses ${misspelt}, and names ${meant}`, async () => {
      const message = `${owner}: ${misspelt}: unknown option, did you mean ${meant}?`;
      await expect(calling({ [misspelt]: 1 })).rejects.toThrow(message);
      await expect(calling({ [misspelt]: 1 })).rejects.toThrow(ArgumentError);
    });

    test('refuses null', async () => {
      const message = `${owner}: the options are null, expected an object`;
      await expect(calling(null)).rejects.toThrow(message);
    });
  });
}

/** The names that a folder exports as values and that no case is about. */
export function withoutCase(exported: object, cases: readonly OptionsCase[]): string[] {
  const owners = new Set(cases.map(([owner]) => owner));
  return Object.keys(exported).filter((name) => !owners.has(name));
}

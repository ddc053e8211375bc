import { describe, expect, it } from 'vitest';
import { type OpCall, observeOps } from '../../src/tape/observe.js';
import { noGrad } from '../../src/tensor/scope.js';
import { FAMILIES } from '../cases/index.js';
import { inputsOf, loadReferences } from '../support/fixtures.js';

// Every op passes one point, where it can be seen with what it was given and its attributes.

/** True for values that can be written out: no typed arrays, no objects of classes. */
function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlain);
  if (value === null || ['number', 'string', 'boolean'].includes(typeof value)) return true;
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  return Object.values(Object(value)).every(isPlain);
}

/** What is made of numbers of JavaScript is a constant. */
const CONSTANTS = ['tensor'];

describe.each(Object.entries(FAMILIES))('%s', (family, cases) => {
  const references = loadReferences(family);

  const seen = cases.filter(({ name }) => !CONSTANTS.includes(name));

  it.each(seen.map((item) => [item.name, item] as const))('%s is seen', (name, { fn }) => {
    const reference = references.get(name);
    if (reference === undefined) return;
    noGrad(() => {
      const inputs = inputsOf(reference, 'float32');
      const calls: OpCall[] = [];
      const results = [
        observeOps(
          (call) => calls.push(call),
          () => fn(...inputs),
        ),
      ].flat();
      const known = new Set([...inputs, ...calls.flatMap((call) => call.outputs)]);
      expect(results.filter((result) => !known.has(result)).length).toBe(0);
      for (const { attrs, name: op } of calls) {
        for (const [attr, value] of Object.entries(attrs)) {
          expect(isPlain(value), `${op}: ${attr}`).toBe(true);
        }
      }
    });
  });
});

import { describe, expect, it, vi } from 'vitest';
import { type OpCall, observeOps } from '../../src/tape/observe.js';
import { scope } from '../../src/tensor/scope.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { inputsOf, loadFamilies, type OpCase } from '../support/fixtures.js';

// Who observes the ops of a computation sees all of it: where each result comes from, and attributes that can be
// written to a file.

/** What tensor() made: constants, which no op computes. */
const constants = vi.hoisted(() => new Set<unknown>());

vi.mock(import('../../src/ops/creation.js'), async (importOriginal) => {
  const actual = await importOriginal();
  return {
    ...actual,
    tensor(...args) {
      const made = actual.tensor(...args);
      constants.add(made);
      return made;
    },
  };
});

interface Observed {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly calls: readonly OpCall[];
}

function observed(item: OpCase, wantsGrad: boolean): Observed {
  constants.clear();
  return scope(() => {
    const inputs = inputsOf(item, 'float32');
    if (!wantsGrad) for (const input of inputs) input.requiresGrad = false;
    const calls: OpCall[] = [];
    const outputs = observeOps(
      (call) => calls.push(call),
      () => item.fn(inputs),
    );
    return { inputs, outputs, calls };
  });
}

/** Operands and results that come from nowhere. */
function strangers({ inputs, outputs, calls }: Observed): string[] {
  const known = new Set<unknown>([...inputs, ...constants]);
  const found: string[] = [];
  const check = (x: Tensor | null, where: string): void => {
    if (x !== null && !known.has(x)) found.push(`${where}: [${x.shape}]`);
  };
  for (const call of calls) {
    // A number in the place of a tensor is a constant, too.
    const operands = call.name === 'where' ? call.inputs.filter((x) => x?.rank !== 0) : call.inputs;
    for (const x of operands) check(x, `operand of ${call.name}`);
    for (const y of call.outputs) known.add(y);
  }
  for (const y of outputs) check(y, 'result');
  return found;
}

/** Infinities and NaN by name: JSON has none. */
function named(_: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

/** True for what JSON can say: numbers, strings, flags, lists, and objects of them. */
function isPlain(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (['number', 'string', 'boolean'].includes(typeof value)) return true;
  if (typeof value !== 'object' || ArrayBuffer.isView(value)) return false;
  return Object.values(value).every(isPlain);
}

describe.each([...loadFamilies()])('%s', (_, cases) => {
  it.each(cases.map((item) => [item.name, item] as const))('%s', (_, item) => {
    for (const wantsGrad of [false, true]) {
      const seen = observed(item, wantsGrad);
      expect(strangers(seen)).toEqual([]);
      for (const call of seen.calls) {
        expect(isPlain(call.attrs), `attributes of ${call.name}`).toBe(true);
        const written = JSON.stringify(call.attrs, named);
        expect(JSON.stringify(structuredClone(call.attrs), named)).toBe(written);
      }
    }
  });
});

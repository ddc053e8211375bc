import { describe, expect, it } from 'vitest';
import {
  INT32_CODES,
  type Kernels,
  OP_CODES,
  RULE_SHAPES,
} from '../../src/backend/kernels/index.js';
import { loadAddon } from '../../src/backend/native/load.js';
import { tsBackend } from '../../src/backend/ts/index.js';

describe('the two backends', () => {
  const addon = loadAddon();
  const names = Object.keys(tsBackend.kernels).sort() as (keyof Kernels)[];

  it('have kernels of the same names', () => {
    expect(Object.keys(addon.kernels).sort()).toEqual(names);
  });

  it.each(names)('take as many arguments: %s', (name) => {
    expect(addon.arity[name]).toBe(tsBackend.kernels[name].length);
  });

  it('have the same tables of codes', () => {
    expect(Object.keys(addon.opCounts).sort()).toEqual(Object.keys(OP_CODES).sort());
  });

  it.each(Object.entries(OP_CODES))('have as many codes: %s', (name, table) => {
    const codes = Object.values(table);
    expect(codes).toEqual(codes.map((_, i) => i));
    expect(addon.opCounts[name]).toBe(codes.length);
  });

  it('have the same codes of int32', () => {
    const sorted = Object.entries(INT32_CODES).map(([name, codes]) => [
      name,
      [...codes].sort((a, b) => a - b),
    ]);
    expect(addon.int32Codes).toEqual(Object.fromEntries(sorted));
  });

  it('have rules of the same shapes', () => {
    expect(addon.ruleShapes).toEqual(Object.values(RULE_SHAPES));
  });
});

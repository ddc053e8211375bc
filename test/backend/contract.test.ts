import { describe, expect, it } from 'vitest';
import type { Kernels } from '../../src/backend/kernels/index.js';
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
});

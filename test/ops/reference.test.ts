import { describe, expect, it } from 'vitest';
import { backend } from '../../src/backend/select.js';
import { FAMILIES } from '../cases/index.js';
import { loadReferences } from '../support/fixtures.js';
import { checkCase, storings } from '../support/runCase.js';

// Every case against PyTorch: outputs and all gradients, with images stored both ways.

const FLOAT32 = { rtol: 1e-5, atol: 1e-6 };
/** The reference is written with eight digits. */
const FLOAT64 = { rtol: 1e-7, atol: 1e-7 };

describe.each(Object.entries(FAMILIES))('%s', (family, cases) => {
  const references = loadReferences(family);

  it('has a reference for each case, and a case for each reference', () => {
    expect(cases.map(({ name }) => name).sort()).toEqual([...references.keys()].sort());
  });

  it.each(cases.map((item) => [item.name, item] as const))('%s', (name, item) => {
    const reference = references.get(name);
    if (!reference) throw new Error(`no reference for ${name}; run test/fixtures/make_ops.py`);
    for (const storing of storings(reference)) {
      checkCase(item, reference, 'float32', storing, { ...FLOAT32, ...item.tolerance });
      if (backend().name === 'ts') checkCase(item, reference, 'float64', storing, FLOAT64);
    }
  });
});

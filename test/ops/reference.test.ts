import { describe, it } from 'vitest';
import { backend } from '../../src/backend/select.js';
import { loadFamilies } from '../support/fixtures.js';
import { checkCase, storings } from '../support/runCase.js';

// Every case against PyTorch: outputs and all gradients, with images stored both ways.

const FLOAT32 = { rtol: 1e-5, atol: 1e-6 };
/** The reference is written with eight digits. */
const FLOAT64 = { rtol: 1e-7, atol: 1e-7 };

describe.each([...loadFamilies()])('%s', (_, cases) => {
  it.each(cases.map((item) => [item.name, item] as const))('%s', (_, item) => {
    for (const storing of storings(item)) {
      checkCase(item, 'float32', storing, { ...FLOAT32, ...item.tolerance });
      if (backend().name === 'ts') checkCase(item, 'float64', storing, FLOAT64);
    }
  });
});

import { describe, expect, it } from 'vitest';
import { backend } from '../../src/backend/select.js';
import { scope } from '../../src/tensor/scope.js';
import { inputsOf, loadFamilies, loadSpecialPoints } from '../support/fixtures.js';
import { storings } from '../support/runCase.js';
import { checkSpecial } from '../support/special.js';

// Special points of every differentiable op: what PyTorch has there, forward and backward.

const CASES = loadSpecialPoints();

/** The ops that gave a result with a gradient in a case of the other families. */
function differentiableOps(): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { fn, ...item } of [...loadFamilies().values()].flat()) {
    scope(() => {
      fn(inputsOf(item, 'float32'), (op, results) => {
        if (results.some((result) => result.requiresGrad)) found.add(op);
      });
    });
  }
  return found;
}

it('has points for every differentiable op', () => {
  const covered = new Set(CASES.flatMap(({ ops }) => ops));
  expect([...differentiableOps()].filter((op) => !covered.has(op))).toEqual([]);
});

describe('special points', () => {
  const hasFloat64 = backend().name === 'ts';
  const cases = CASES.filter(({ needsFloat64 = false }) => hasFloat64 || !needsFloat64);

  it.each(cases.map((item) => [item.name, item] as const))('%s', (_, item) => {
    for (const storing of storings(item)) {
      checkSpecial(item, 'float32', storing);
      if (hasFloat64) checkSpecial(item, 'float64', storing);
    }
  });
});

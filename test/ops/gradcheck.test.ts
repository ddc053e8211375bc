import { describe, it } from 'vitest';
import { inputsOf, loadFamilies, type OpCase } from '../support/fixtures.js';
import { gradcheck, gradgradcheck } from '../support/gradcheck.js';

// Every case with a gradient against central differences in Float64, and its gradients' gradients.

function isChecked({ noGradcheck, inputs }: OpCase): boolean {
  return noGradcheck === undefined && inputs.some(({ grad }) => grad);
}

const families = [...loadFamilies()]
  .map(([family, cases]) => [family, cases.filter(isChecked)] as const)
  .filter(([, cases]) => cases.length > 0);

describe.each(families)('%s', (_, cases) => {
  it.each(cases.map((item) => [item.name, item] as const))('%s', (_, item) => {
    gradcheck(item.fn, () => inputsOf(item, 'float64'));
  });

  const twice = cases.filter(({ noSecondOrder }) => noSecondOrder === undefined);
  it.each(twice.map((item) => [item.name, item] as const))('%s, twice', (_, item) => {
    gradgradcheck(item.fn, () => inputsOf(item, 'float64'));
  });
});

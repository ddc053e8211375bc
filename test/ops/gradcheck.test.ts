import { describe, it } from 'vitest';
import { FAMILIES } from '../cases/index.js';
import { inputsOf, loadReferences } from '../support/fixtures.js';
import { gradcheck, gradgradcheck } from '../support/gradcheck.js';

// Every case with a gradient against central differences in Float64, and its gradients' gradients.

/** Cases with a gradient, by name, and what makes their inputs. */
function differentiableCases(family: string) {
  const references = loadReferences(family);
  return (FAMILIES[family] ?? []).flatMap((item) => {
    const reference = references.get(item.name);
    if (item.noGradcheck || !reference?.inputs.some(({ grad }) => grad)) return [];
    return [[item.name, { item, inputs: () => inputsOf(reference, 'float64') }] as const];
  });
}

const families = Object.keys(FAMILIES)
  .map((family) => [family, differentiableCases(family)] as const)
  .filter(([, cases]) => cases.length > 0);

describe.each(families)('%s', (_, cases) => {
  it.each(cases)('%s', (_, { item, inputs }) => {
    gradcheck((leaves) => item.fn(...leaves), inputs);
  });

  it.each(cases.filter(([, { item }]) => !item.noSecondOrder))(
    '%s, twice',
    (_, { item, inputs }) => {
      gradgradcheck((leaves) => item.fn(...leaves), inputs);
    },
  );
});
